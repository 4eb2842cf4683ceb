"""Where the photos of the benchmarks lie."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from training.photos import Photo

DATA = Path(os.environ.get("SORTER_DATA", Path(__file__).parents[2] / "shared" / "data"))


def subset(photos: Iterable[Photo], folder: Path) -> Path:
    """A folder of photos that holds links to these alone."""
    for photo in photos:
        link = folder / photo.grade / photo.path.name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(photo.path.resolve())
    return folder
