"""Real photos on the belt: `sorter replay` on a video made of their cut-outs, against their labels.

Items are cut out of photos. A model learns from some of them as the sorter's own camera shows them,
which is how the guide wants it to be taught. Others ride past the camera. Told beside each other:
how often the model is right on a still of those, and on the same items on the belt.
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
from sorter.bundle import Grade
from sorter.classifier import Classifier
from sorter.config import BeltConfig, SorterConfig
from sorter.finding.segmenting import SegmentingFinder
from sorter.frame import Frame, Pixels
from sorter.photo import list_photos
from sorter.preprocess import Preprocess
from sorter.ruler.linear import LinearRuler
from sorter.twin.demo import RUN_UP_MM
from sorter.twin.lighting import Imaging
from sorter.twin.load import Layout, load
from sorter.twin.photo_fruit import PhotoCrop
from sorter.twin.placed import Laid, Placed
from sorter.twin.scene import Scene
from sorter.twin.setup import demo_config, photo_config
from sorter.verdict import Why
from training.intervals import wilson
from training.item_table import TABLE
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
"""Items on the belt."""
LEARNT = scaled(120, 30)
"""Photos a grade that the model learns from, at the most."""
EPOCHS = scaled(24, 3)
"""Each of about 650 stills of cucumbers."""
SIZE_PX = 64
"""Of the network's input. The default network takes 48 px whole, which costs twice as much."""
STILL_PX = 96
PLACES = scaled(3, 1)
"""Of each item under the camera, from one end of the field to the other."""


def measure(report: Report) -> None:
    """Both sets of photos, where they are."""
    for name, (grades, photo_mm, share) in SETS.items():
        if not (DATA / name).is_dir():
            print(f"skipped {name}: no photos in {DATA}; set SORTER_DATA to their folder")
            continue
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            _part(DATA / name, place, grades, photo_mm, share)
            _teach(place, grades, photo_mm)
            with steps() as bars:
                way: Way = "blocks" if name == "lemons" else "random"
                learn(
                    place / "taught",
                    place / "run",
                    Settings(way=way, epochs=EPOCHS, size_px=SIZE_PX, group_copies=False),
                    bars,
                )
                pack(place / "run", place / "model.sorter", bars)
            _compare(report, name, place, photo_mm)


def _part(
    source: Path, place: Path, grades: tuple[str, ...], photo_mm: float, share: float
) -> None:
    """Link some of the first photos of each grade to learn from, and the last ones to show."""
    for grade in grades:
        photos = list_photos(source / grade)
        cut = int(len(photos) * share)
        every = -(-cut // LEARNT)
        for part, some in (("learn", photos[:cut:every]), ("show", photos[cut:])):
            (place / part / grade).mkdir(parents=True)
            for photo in some:
                (place / part / grade / photo.name).symlink_to(photo)


def _teach(place: Path, grades: tuple[str, ...], photo_mm: float) -> None:
    """Stills of the items to learn from, and their grades."""
    declared: dict[str, Any] = {
        "grades": [
            {"name": grade, "worth": len(grades) - rank} for rank, grade in enumerate(grades)
        ],
        "window_mm": photo_mm,
    }
    known = [Grade(name=one["name"], worth=one["worth"]) for one in declared["grades"]]
    photos = PhotoCrop(place / "learn", grades=known, photo_mm=photo_mm)
    rows = ["path,item"]
    for fruit, shown in stills(photos, photo_mm, place / "learn").items():
        folder = place / "taught" / fruit.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        for number, still in enumerate(shown):
            name = f"{fruit.stem}-{number}.png"
            cv2.imwrite(str(folder / name), still)
            rows.append(f"{folder.name}/{name},{folder.name} {fruit.stem}")
    (place / "taught" / TABLE).write_text("\n".join(rows), encoding="utf-8")
    (place / "taught" / "grades.yaml").write_text(yaml.safe_dump(declared), encoding="utf-8")


def stills(photos: PhotoCrop, photo_mm: float, folder: Path) -> dict[Path, list[Pixels]]:
    """Each item as the sorter cuts it out of frames of the moving belt, by the photo it is from.

    Args:
        photos: of a folder; those without an item are left out.
        photo_mm: side of the stills.
        folder: the same.
    """
    demo = demo_config()
    camera, rng = demo.camera, default_rng(4)
    scene = Scene(camera, rng, imaging=Imaging(exposure_s=0.0005), belt=photos.ground())
    preprocess = Preprocess(size_px=STILL_PX, window_mm=photo_mm)
    grades = [grade for grade in photos.crop.grade_names for _ in list_photos(folder / grade)]
    found: dict[Path, list[Pixels]] = {}
    empty = _frame(scene, -1e4, [], demo.belt)
    for one in load(grades, camera, rng, first_mm=0.0, crop=photos.crop):
        path = one.produce.fruit.path  # type: ignore[attr-defined]
        if path in found:
            continue
        # To one finder for all, what comes to the same place of the image again and again might be
        # a stain on the lens.
        finder = SegmentingFinder(camera, demo.belt, preprocess, LinearRuler(camera))
        finder.find(empty)
        free_mm = camera.width * camera.mm_per_px - one.produce.along_mm
        for share in np.linspace(-0.4, 0.4, PLACES) if PLACES > 1 else (0.0,):
            at_mm = one.produce.at_mm + share * free_mm
            sightings = finder.find(_frame(scene, at_mm, [one.placed], demo.belt))
            seen = [sighting for sighting in sightings if sighting.complete]
            if seen:
                # A shadow that was cut out with it may lie beside it.
                largest = max(seen, key=lambda sighting: sighting.along.size_mm)
                found.setdefault(path, []).append(largest.photo(STILL_PX))
    return found


def _frame(scene: Scene, at_mm: float, placed: list[Placed], belt: BeltConfig) -> Frame:
    time_s = at_mm / belt.speed_mm_per_s
    return Frame(
        pixels=scene.render(at_mm, time_s, placed, belt.speed_mm_per_s),
        time_s=time_s,
        tick=at_mm / belt.mm_per_tick,
        index=0,
    )


def _compare(report: Report, name: str, place: Path, photo_mm: float) -> None:
    classifier = Classifier.load(place / "model.sorter")
    manifest = classifier.bundle.manifest
    # Each deals out all its photos before any comes again: stills from the film's own would be of
    # those that the film does not show.
    filmed, again = (
        PhotoCrop(place / "show", grades=list(manifest.grades), photo_mm=photo_mm) for _ in range(2)
    )
    config = photo_config(manifest)
    laid = film(filmed, config, place / "belt.avi")
    (place / "sorter.yaml").write_text(
        yaml.safe_dump(config.model_dump(mode="json", exclude_unset=True)), encoding="utf-8"
    )
    said = replayed(place, config)
    grades = manifest.grade_names
    shown = stills(again, photo_mm, place / "show")
    on_still = shown_once = on_belt = seen = doubles = 0
    for one in laid:
        near = [item for item in said if abs(item["at_mm"] - one.produce.at_mm) < 40]
        seen += len(near) == 1
        doubles += len(near) == 1 and near[0]["reason"] == Why.DOUBLE.value
        true = one.produce.fruit.grade
        on_belt += len(near) == 1 and near[0]["best_guess"] == true
        own = shown.get(one.produce.fruit.path)  # type: ignore[attr-defined]
        if own is not None:
            shown_once += 1
            joined = classifier.join(classifier.probabilities(own))
            on_still += grades[int(np.argmax(joined))] == true
    report.at_least(f"{name}: items seen once", seen, "items", len(laid))
    report.at_most(f"{name}: more items than there are", len(said) - len(laid), "items", 1)
    report.beside(f"{name}: single items taken for doubles", doubles, "items")
    low, _ = wilson(on_still, shown_once)
    report.at_least(
        f"{name}: right on the belt", round(100 * on_belt / len(laid), 1), "%", round(100 * low, 1)
    )
    stills_percent = round(100 * on_still / max(1, shown_once), 1)
    report.beside(f"{name}: right on stills of them", stills_percent, "%")


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
