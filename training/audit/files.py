"""What can be said of a photo's file without looking at any other."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from sorter.frame import Pixels
from sorter.photo import MAX_PHOTO_BYTES, PhotoError, read_photo
from training.copies.picture import Picture, picture
from training.photos import digest

Kind = Literal[
    "corrupt",
    "truncated",
    "wrong_extension",
    "tiny",
    "huge",
    "grey",
    "dark",
    "bright",
    "blurred",
    "suspect_label",
]

TINY_PX = 24
"""Shorter side under which the form of an item cannot be told."""
HUGE_PX = 8000
"""Longer side from which a photo only costs time: no model sees more than 512 px."""
GREY_LEVELS = 2.0
"""Mean difference between the colours up to which a photo has none."""
DARK_LEVEL, BRIGHT_LEVEL = 25, 245
"""Median grey level: under or over it most of the photo is lost."""
MAGIC: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "JPEG": (b"\xff\xd8\xff", (".jpg", ".jpeg", ".jpe", ".jfif")),
    "PNG": (b"\x89PNG\r\n\x1a\n", (".png",)),
    "BMP": (b"BM", (".bmp", ".dib")),
    "GIF": (b"GIF8", (".gif",)),
    "TIFF (little-endian)": (b"II*\0", (".tif", ".tiff")),
    "TIFF (big-endian)": (b"MM\0*", (".tif", ".tiff")),
    "WebP": (b"RIFF", (".webp",)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something about a photo that its owner should look at."""

    kind: Kind
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A photo as the audit keeps it."""

    findings: tuple[Finding, ...]
    digest: str
    picture: Picture
    """See `training.copies.picture`."""
    small: Pixels
    """`SMALL_PX` square, BGR, the aspect not kept: for the check of the grades."""
    sharpness: float
    """How much fine detail there is, against coarse; falls when the photo is out of focus."""
    grey: bool


SMALL_PX = 32


def look(path: Path) -> Looked | Finding:
    """Look at one file.

    Returns:
        What the audit needs of it, or the finding for which it cannot be used at all.
    """
    try:
        photo = read_photo(path)
    except PhotoError as error:
        why = str(error).removeprefix(f"{path}: ")
        try:
            if path.stat().st_size > MAX_PHOTO_BYTES:
                return Finding(kind="huge", detail=why)
            damage = [one for one in _file_findings(path) if one.kind == "truncated"]
        except OSError:
            # A file that may not be read, or that went away.
            damage = []
        return Finding(kind="corrupt", detail=damage[0].detail if damage else why)
    findings = list(_file_findings(path))
    shown = picture(photo)
    findings += _pixel_findings(photo, shown)
    return Looked(
        findings=tuple(findings),
        digest=digest(photo),
        picture=shown,
        small=np.asarray(cv2.resize(photo, (SMALL_PX, SMALL_PX), interpolation=cv2.INTER_AREA)),
        sharpness=_sharpness(shown),
        grey=_is_grey(photo),
    )


def _file_findings(path: Path) -> Iterator[Finding]:
    with path.open("rb") as file:
        data = file.read(MAX_PHOTO_BYTES)
    for name, (magic, suffixes) in MAGIC.items():
        if data.startswith(magic):
            if path.suffix.lower() not in suffixes:
                detail = f"is {name}, but its name ends in '{path.suffix}'"
                yield Finding(kind="wrong_extension", detail=detail)
            if name == "JPEG" and not _ends_jpeg(data):
                yield Finding(
                    kind="truncated", detail="the JPEG has no end; its lower part is lost"
                )
            if name == "PNG" and (why := _png_damage(data)):
                yield Finding(kind="truncated", detail=why)
            return


def _ends_jpeg(data: bytes) -> bool:
    # Cameras and editors put padding and previews behind the end.
    return data.rstrip(b"\0").endswith(b"\xff\xd9") or b"\xff\xd9" in data[-4096:]


def _png_damage(data: bytes) -> str | None:
    """Why a PNG is damaged; its chunks carry checksums, which decoders pass over."""
    place = 8
    while place + 12 <= len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        kind = data[place + 4 : place + 8]
        body = data[place + 4 : place + 8 + length]
        if len(body) < 4 + length:
            break
        if data[place + 8 + length : place + 12 + length] != struct.pack(">I", zlib.crc32(body)):
            return "a checksum of the PNG is wrong"
        if kind == b"IEND":
            return None
        place += 12 + length
    return "the PNG has no end; its lower part is lost"


def _pixel_findings(photo: Pixels, shown: Picture) -> Iterator[Finding]:
    height, width = photo.shape[:2]
    if min(height, width) < TINY_PX:
        detail = f"{width} × {height} px; at least {TINY_PX} px a side are needed"
        yield Finding(kind="tiny", detail=detail)
    if max(height, width) > HUGE_PX:
        detail = f"{width} × {height} px; scale it down, a model sees 512 px at most"
        yield Finding(kind="huge", detail=detail)
    level = float(np.median(shown))
    if level < DARK_LEVEL:
        yield Finding(kind="dark", detail=f"half of it is darker than level {level:.0f} of 255")
    if level > BRIGHT_LEVEL and np.mean(shown > BRIGHT_LEVEL) > 0.9:
        yield Finding(kind="bright", detail="nearly all of it is blown out")


def _is_grey(photo: Pixels) -> bool:
    small = cv2.resize(photo, (SMALL_PX, SMALL_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
    return float((small.max(axis=2) - small.min(axis=2)).mean()) <= GREY_LEVELS


def _sharpness(shown: Picture) -> float:
    levels = shown.astype(np.float32)
    fine = levels - cv2.GaussianBlur(levels, (0, 0), 1.0)
    coarse = cv2.GaussianBlur(levels, (0, 0), 1.0) - cv2.GaussianBlur(levels, (0, 0), 4.0)
    return float(np.std(fine) / (np.std(coarse) + 1.0))
