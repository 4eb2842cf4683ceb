"""Writing incoming photos as one folder a grade, with their table."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from training.errors import PhotosError
from training.importing.incoming import Incoming
from training.item_table import TABLE, Row, write_rows
from training.out_path import check_out
from training.photos import name_some
from training.progress import Steps

LONGEST_NAME = 100


def write(
    out: Path, incoming: Sequence[Incoming], steps: Steps, *, skip_unreadable: bool = False
) -> tuple[dict[str, int], list[Path]]:
    """Write the photos in the order given; the folder appears when all are in it.

    Args:
        out: folder to make.
        incoming: the photos; image files keep their bytes.
        steps: shows progress.
        skip_unreadable: leave out what is no image instead of refusing everything.

    Returns:
        Photos of each grade, and the names of those left out.

    Raises:
        PhotosError: `out` is in use, a grade's name is no folder's name, or files are no images.
        TrainingError: nothing can be written there.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise PhotosError(f"{out}: is already there and not empty; choose another --out")
    for grade in {one.grade for one in incoming}:
        _check_name(grade)
    check_out(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    views = Counter(one.item for one in incoming)
    numbers: dict[str, int] = {}
    seen: Counter[str] = Counter()
    rows: list[Row] = []
    bad: list[Path] = []
    advance = steps.start("Importing", len(incoming))
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as temporary:
        # The folder moves to its name as a whole; the outer one has private permissions.
        partial = Path(temporary) / "photos"
        partial.mkdir()
        for index, one in enumerate(incoming):
            advance("")
            data = one.read()
            if not _is_image(data):
                bad.append(Path(one.name))
                continue
            item = one.item if one.item is not None else f"photo {index}"
            number = numbers.setdefault(item, len(numbers) + 1)
            seen[item] += 1
            view = f"-{seen[item]}" if one.item is not None and views[one.item] > 1 else ""
            path = f"{one.grade}/{number:05d}{view}{one.suffix}"
            (partial / one.grade).mkdir(exist_ok=True)
            (partial / path).write_bytes(data)
            rows.append(
                Row(path=path, grade=one.grade, item=str(number), session=one.session, line=0)
            )
        if bad and not skip_unreadable:
            raise PhotosError(
                f"{len(bad)} of {len(incoming)} files are no readable photos: {name_some(bad)}; "
                f"mend or remove them, or leave them out with --skip-unreadable"
            )
        if not rows:
            raise PhotosError("none of the photos can be read; give photos as JPEG or PNG")
        write_rows(partial / TABLE, rows)
        if out.exists():
            out.rmdir()
        partial.rename(out)
    return dict(Counter(row.grade for row in rows)), bad


def _check_name(grade: str) -> None:
    bad = not grade or grade.startswith(".") or len(grade) > LONGEST_NAME
    if bad or any(letter in '/\\:*?"<>|' or ord(letter) < 32 for letter in grade):
        raise PhotosError(
            f"the grade {grade[:LONGEST_NAME]!r} cannot be a folder's name; "
            f"give it a name of letters and digits"
        )


def _is_image(data: bytes) -> bool:
    if not data:
        return False
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) is not None
    except cv2.error:
        return False
