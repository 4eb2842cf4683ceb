"""From photos to a bundle and its grades, by the commands that a grower types."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytestmark = pytest.mark.training

GRADES = ("round", "long", "square")
CUCUMBERS = Path(__file__).parents[3] / "shared" / "data" / "cucumber9"


def command(program: str, *arguments: str | Path, without_tensorflow: bool = False) -> Any:
    package = {"sorter": "sorter.cli", "sorter-train": "training.cli"}[program]
    poison = "import sys; sys.modules['tensorflow'] = None; " if without_tensorflow else ""
    return subprocess.run(
        [sys.executable, "-c", f"{poison}from {package} import main; main()", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def succeed(*arguments: str | Path, **options: bool) -> str:
    done = command(*map(str, arguments), **options)
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


def draw(grade: str, random: np.random.Generator) -> np.ndarray:
    photo = np.full((40, 40, 3), random.integers(60, 120, 3), np.uint8)
    colour = tuple(int(level) for level in random.integers(150, 256, 3))
    x, y = (int(place) for place in random.integers(16, 25, 2))
    if grade == "square":
        cv2.rectangle(photo, (x - 9, y - 9), (x + 9, y + 9), colour, -1)
    else:
        axes = (10, 10) if grade == "round" else (15, 5)
        cv2.ellipse(photo, (x, y), axes, 0, 0, 360, colour, -1)
    # Without a skin of their own, two of one form would be copies of each other.
    return np.clip(photo + random.normal(0, 25, (40, 40, 1)), 0, 255).astype(np.uint8)


def draw_photos(root: Path, per_grade: int, seed: int) -> Path:
    random = np.random.default_rng(seed)
    for grade in GRADES:
        (root / grade).mkdir(parents=True)
        for index in range(per_grade):
            cv2.imwrite(str(root / grade / f"{index}.png"), draw(grade, random))
    return root


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder trained on drawn shapes; `long` is declared the best."""
    folder = tmp_path_factory.mktemp("training")
    photos = draw_photos(folder / "photos", per_grade=60, seed=1)
    (photos / "grades.yaml").write_text(
        "grades: [{name: long, worth: 2}, {name: round, worth: 1}, {name: square}]\nwindow_mm: 80\n"
    )
    out = succeed("sorter-train", "run", photos, "--out", folder / "run", "--epochs", "40")
    assert "Always the biggest class" in out
    return folder / "run"


@pytest.fixture(scope="module")
def unseen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_photos(tmp_path_factory.mktemp("unseen") / "photos", per_grade=10, seed=2)


def test_the_model_is_far_better_than_the_biggest_class(run: Path) -> None:
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["baseline"] < 0.4
    assert metrics["accuracy"] > 0.8
    assert metrics["accuracy_low"] < metrics["accuracy"] <= metrics["accuracy_high"]
    assert metrics["n"] == metrics["photos"]["test"] == 27
    assert metrics["int8_accuracy"] > metrics["float_accuracy"] - 0.1


def test_the_bundle_carries_what_was_declared_and_promised(run: Path) -> None:
    from sorter.bundle import Bundle

    manifest = Bundle.load(run / "model.sorter").manifest
    metrics = json.loads((run / "metrics.json").read_text())
    assert [(one.name, one.worth) for one in manifest.grades] == [
        ("long", 2),
        ("round", 1),
        ("square", 0),
    ]
    assert manifest.preprocess.window_mm == 80
    assert manifest.preprocess.size_px == 32
    assert manifest.promise.accuracy == metrics["accuracy"]
    assert manifest.promise.n == metrics["n"]
    assert manifest.training_data.photos == 180
    assert len(Bundle.load(run / "model.sorter").golden.inputs) == 8


def test_the_promise_holds_on_unseen_photos(run: Path, unseen: Path) -> None:
    out = succeed("sorter-train", "evaluate", run / "model.sorter", unseen, "--json")
    result = json.loads(out)
    metrics = json.loads((run / "metrics.json").read_text())
    assert result["n"] == 30
    assert result["grades"] == ["long", "round", "square"]
    assert [sum(row) for row in result["confusion"]] == [10, 10, 10]
    assert result["accuracy_high"] > metrics["accuracy_low"]


def test_evaluating_and_grading_need_no_tensorflow(run: Path, unseen: Path) -> None:
    bundle = run / "model.sorter"
    table = succeed("sorter-train", "evaluate", bundle, unseen, without_tensorflow=True)
    assert "Right answers" in table
    photo = unseen / "long" / "0.png"
    assert f"{photo}: " in succeed("sorter", "grade", bundle, photo, without_tensorflow=True)


def test_packing_again_gives_the_same_bundle(run: Path, tmp_path: Path) -> None:
    succeed("sorter-train", "pack", run, "--out", tmp_path / "again.sorter")
    assert (tmp_path / "again.sorter").read_bytes() == (run / "model.sorter").read_bytes()


def test_a_training_without_tensorflow_says_how_to_get_it(unseen: Path, tmp_path: Path) -> None:
    done = command(
        "sorter-train", "fit", unseen, "--out", tmp_path / "run", without_tensorflow=True
    )
    assert done.returncode == 1
    assert done.stderr == (
        "sorter-train: TensorFlow is not installed; run 'make trainer' in the checkout\n"
    )


@pytest.mark.skipif(not CUCUMBERS.is_dir(), reason=f"needs the real photos in {CUCUMBERS}")
def test_a_short_training_on_real_cucumbers_beats_the_biggest_class(tmp_path: Path) -> None:
    succeed("sorter-train", "run", CUCUMBERS, "--out", tmp_path, "--epochs", "25")
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert len(metrics["grades"]) == 9
    assert metrics["accuracy_low"] > metrics["baseline"]
