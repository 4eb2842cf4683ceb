from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sorter.preprocess import Preprocess
from tests.unit.training.folders import write_photos
from training import int8_file, zoo
from training.compare import compare, methods
from training.errors import TrainingError
from training.fit import Method
from training.loop import predictor
from training.progress import Silent
from training.quantize import scaled, to_int8


@pytest.fixture(scope="module")
def file_and_model() -> tuple[bytes, object, np.ndarray]:
    photos = np.random.default_rng(1).integers(0, 256, (12, 16, 16, 3)).astype(np.uint8)
    model = zoo.build("deep-mnist", 16, 3).model
    return to_int8(model, photos, Preprocess(size_px=16)), model, photos


@pytest.mark.training
def test_costs_are_those_counted_by_hand(
    file_and_model: tuple[bytes, object, np.ndarray],
) -> None:
    costs = int8_file.costs(file_and_model[0])
    convolutions = 16 * 16 * 32 * 5 * 5 * 3 + 8 * 8 * 64 * 5 * 5 * 32
    assert costs.macs == convolutions + 4 * 4 * 64 * 1024 + 1024 * 3
    # The first convolution's input and output, or its output and what the pool makes of it.
    first = 16 * 16 * 32
    assert costs.activation_bytes == first + max(16 * 16 * 3, 8 * 8 * 32)


@pytest.mark.training
def test_the_int8_file_says_about_what_the_network_says(
    file_and_model: tuple[bytes, object, np.ndarray],
) -> None:
    file, model, photos = file_and_model
    preprocess = Preprocess(size_px=16)
    exact = predictor(model)(scaled(photos, preprocess))
    assert int8_file.run(file, photos, preprocess) == pytest.approx(exact, abs=np.ptp(exact) / 10)


@pytest.mark.training
def test_times_are_taken_in_turn_and_their_median_told(
    file_and_model: tuple[bytes, object, np.ndarray],
) -> None:
    # Two models, three rounds: start and end of each call.
    taken_s = [0.001, 0.004, 0.002, 0.005, 0.009, 0.006]
    ends = iter([time for taken in taken_s for time in (0.0, taken)])
    file = file_and_model[0]
    times = int8_file.invoke_ms([file, file], rounds=3, clock=lambda: next(ends))
    assert times == pytest.approx([2.0, 5.0])


@pytest.mark.training
def test_each_photo_is_tested_once_and_the_numbers_fit_together(tmp_path: Path) -> None:
    root = write_photos(tmp_path / "photos")
    rows = compare(
        root,
        methods("lenet,alexnet-mini", Method(epochs=1)),
        size_px=16,
        folds=2,
        way="random",
        skip_unreadable=False,
        steps=Silent(),
    )
    assert [row.model for row in rows] == ["lenet", "alexnet-mini"]
    for row in rows:
        assert row.n == 24
        assert row.int8_low <= row.int8_accuracy <= row.int8_high
        assert row.int8_accuracy == pytest.approx(np.mean(row.fold_accuracies))
        assert row.invoke_ms > 0
        # int8: about a byte a parameter.
        assert 0.8 * row.parameters < row.file_bytes < 1.5 * row.parameters
    assert rows[0].parameters < rows[1].parameters
    assert json.dumps([row.as_dict() for row in rows])


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ("", "name at least one network"),
        ("lenet,lenet", "each once"),
        ("lenet,alexnet", "no model is called 'alexnet'"),
        ("lenet=imagenet", "lenet is trained from scratch"),
        ("mobilenetv2=gone.h5", "no file gone.h5"),
    ],
)
def test_a_list_of_networks_that_is_none_is_refused(names: str, sentence: str) -> None:
    with pytest.raises(TrainingError, match=sentence):
        methods(names, Method())


def test_fine_tuning_is_for_networks_with_weights(tmp_path: Path) -> None:
    (tmp_path / "b.weights.h5").touch()
    tried = methods(f"lenet,mobilenetv2={tmp_path / 'b.weights.h5'}", Method(fine_tune=3))
    assert [one.fine_tune for one in tried] == [0, 3]
