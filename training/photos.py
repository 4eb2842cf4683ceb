"""A folder of photos, one sub-folder a grade, and how it is read."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from sorter.frame import Pixels
from sorter.photo import PhotoError, read_photo
from training.errors import PhotosError
from training.item_table import ItemTable
from training.progress import Advance

Result = TypeVar("Result")

SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini"})
SIZES_PX = (32, 48, 64, 96)
"""Input sizes that `auto` chooses from."""
LISTED = 20
"""So many bad files are named in one sentence."""
CHUNK = 64
"""So many photos are in memory at once, at their full size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """One photo of a graded item."""

    path: Path
    grade: str
    item: str | None = None
    """Key of the item that it shows, if there are other photos of it."""
    session: str | None = None
    """On which occasion it was taken, if that is known."""


def scan(root: Path) -> list[Photo]:
    """All photos below a folder that holds one sub-folder a grade.

    Every file in a grade's folder counts as a photo, whatever its name ends in, so that none is
    passed over in silence; only hidden files and those that Windows makes are not looked at.

    Items and sessions come from the table `photos.csv` beside the folders, if there is one.

    Returns:
        The photos, by grade, each grade's in the natural order of their names (`9` before `10`).

    Raises:
        PhotosError: the folder is missing or may not be read, it or a grade's folder holds no
            photos, or a grade's folder holds anything but files.
    """
    if not root.is_dir():
        what = "is a file" if root.exists() else "does not exist"
        raise PhotosError(f"{root}: {what}; give a folder with one sub-folder of photos a grade")
    folders = sorted(p for p in _entries(root) if p.is_dir() and not p.name.startswith("."))
    if not folders:
        raise PhotosError(f"{root}: has no sub-folders; make one folder of photos for each grade")
    table = ItemTable.beside(root)
    photos = []
    for folder in folders:
        entries = [p for p in _entries(folder) if not _is_system_file(p)]
        if deeper := sorted(p for p in entries if p.is_dir()):
            raise PhotosError(
                f"{folder}: holds folders ({name_some(deeper)}); "
                f"move their photos into {folder} itself, since deeper ones are not looked at"
            )
        files = [p for p in entries if p.is_file()]
        if odd := sorted(set(entries) - set(files)):
            raise PhotosError(
                f"{name_some(odd)}: neither a file nor a folder (a link that leads nowhere, or a "
                f"device); remove it"
            )
        if not files:
            raise PhotosError(f"{folder}: has no photos; add photos of this grade or remove it")
        files.sort(key=lambda p: natural_key(p.name))
        for path in files:
            item, session = table.look_up(f"{folder.name}/{path.name}")
            photos.append(Photo(path=path, grade=folder.name, item=item, session=session))
    return photos


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise PhotosError(
            f"{folder}: {error.strerror}; allow yourself to read the folder, or remove it"
        ) from error


def _is_system_file(path: Path) -> bool:
    return path.name.startswith(".") or path.name.lower() in SYSTEM_FILES


def natural_key(name: str) -> list[tuple[int, str]]:
    """Sort key under which numbers in names count as numbers."""
    parts: list[str] = re.findall(r"\d+|\D+", name)
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]


def digest(pixels: Pixels) -> str:
    """SHA-256 of the decoded pixels and their shape: equal for exact duplicates."""
    head = "x".join(map(str, pixels.shape)).encode()
    return hashlib.sha256(head + np.ascontiguousarray(pixels).tobytes()).hexdigest()


def read_all(
    photos: Sequence[Photo],
    work: Callable[[Pixels], Result],
    *,
    skip_unreadable: bool,
    advance: Advance,
) -> tuple[list[Photo], list[Result], list[Path]]:
    """Read photos on all cores and keep what `work` makes of each.

    Args:
        photos: to read.
        work: gets the pixels (uint8, BGR, any size); runs in threads.
        skip_unreadable: leave unreadable files out instead of refusing them all.
        advance: called once a photo.

    Returns:
        The photos that could be read, the result of each, and the paths left out.

    Raises:
        PhotosError: some files are no readable photos; the sentence names them.
    """

    def one(photo: Photo) -> Result | None:
        try:
            return work(read_photo(photo.path))
        except PhotoError:
            return None

    read: list[Photo] = []
    results: list[Result] = []
    unreadable: list[Path] = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for chunk in chunks(photos):
            for photo, result in zip(chunk, pool.map(one, chunk), strict=True):
                advance("")
                if result is None:
                    unreadable.append(photo.path)
                else:
                    read.append(photo)
                    results.append(result)
    if unreadable and not skip_unreadable:
        raise PhotosError(
            f"{len(unreadable)} of {len(photos)} files are no readable photos: "
            f"{name_some(unreadable)}; remove them, save them again as JPEG or PNG, "
            f"or leave them out with --skip-unreadable"
        )
    return read, results, unreadable


def chunks(photos: Sequence[Photo]) -> Iterator[Sequence[Photo]]:
    """The photos in portions that fit into memory."""
    for start in range(0, len(photos), CHUNK):
        yield photos[start : start + CHUNK]


def name_some(paths: Sequence[Path]) -> str:
    """A list of paths for a sentence, cut when it gets too long."""
    named = ", ".join(str(path) for path in paths[:LISTED])
    more = len(paths) - LISTED
    return f"{named} and {more} more" if more > 0 else named


def auto_size(photos: Sequence[Photo]) -> int:
    """The input size for photos: the largest of `SIZES_PX` that invents no pixels.

    Looks at the longer sides of up to 25 photos; unreadable ones are left to `read_all`.
    """
    sides = []
    for photo in photos[:: max(1, len(photos) // 25)]:
        try:
            sides.append(max(read_photo(photo.path).shape[:2]))
        except PhotoError:
            continue
    longest = float(np.median(sides)) if sides else 0.0
    return max([size for size in SIZES_PX if size <= longest], default=SIZES_PX[0])


def left_out_note(paths: Sequence[Path]) -> list[str]:
    """The sentence about unreadable files that were left out; none if there are none."""
    return [f"left out {len(paths)} unreadable files: {name_some(paths)}"] if paths else []
