"""Labelled images from the twin's renderer."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import cv2
import yaml

from training.errors import TrainingError
from training.grades import GRADES_FILE
from training.item_table import TABLE, Row, write_rows
from training.out_path import check_out
from training.progress import Steps

TRUTH = "truth.jsonl"


def synth(
    out: Path,
    *,
    per_grade: int,
    seed: int,
    views: int = 1,
    crop: str = "cucumbers",
    steps: Steps,
) -> int:
    """Render photos into one folder a grade, with `grades.yaml` and the truth of each photo.

    Args:
        out: folder to make; it appears when all photos are in it.
        per_grade: items of each grade.
        seed: same seed, same photos.
        views: photos of each item; with several, `photos.csv` tells which show one item.
        crop: what to render, one of `sorter.twin.crops.CROPS`.
        steps: shows progress.

    Returns:
        Number of photos.

    Raises:
        TrainingError: the folder is not empty, or it or a photo cannot be written.
        SorterError: there is no such crop.
    """
    from sorter.twin.crops import crop_named
    from sorter.twin.photos import labelled_photos

    produce = crop_named(crop)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise TrainingError(f"{out}: is already there and not empty; choose another --out")
    check_out(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    grades = produce.grades
    total = per_grade * len(grades) * views
    advance = steps.start("Rendering", total)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as temporary:
        # The folder moves to its name as a whole; the outer one has private permissions.
        partial = Path(temporary) / "photos"
        counts = dict.fromkeys((grade.name for grade in grades), 0)
        rows = []
        for grade in counts:
            (partial / grade).mkdir(parents=True)
        with (partial / TRUTH).open("w", encoding="utf-8") as truths:
            for grade, photo, truth in labelled_photos(per_grade, seed, views=views, crop=produce):
                number, view = divmod(counts[grade], views)
                counts[grade] += 1
                path = Path(grade) / f"{number:05d}{f'-{view + 1}' if views > 1 else ''}.png"
                if not cv2.imwrite(str(partial / path), photo):
                    raise TrainingError(f"{out}: a photo cannot be written; free some space")
                truths.write(json.dumps({"path": path.as_posix(), **truth}) + "\n")
                rows.append(
                    Row(
                        path=path.as_posix(),
                        grade=grade,
                        item=str(truth["item"]),
                        session=str(truth["session"]),
                        line=0,
                    )
                )
                advance("")
        if views > 1:
            write_rows(partial / TABLE, rows)
        declared = {
            "grades": [{"name": grade.name, "worth": grade.worth} for grade in grades],
            "window_mm": produce.window_mm,
        }
        (partial / GRADES_FILE).write_text(yaml.safe_dump(declared, sort_keys=False))
        if out.exists():
            out.rmdir()
        partial.rename(out)
    return total
