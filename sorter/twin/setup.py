"""The demo's machine as its pipeline is told about it."""

from __future__ import annotations

from importlib.resources import as_file, files

from sorter.config import SorterConfig
from sorter.config_file import load_config


def demo_config() -> SorterConfig:
    """The built-in configuration: nine bins, 640 × 480 pixels of 0.6 mm, 30 frames/s."""
    with as_file(files("sorter.twin") / "demo.yaml") as path:
        return load_config(path)
