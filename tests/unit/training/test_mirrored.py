from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sorter.bundle import Bundle, Golden
from sorter.classifier import Classifier
from sorter.interpreter import make_interpreter
from sorter.preprocess import Preprocess
from sorter.shape import MEASURES
from tests.factories import make_manifest
from training import backend, int8_file, zoo
from training.explain.float_network import FloatNetwork
from training.explain.int8_network import Int8Network
from training.loop import predictor
from training.quantize import scaled, to_int8
from training.zoo.mirrored import ONE_LOOK, one_look

pytestmark = pytest.mark.training

PREPROCESS = Preprocess(size_px=16)


@pytest.fixture(scope="module")
def network() -> zoo.Network:
    backend.keras().utils.set_random_seed(3)
    return zoo.build("ds-cnn", 16, 3, shape=True)


@pytest.fixture(scope="module")
def photos() -> Any:
    return np.random.default_rng(2).integers(0, 256, (12, 16, 16, 3)).astype(np.uint8)


def fed(photos: Any) -> list[Any]:
    return [scaled(photos, PREPROCESS), np.zeros((len(photos), 8), np.float32)]


def test_a_mirrored_network_says_the_same_of_a_photo_and_its_mirror_images(
    network: zoo.Network, photos: Any
) -> None:
    said = predictor(network.model)
    wanted = said(fed(photos))
    for flipped in (photos[:, ::-1], photos[:, :, ::-1], photos[:, ::-1, ::-1]):
        assert said(fed(flipped)) == pytest.approx(wanted, abs=1e-5)


def test_it_says_the_mean_of_what_the_network_inside_says_of_each(
    network: zoo.Network, photos: Any
) -> None:
    inside = predictor(one_look(network.model))
    looks = (photos, photos[:, ::-1], photos[:, :, ::-1], photos[:, ::-1, ::-1])
    mean = np.mean([inside(fed(one)) for one in looks], axis=0)
    assert predictor(network.model)(fed(photos)) == pytest.approx(mean, abs=1e-5)


def test_what_is_trained_looks_once_and_shares_the_weights(network: zoo.Network) -> None:
    assert [id(one) for one in network.trained.weights] == [
        id(one) for one in network.model.weights
    ]


def test_a_mirrored_network_is_saved_and_loaded_with_the_network_inside(
    network: zoo.Network, photos: Any, tmp_path: Path
) -> None:
    network.model.save(tmp_path / "model.keras")
    loaded = backend.keras().models.load_model(tmp_path / "model.keras", compile=False)
    assert predictor(loaded)(fed(photos)) == pytest.approx(predictor(network.model)(fed(photos)))
    assert one_look(loaded).name == ONE_LOOK


def test_mirrored_in_int8_a_network_is_hardly_larger_and_says_the_same_of_a_mirror_image(
    network: zoo.Network, photos: Any
) -> None:
    inside = to_int8(one_look(network.model), photos, PREPROCESS)
    file = to_int8(network.model, photos, PREPROCESS)
    assert len(file) < 1.05 * len(inside)
    assert int8_file.costs(file).macs == 4 * int8_file.costs(inside).macs
    logits = int8_file.run(file, photos, PREPROCESS)
    mirrored = int8_file.run(file, np.ascontiguousarray(photos[:, ::-1]), PREPROCESS)
    # The measured shape of noise is another one upside down: one step of its quantization.
    assert mirrored.argmax(axis=1) == pytest.approx(logits.argmax(axis=1))


@pytest.mark.parametrize("ranks", [None, [2, 0, 1]])
def test_on_the_device_photos_in_a_batch_are_judged_as_one_by_one(
    ranks: list[int] | None, photos: Any
) -> None:
    """An item comes with several views, and a tick of the belt with several items."""
    backend.keras().utils.set_random_seed(3)
    model = zoo.build("ds-cnn", 16, 3, ranks=ranks, shape=True).model
    device = Classifier(
        Bundle(
            manifest=make_manifest(preprocess=PREPROCESS, measures=MEASURES),
            golden=Golden(
                inputs=np.zeros((0, 16, 16, 3), np.int8), outputs=np.zeros((0, 3), np.int8)
            ),
            models={"classifier": to_int8(model, photos, PREPROCESS)},
        )
    )
    inputs = device.quantize([photo[..., ::-1] for photo in photos])
    alone = np.concatenate([device.invoke(one[None]) for one in inputs])
    for count in (12, 5, 2):
        assert np.array_equal(device.invoke(inputs[:count]), alone[:count])
    assert len(np.unique(alone, axis=0)) > 6
    wanted = predictor(model)(scaled(photos, PREPROCESS))
    assert np.corrcoef(device.dequantize(alone).ravel(), wanted.ravel())[0, 1] > 0.99
    if ranks:
        assert np.exp(wanted).sum(axis=1) == pytest.approx(1, abs=0.01)


def test_the_map_of_the_int8_file_is_that_of_the_network(network: zoo.Network, photos: Any) -> None:
    grades = ["a", "b", "c"]
    file = to_int8(network.model, photos, PREPROCESS)
    entries = make_interpreter(file, 1).get_input_details()
    (scale,) = (one["quantization"] for one in entries if len(one["shape"]) == 4)
    classifier: Any = SimpleNamespace(
        grades=grades,
        bundle=SimpleNamespace(
            models={"classifier": file}, manifest=SimpleNamespace(preprocess=PREPROCESS)
        ),
        quantize=lambda shown: PREPROCESS.quantized(*scale)[
            np.stack([PREPROCESS(photo) for photo in shown])
        ],
    )
    maps = [
        np.concatenate(
            [one.class_map(photo, grade).ravel() for photo in photos for grade in (0, 1, 2)]
        )
        for one in (Int8Network(classifier), FloatNetwork(network.model, grades, PREPROCESS))
    ]
    assert maps[1].any()
    assert np.corrcoef(maps)[0, 1] > 0.9


def test_maps_of_a_mirrored_network_are_of_the_photo_as_it_is(
    network: zoo.Network, photos: Any
) -> None:
    grades = ["a", "b", "c"]
    whole = FloatNetwork(network.model, grades, PREPROCESS)
    inside = FloatNetwork(one_look(network.model), grades, PREPROCESS)
    assert np.array_equal(whole.class_map(photos[0], 1), inside.class_map(photos[0], 1))
