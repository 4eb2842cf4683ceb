"""The demo's machine as its pipeline is told about it, and its model."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

from sorter.classifier import Classifier
from sorter.config import SorterConfig
from sorter.config_file import load_config


def demo_config() -> SorterConfig:
    """The built-in configuration: nine bins, 640 × 480 pixels of 0.6 mm, 30 frames/s."""
    with as_file(files("sorter.twin") / "demo.yaml") as path:
        return load_config(path)


def demo_classifier(bundle: Path | None = None) -> Classifier:
    """The model of a bundle, or the built-in one, trained on rendered photos.

    Raises:
        BundleError: the bundle cannot be used.
    """
    if bundle is not None:
        return Classifier.load(bundle)
    with as_file(files("sorter.twin") / "demo.sorter") as path:
        return Classifier.load(path)
