"""`sorter replay` on a video that shows items cut out of real photos, against their labels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import typer
import yaml
from numpy.typing import NDArray
from typer.testing import CliRunner

from sorter.bundle import Grade
from sorter.classifier import Classifier
from sorter.cli.replay import replay
from sorter.frame import Pixels
from sorter.photo import list_photos, read_photo
from sorter.preprocess import Preprocess
from sorter.twin.cutout_photo import cut_out
from sorter.twin.lighting import Imaging
from sorter.twin.load import load
from sorter.twin.photo_fruit import PhotoCrop
from sorter.twin.placed import Laid
from sorter.twin.scene import Scene
from sorter.twin.setup import photo_config
from tests.factories import StubClassifier, make_manifest
from tests.shared_data import shared_data

app = typer.Typer()
app.command()(replay)


class ColourJudge:
    """Tells two grades by the mean and the spread of their colours, learnt from cut-outs."""

    def __init__(self, learn: Sequence[Sequence[Path]]) -> None:
        known = [
            [colours for path in paths if (colours := self.colours(read_photo(path))).any()]
            for paths in learn
        ]
        self._means = [np.mean(some, axis=0) for some in known]
        self._spread = np.std(np.vstack(known), axis=0)

    @staticmethod
    def colours(photo: Pixels) -> NDArray[np.float64]:
        found = cut_out(photo)
        if found is None:
            return np.zeros(8)
        lab = cv2.cvtColor(found.pixels, cv2.COLOR_BGR2LAB)[found.cover > 0.6].astype(float)
        worst = np.percentile(lab[:, [0, 2]], 10, axis=0)
        return np.concatenate([lab.mean(axis=0), lab.std(axis=0), worst])

    def __call__(self, photo: Pixels) -> list[float]:
        off = [
            float(np.linalg.norm((self.colours(photo) - mean) / self._spread))
            for mean in self._means
        ]
        return [float(k == int(np.argmin(off))) for k in range(len(off))]


def film(photos: PhotoCrop, stub: StubClassifier, per_grade: int, place: Path) -> list[Laid]:
    """A video of the belt and the machine's config beside it; returns what lies on it."""
    config = photo_config(stub.bundle.manifest)
    camera, step_mm = config.camera, config.belt.speed_mm_per_s / config.camera.fps
    rng = np.random.default_rng(1)
    grades = [grade for _ in range(per_grade) for grade in photos.crop.grade_names]
    laid = list(load(grades, camera, rng, first_mm=camera.reference_mm + 60, crop=photos.crop))
    scene = Scene(camera, rng, imaging=Imaging(exposure_s=0.0005), belt=photos.ground())
    size = (camera.width, camera.height)
    fourcc = cv2.VideoWriter.fourcc(*"MJPG")
    video = cv2.VideoWriter(str(place / "belt.avi"), fourcc, camera.fps, size)
    for index in range(int((laid[-1].placed.at_mm + 300) / step_mm)):
        near = [one.placed for one in laid if abs(index * step_mm - one.placed.at_mm) < 400]
        video.write(scene.render(index * step_mm, index / camera.fps, near, 300.0))
    video.release()
    settings = config.model_dump(mode="json", exclude_unset=True)
    (place / "sorter.yaml").write_text(yaml.safe_dump(settings))
    return laid


def replayed(laid: list[Laid], place: Path) -> list[dict[str, Any]]:
    """What is said of each item, in belt order; fails unless each was seen exactly once."""
    config, bundle = str(place / "sorter.yaml"), str(place / "any.sorter")
    options = ["--json", "--config", config, "--fps", "30", bundle, str(place / "belt.avi")]
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 0, result.exception
    items = sorted(json.loads(result.stdout)["items"], key=lambda item: float(item["tick"]))
    places = [item["tick"] * 0.5 for item in items]
    assert places == pytest.approx([one.produce.at_mm for one in laid], abs=15)
    return items


def test_lemons_from_photos_get_the_grade_of_their_label(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = shared_data("lemons")
    names = ["good_quality", "bad_quality"]
    shown, learnt = 5, 16
    learn = []
    for name in names:
        paths = list_photos(source / name)
        learn.append(paths[:: len(paths) // learnt][:learnt])
        (tmp_path / "show" / name).mkdir(parents=True)
        for path in paths[11 :: len(paths) // shown][:shown]:
            (tmp_path / "show" / name / path.name).symlink_to(path)
    manifest = make_manifest(names, preprocess=Preprocess(size_px=96, window_mm=110.0))
    judge = ColourJudge(learn)
    stub = StubClassifier(judge, manifest)
    monkeypatch.setattr(Classifier, "load", lambda path: stub)
    grades = [Grade(name=name, worth=2 - rank) for rank, name in enumerate(names)]
    photos = PhotoCrop(tmp_path / "show", grades=grades, photo_mm=110)
    laid = film(photos, stub, shown, tmp_path)
    said = [item["best_guess"] for item in replayed(laid, tmp_path)]
    true = [one.produce.fruit.grade for one in laid]
    paths = [one.produce.fruit.path for one in laid]  # type: ignore[attr-defined]
    on_photos = [names[int(np.argmax(judge(read_photo(path))))] for path in paths]
    assert sum(map(str.__eq__, said, on_photos)) >= len(laid) - 1
    assert sum(map(str.__eq__, said, true)) >= 0.7 * len(laid)


def test_long_and_short_cucumbers_from_photos_measure_as_their_labels_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = shared_data("cucumber9")
    names = ["2L", "2S"]
    stub = StubClassifier(
        lambda photo: (1.0, 0.0),
        make_manifest(names, preprocess=Preprocess(size_px=96, window_mm=280.0)),
    )
    monkeypatch.setattr(Classifier, "load", lambda path: stub)
    grades = [Grade(name=name, worth=2 - rank) for rank, name in enumerate(names)]
    photos = PhotoCrop(source, grades=grades, photo_mm=280)
    laid = film(photos, stub, 4, tmp_path)
    lengths = [item["length_mm"] for item in replayed(laid, tmp_path)]
    by_label: dict[str, list[float]] = {name: [] for name in names}
    for one, length_mm in zip(laid, lengths, strict=True):
        by_label[one.produce.fruit.grade].append(length_mm)
    assert min(by_label["2L"]) > max(by_label["2S"])
