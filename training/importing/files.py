"""Sources that are image files: one folder a grade, or a table that lists them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePath

from sorter.photo import MAX_PHOTO_BYTES
from training.errors import PhotosError
from training.importing.incoming import Incoming
from training.item_table import read_rows
from training.photos import scan


def from_folders(root: Path) -> list[Incoming]:
    """Photos in one folder a grade, with the items and sessions of their `photos.csv` if any.

    Raises:
        PhotosError: see `scan`.
    """
    return [_file(photo.path, photo.grade, photo.item, photo.session or "") for photo in scan(root)]


def from_table(path: Path) -> tuple[list[Incoming], int]:
    """Photos listed in a CSV file, columns `path, grade` and, if known, `item, session`.

    Args:
        path: of the table; the photos' paths are absolute, or relative to its folder.

    Returns:
        The photos, and how many were left out because their grade is empty.

    Raises:
        PhotosError: the table cannot be read, or names photos that are not there.
    """
    rows = read_rows(path, needed=("path", "grade"))
    graded = [row for row in rows if row.grade]
    incoming = []
    for row in graded:
        if ".." in PurePath(row.path).parts:
            raise PhotosError(
                f"{path}: line {row.line}: the path {row.path} leads out of the table's folder; "
                f"put the table beside its photos"
            )
        photo = path.parent / row.path
        if not photo.is_file():
            raise PhotosError(f"{path}: line {row.line}: no file {photo}; correct the path")
        item = f"{row.session}/{row.item}" if row.item else None
        incoming.append(_file(photo, row.grade, item, row.session))
    return incoming, len(rows) - len(graded)


def _file(path: Path, grade: str, item: str | None, session: str) -> Incoming:
    return Incoming(
        name=str(path),
        grade=grade,
        item=item,
        session=session,
        suffix=path.suffix.lower(),
        read=_reader(path),
    )


def _reader(path: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        if path.stat().st_size > MAX_PHOTO_BYTES:
            limit = MAX_PHOTO_BYTES // 2**20
            raise PhotosError(f"{path}: larger than {limit} MiB; scale the photo down first")
        return path.read_bytes()

    return read
