"""Where a bundle's model looks, without TensorFlow."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import sorter.twin
from sorter.frame import Pixels
from sorter.preprocess import Preprocess
from sorter.twin.photos import labelled_photos
from tests.unit.training.folders import write_photos
from training.cli import main
from training.explain.explain import attention, load
from training.explain.occlusion import AT_ONCE, occlusion
from training.explain.picture import overlay
from training.explain.subject import Map

DEMO = Path(sorter.twin.__file__).with_name("demo.sorter")


class LooksAtOneCorner:
    """Is surer of the first grade, the brighter the upper left quarter is."""

    def __init__(self) -> None:
        self.grades = ["bright", "dark"]
        self.preprocess = Preprocess(size_px=32)
        self.most = 0

    def probabilities(self, photos: list[Pixels]) -> np.ndarray:
        self.most = max(self.most, len(photos))
        level = np.array([photo[:16, :16].mean() / 255 for photo in photos])
        return np.stack([level, 1 - level], axis=1)

    def class_map(self, photo: Pixels, grade: int) -> Map:
        return np.ones((4, 4))


def test_the_packed_models_map_lies_on_the_rendered_cucumber() -> None:
    network = load(DEMO)
    found = []
    for _, photo, _ in labelled_photos(1, seed=4):
        grade = int(network.probabilities([photo])[0].argmax())
        _, on_item, item = attention(network, photo, grade)
        found.append((on_item, item))
    on_item, item = np.mean(found, axis=0)
    assert on_item > 1.5 * item


def test_occlusion_finds_the_corner_that_decides() -> None:
    photo = np.zeros((32, 32, 3), np.uint8)
    photo[4:16, 4:16] = 255
    network = LooksAtOneCorner()
    lost = occlusion(network, photo, 0)
    assert lost[4:16, 4:16].sum() > 0.6 * lost.sum() > 0
    assert network.most <= AT_ONCE


def test_an_overlay_lights_what_is_looked_at() -> None:
    photo = np.full((32, 32, 3), 128, np.uint8)
    heat = np.zeros((4, 4))
    heat[:, :2] = 1
    picture = overlay(photo, heat, 64)
    assert picture[:, :16].mean() > 2 * picture[:, -16:].mean()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--dream",), "--dream and --channel: of which layer? give --layer too"),
        (("--layer", "3"), "a bundle's int8 model has no gradients"),
    ],
)
def test_what_a_bundle_cannot_give_is_refused(
    options: tuple[str, ...],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    photo = write_photos(tmp_path / "photos", 1) / "L" / "0.png"
    arguments = ["explain", str(DEMO), str(photo), "--out", str(tmp_path / "out"), *options]
    monkeypatch.setattr(sys, "argv", ["sorter-train", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    assert capsys.readouterr().err.startswith(f"sorter-train: {sentence}")
