"""Labelled images from the twin's renderer."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import cv2
import yaml

from training.errors import TrainingError
from training.grades import GRADES_FILE
from training.progress import Steps

TRUTH = "truth.jsonl"


def synth(out: Path, *, per_grade: int, seed: int, steps: Steps) -> int:
    """Render photos into one folder a grade, with `grades.yaml` and the truth of each photo.

    Args:
        out: folder to make; it appears when all photos are in it.
        per_grade: photos of each grade.
        seed: same seed, same photos.
        steps: shows progress.

    Returns:
        Number of photos.

    Raises:
        TrainingError: the folder is not empty, or a photo cannot be written.
    """
    from sorter.twin.cucumber import WINDOW_MM
    from sorter.twin.photos import labelled_photos, synth_grades

    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise TrainingError(f"{out}: is already there and not empty; choose another --out")
    out.parent.mkdir(parents=True, exist_ok=True)
    grades = synth_grades()
    total = per_grade * len(grades)
    advance = steps.start("Rendering", total)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as temporary:
        # The folder moves to its name as a whole; the outer one has private permissions.
        partial = Path(temporary) / "photos"
        counts = dict.fromkeys((grade.name for grade in grades), 0)
        for grade in counts:
            (partial / grade).mkdir(parents=True)
        with (partial / TRUTH).open("w", encoding="utf-8") as truths:
            for grade, photo, truth in labelled_photos(per_grade, seed):
                path = Path(grade) / f"{counts[grade]:05d}.png"
                counts[grade] += 1
                if not cv2.imwrite(str(partial / path), photo):
                    raise TrainingError(f"{out}: a photo cannot be written; free some space")
                truths.write(json.dumps({"path": path.as_posix(), **truth}) + "\n")
                advance("")
        declared = {
            "grades": [{"name": grade.name, "worth": grade.worth} for grade in grades],
            "window_mm": WINDOW_MM,
        }
        (partial / GRADES_FILE).write_text(yaml.safe_dump(declared, sort_keys=False))
        if out.exists():
            out.rmdir()
        partial.rename(out)
    return total
