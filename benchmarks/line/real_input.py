"""Real photos on the belt: `sorter replay` on a video made of their cut-outs, against their labels.

A model is trained on some photos; items cut out of others ride past the camera. Told beside each
other: how often the model is right on those photos as they are, and on the same items on the belt.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from numpy.random import default_rng

from benchmarks.line.scale import scaled
from benchmarks.report import Report
from sorter.classifier import Classifier
from sorter.config import SorterConfig
from sorter.photo import list_photos, read_photo
from sorter.twin.demo import RUN_UP_MM
from sorter.twin.lighting import Imaging
from sorter.twin.load import Layout, load
from sorter.twin.photo_fruit import PhotoCrop
from sorter.twin.placed import Laid
from sorter.twin.scene import Scene
from sorter.twin.setup import photo_config
from training.intervals import wilson
from training.learn import Settings, learn
from training.pack import pack
from training.progress import steps
from training.split import Way

DATA = Path(os.environ.get("SORTER_DATA", Path(__file__).parents[3] / "shared" / "data"))
SETS: dict[str, tuple[tuple[str, ...], float, float]] = {
    "lemons": (("good_quality", "bad_quality"), 110.0, 0.9),
    "cucumber9": (("2L", "L", "M", "S", "2S", "BL", "BM", "BS", "C"), 280.0, 0.8),
}
"""Grades best first; what a photo shows, in mm; share of the photos that the model learns from."""
PER_GRADE = scaled(20, 4)
EPOCHS = scaled(25, 3)


def measure(report: Report) -> None:
    """Both sets of photos, where they are."""
    for name, (grades, photo_mm, share) in SETS.items():
        if not (DATA / name).is_dir():
            print(f"skipped {name}: no photos in {DATA}; set SORTER_DATA to their folder")
            continue
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            _part(DATA / name, place, grades, photo_mm, share)
            with steps() as bars:
                way: Way = "blocks" if name == "lemons" else "random"
                learn(place / "learn", place / "run", Settings(way=way, epochs=EPOCHS), bars)
                pack(place / "run", place / "model.sorter", bars)
            _compare(report, name, place, photo_mm)


def _part(
    source: Path, place: Path, grades: tuple[str, ...], photo_mm: float, share: float
) -> None:
    """Link the first photos of each grade to learn from, and the last ones to show."""
    for grade in grades:
        photos = list_photos(source / grade)
        cut = int(len(photos) * share)
        for part, some in (("learn", photos[:cut]), ("show", photos[cut:])):
            (place / part / grade).mkdir(parents=True)
            for photo in some:
                (place / part / grade / photo.name).symlink_to(photo)
    declared: dict[str, Any] = {
        "grades": [
            {"name": grade, "worth": len(grades) - rank} for rank, grade in enumerate(grades)
        ],
        "window_mm": photo_mm,
    }
    (place / "learn" / "grades.yaml").write_text(yaml.safe_dump(declared), encoding="utf-8")


def _compare(report: Report, name: str, place: Path, photo_mm: float) -> None:
    classifier = Classifier.load(place / "model.sorter")
    manifest = classifier.bundle.manifest
    photos = PhotoCrop(place / "show", grades=list(manifest.grades), photo_mm=photo_mm)
    config = photo_config(manifest)
    laid = film(photos, config, place / "belt.avi")
    (place / "sorter.yaml").write_text(
        yaml.safe_dump(config.model_dump(mode="json", exclude_unset=True)), encoding="utf-8"
    )
    said = replayed(place, config)
    grades = manifest.grade_names
    on_photo = on_belt = seen = 0
    for one in laid:
        near = [item for item in said if abs(item["at_mm"] - one.produce.at_mm) < 40]
        seen += len(near) == 1
        true = one.produce.fruit.grade
        on_belt += len(near) == 1 and near[0]["best_guess"] == true
        path = one.produce.fruit.path  # type: ignore[attr-defined]
        probabilities = classifier.probabilities([read_photo(path)])[0]
        on_photo += grades[int(np.argmax(probabilities))] == true
    report.at_least(f"{name}: items seen once", seen, "items", len(laid))
    low, _ = wilson(on_photo, len(laid))
    report.at_least(
        f"{name}: right on the belt", round(100 * on_belt / len(laid), 1), "%", round(100 * low, 1)
    )
    print(f"       {name}: right on the photos themselves {100 * on_photo / len(laid):.1f} %")


def film(photos: PhotoCrop, config: SorterConfig, path: Path) -> list[Laid]:
    """Render a video of the belt; returns what lies on it."""
    rng = default_rng(4)
    camera, belt = config.camera, config.belt
    grades = [grade for _ in range(PER_GRADE) for grade in photos.crop.grade_names]
    items = load(
        grades,
        camera,
        rng,
        first_mm=camera.reference_mm + RUN_UP_MM,
        crop=photos.crop,
        layout=Layout(),
    )
    laid = list(items)
    scene = Scene(camera, rng, imaging=Imaging(exposure_s=0.0005), belt=photos.ground())
    size = (camera.width, camera.height)
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), camera.fps, size)
    video.set(cv2.VIDEOWRITER_PROP_QUALITY, 95)
    step_mm = belt.speed_mm_per_s / camera.fps
    field_mm = camera.width * camera.mm_per_px
    for index in range(int((laid[-1].produce.at_mm + field_mm) / step_mm)):
        near = [one.placed for one in laid if abs(index * step_mm - one.placed.at_mm) < field_mm]
        video.write(scene.render(index * step_mm, index / camera.fps, near, belt.speed_mm_per_s))
    video.release()
    return laid


def replayed(place: Path, config: SorterConfig) -> list[dict[str, Any]]:
    """What `sorter replay` says of the video, each item with its place on the belt."""
    command = "from sorter.cli import main; main()"
    done = subprocess.run(
        [
            *(sys.executable, "-c", command, "replay", "--json"),
            *("--config", str(place / "sorter.yaml"), "--fps", str(config.camera.fps)),
            *(str(place / "model.sorter"), str(place / "belt.avi")),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    items: list[dict[str, Any]] = json.loads(done.stdout)["items"]
    return [item | {"at_mm": item["tick"] * config.belt.mm_per_tick} for item in items]
