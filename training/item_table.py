"""`photos.csv` beside the photos: which of them show one item, and when they were taken."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sorter.whole_file import whole_file
from training.errors import PhotosError

TABLE = "photos.csv"
COLUMNS = ("path", "grade", "item", "session")
MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One photo."""

    path: str
    """Relative to the table's folder unless absolute."""
    grade: str
    item: str
    """Photos of one item, in one session, share it; empty: it is the only photo of its item."""
    session: str
    """Photos taken on one occasion share it; may be empty."""
    line: int
    """Of the file, for error messages."""


def read_rows(path: Path, *, needed: Iterable[str] = ("path",)) -> list[Row]:
    """Read a table with a header line; columns that are not in `COLUMNS` are not looked at.

    Args:
        path: UTF-8 text, fields parted by commas or semicolons.
        needed: columns that must be there.

    Raises:
        PhotosError: it is no such table; the sentence names the line.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PhotosError(f"{path}: larger than 64 MiB; a table of photos is not that long")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise PhotosError(f"{path}: not a text in UTF-8; save it as 'CSV UTF-8'") from error
    head = text.split("\n", 1)[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    lines = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines.fieldnames = [name.strip().lower() for name in lines.fieldnames or []]
    if missing := [name for name in needed if name not in lines.fieldnames]:
        found = ", ".join(lines.fieldnames) or "nothing"
        raise PhotosError(
            f"{path}: line 1: no column {' and '.join(missing)} (found {found}); "
            f"name the columns {', '.join(COLUMNS)} in the first line"
        )
    rows = []
    try:
        for fields in lines:
            values = {name: (fields.get(name) or "").strip() for name in COLUMNS}
            if not values["path"]:
                raise PhotosError(f"{path}: line {lines.line_num}: no path; name a photo")
            rows.append(Row(**values, line=lines.line_num))
    except csv.Error as error:
        raise PhotosError(
            f"{path}: line {lines.line_num + 1}: not CSV ({error}); mend the line"
        ) from error
    return rows


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write a table whole or not at all."""
    with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        table.writerows((row.path, row.grade, row.item, row.session) for row in rows)


class ItemTable:
    """Looks up the item and session of a photo."""

    def __init__(self, rows: Iterable[Row] = (), moved: Iterable[Row] = ()) -> None:
        """Index the rows.

        Args:
            rows: all.
            moved: those of them whose photo is not where they say. A grade that was corrected by
                moving the photo to another folder must not part it from its item, so these are
                looked up by name alone.
        """
        moved = list(moved)
        names = Counter(PurePosixPath(row.path).name for row in moved)
        self._by_path = {row.path: row for row in rows}
        self._by_name = {
            name: row for row in moved if names[name := PurePosixPath(row.path).name] == 1
        }

    @classmethod
    def beside(cls, root: Path) -> ItemTable:
        """The table in a folder of photos; an empty one if there is none.

        Raises:
            PhotosError: it cannot be read.
        """
        path = root / TABLE
        if not path.exists():
            return cls()
        rows = read_rows(path)
        return cls(rows, [row for row in rows if not (root / row.path).is_file()])

    def look_up(self, path: str) -> tuple[str | None, str | None]:
        """Item and session of a photo, None where it has none.

        Items are numbered within their session, so the item is given together with it.
        """
        row = self._by_path.get(path) or self._by_name.get(PurePosixPath(path).name)
        if row is None:
            return None, None
        item = f"{row.session}/{row.item}" if row.item else None
        return item, row.session or None
