"""Int8 files by either quantizer, and what happens to a network that eight bits cannot hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from sorter.bundle import Grade
from sorter.preprocess import Preprocess
from training import backend, int8_file, zoo
from training.errors import TrainingError
from training.loop import predictor
from training.measured import by_name
from training.pack import pack
from training.parity import parity
from training.photos import digest
from training.progress import Silent
from training.quantize import QUANTIZERS, by_tflite, quantizer, scaled, to_int8
from training.run_folder import Entry, RunRecord
from training.split import PARTS

pytestmark = pytest.mark.training
PREPROCESS = Preprocess(size_px=16)


def photos(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Noise whose red or whose blue is brighter: grade 0 or 1."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    made = random.integers(60, 160, (count, 16, 16, 3)).astype(np.uint8)
    made[labels == 0, :, :, 0] += 60
    made[labels == 1, :, :, 2] += 60
    return made, labels


def red_against_blue(outlier: float) -> Any:
    """Right by construction; beside what it decides by, a layer carries values `outlier` times
    larger, which it makes no use of."""
    keras = pytest.importorskip("keras")
    photo = keras.layers.Input((16, 16, 3))
    mean = keras.layers.GlobalAveragePooling2D()(photo)
    both = keras.layers.Dense(2, name="both")(mean)
    model = keras.Model(photo, keras.layers.Dense(2, name="logits")(both))
    model.get_layer("both").set_weights(
        [np.array([[1, outlier], [0, outlier], [-1, outlier]], np.float32), np.zeros(2, np.float32)]
    )
    model.get_layer("logits").set_weights(
        [np.array([[9, -9], [0, 0]], np.float32), np.zeros(2, np.float32)]
    )
    return model


@pytest.mark.parametrize("name", QUANTIZERS)
def test_either_quantizer_makes_a_file_that_says_what_the_network_says(name: str) -> None:
    if name == "ai-edge":
        pytest.importorskip("ai_edge_quantizer", reason="the extra 'ai-edge' is not installed")
    model = red_against_blue(outlier=1)
    inputs, labels = photos(40)
    file = to_int8(model, inputs, PREPROCESS, by=quantizer(name))
    by_float = np.asarray(model(scaled(inputs, PREPROCESS)), np.float64)
    by_int8 = int8_file.run(file, inputs, PREPROCESS)
    assert np.abs(by_int8 - by_float).max() < 0.1 * np.abs(by_float).max()
    assert (by_int8.argmax(axis=1) == labels).all()


def test_what_rounded_weights_shift_the_logits_by_is_taken_off_again() -> None:
    backend.keras().utils.set_random_seed(1)
    model = zoo.build("lenet", 16, 4).model
    inputs = 90 + photos(40)[0] // 2
    fed = scaled(inputs, PREPROCESS)
    by_float = predictor(model)(fed)

    files = (
        by_tflite(model, [by_name(model, one[None]) for one in fed]),
        to_int8(model, inputs, PREPROCESS),
    )
    shifts = [
        np.abs((int8_file.run(file, inputs, PREPROCESS) - by_float).mean(axis=0)).max()
        for file in files
    ]
    assert shifts[1] < 0.5 * shifts[0]
    assert np.array_equal(predictor(model)(fed), by_float)


def test_a_quantizer_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(TrainingError, match="found 'gguf'; choose one of: tflite, ai-edge"):
        quantizer("gguf")


def test_outliers_break_a_network_in_eight_bits_and_parity_sees_it() -> None:
    model = red_against_blue(outlier=5000)
    inputs, labels = photos(40)
    by_float = np.asarray(model(scaled(inputs, PREPROCESS)), np.float64)
    found = parity(
        by_float, int8_file.run(to_int8(model, inputs, PREPROCESS), inputs, PREPROCESS), labels
    )
    assert found.lost >= 15
    assert found.broken


def test_a_run_that_breaks_in_eight_bits_is_not_packed(tmp_path: Path) -> None:
    made, labels = photos(80)
    shares = dict(zip(PARTS, (40, 20, 10, 10), strict=True))
    parts = [part for part, count in shares.items() for _ in range(count)]
    entries = []
    for index, (pixels, label, part) in enumerate(zip(made, labels, parts, strict=True)):
        path = tmp_path / "photos" / "RB"[label] / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        bgr = np.ascontiguousarray(pixels[:, :, ::-1])
        cv2.imwrite(str(path), bgr)
        entries.append(
            Entry(
                path=f"{'RB'[label]}/{index}.png", grade="RB"[label], digest=digest(bgr), part=part
            )
        )
    record = RunRecord(
        name="test",
        photos=tmp_path / "photos",
        grades=[Grade(name="R"), Grade(name="B")],
        preprocess=PREPROCESS,
        model="lenet",
        seed=0,
        way="random",
        entries=entries,
        epochs=1,
        best_epoch=1,
        parameters=1,
        validation_accuracy=1,
        float_accuracy=1,
        seconds=1,
    )
    record.save(tmp_path, red_against_blue(outlier=5000))
    with pytest.raises(TrainingError, match=r"in int8 the model loses .* --quantizer ai-edge"):
        pack(tmp_path, tmp_path / "model.sorter", Silent(), report=False)
    assert not (tmp_path / "model.sorter").exists()
    assert not (tmp_path / "metrics.json").exists()
