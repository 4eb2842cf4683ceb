"""Reading photos from disk."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from sorter.errors import SorterError
from sorter.frame import Pixels

PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
MAX_PHOTO_BYTES = 64 * 1024 * 1024


class PhotoError(SorterError):
    """A file that is no readable photo."""


def read_photo(path: Path) -> Pixels:
    """Read a photo as height × width × 3, uint8, BGR; EXIF rotation applied, alpha dropped.

    Raises:
        PhotoError: the file is missing, too large or not an image that can be decoded.
    """
    try:
        if path.stat().st_size > MAX_PHOTO_BYTES:
            limit = MAX_PHOTO_BYTES // 2**20
            raise PhotoError(f"{path}: larger than {limit} MiB; scale the photo down first")
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        why = error.strerror or "it could not be read"
        raise PhotoError(f"{path}: {why}; give the path of a photo") from error
    pixels = None
    if data.size:
        try:
            pixels = cv2.imdecode(data, cv2.IMREAD_COLOR)
        except cv2.error:
            pixels = None
    if pixels is None:
        raise PhotoError(f"{path}: not a readable image; remove it or save it again as JPEG or PNG")
    return np.asarray(pixels, np.uint8)


def list_photos(folder: Path) -> list[Path]:
    """The image files directly in a folder, sorted by name."""
    return sorted(p for p in folder.iterdir() if p.is_file() and p.suffix.lower() in PHOTO_SUFFIXES)
