"""Real photos that lie beside the checkout, where they do; never part of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("SORTER_DATA", Path(__file__).parents[2] / "shared" / "data"))


def shared_data(name: str) -> Path:
    """A folder of photos; skips the test where it is missing."""
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"no photos in {folder}; set SORTER_DATA to the folder that holds {name}")
    return folder
