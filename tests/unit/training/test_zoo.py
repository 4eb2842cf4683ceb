from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from sorter.interpreter import make_interpreter
from sorter.preprocess import Preprocess
from training import backend, int8_file, zoo
from training.errors import TrainingError
from training.loop import predictor
from training.quantize import scaled, to_int8
from training.zoo.backbones import BACKBONES

FROM_SCRATCH = sorted(set(zoo.ZOO) - set(BACKBONES))


@pytest.mark.training
@pytest.mark.parametrize("name", FROM_SCRATCH)
@pytest.mark.parametrize("size_px", [16, 33])
def test_each_network_gives_one_logit_a_grade_at_each_size(name: str, size_px: int) -> None:
    model = zoo.build(name, size_px, 5).model
    assert model.input_shape == (None, size_px, size_px, 3)
    assert model.output_shape == (None, 5)
    assert model.layers[-1].get_config().get("activation", "linear") == "linear"


@pytest.mark.training
@pytest.mark.parametrize("name", FROM_SCRATCH)
def test_each_network_becomes_a_full_int8_file(name: str) -> None:
    size_px = zoo.ZOO[name].smallest_px
    photos = np.random.default_rng(1).integers(0, 256, (12, size_px, size_px, 3)).astype(np.uint8)
    preprocess = Preprocess(size_px=size_px, mean=zoo.ZOO[name].mean, std=zoo.ZOO[name].std)
    interpreter = make_interpreter(
        to_int8(zoo.build(name, size_px, 5).model, photos, preprocess), threads=1
    )
    dtypes = {details["dtype"] for details in interpreter.get_tensor_details()}
    assert np.float32 not in dtypes
    assert [one["dtype"] for one in interpreter.get_input_details()] == [np.int8]
    assert [one["dtype"] for one in interpreter.get_output_details()] == [np.int8]


@pytest.mark.training
def test_the_ancestor_has_the_layers_of_its_tutorial() -> None:
    layers = zoo.build("deep-mnist", 28, 10).model.layers
    shapes = [tuple(layer.kernel.shape) for layer in layers if hasattr(layer, "kernel")]
    assert shapes == [(5, 5, 3, 32), (5, 5, 32, 64), (7 * 7 * 64, 1024), (1024, 10)]
    assert zoo.ZOO["deep-mnist"].recipe.augmented is False


@pytest.mark.training
def test_the_auxiliary_head_is_trained_but_not_exported() -> None:
    network = zoo.build("inception-mini", 32, 5)
    assert list(network.trained.output_shape) == [(None, 5), (None, 5)]
    exported = {id(weight) for weight in network.model.weights}
    assert [id(one) in exported for one in network.trained.weights].count(False) == 2


@pytest.mark.training
def test_ordinal_logits_are_the_logarithms_of_corns_probabilities() -> None:
    ranks = [2, 0, 3, 1]
    model = zoo.build("lenet", 16, 4, ranks=ranks).model
    photos = np.random.default_rng(1).random((6, 16, 16, 3)).astype(np.float32)
    said = np.exp(np.asarray(model(photos)))
    pairs = next(layer for layer in model.layers if layer.name.startswith("reshape"))
    steps = np.asarray(type(model)(model.input, pairs.output)(photos))
    above = 1 / (1 + np.exp(steps[..., 1] - steps[..., 0]))
    reached = np.cumprod(np.concatenate([np.ones((6, 1)), above], axis=1), axis=1)
    by_rank = reached - np.concatenate([reached[:, 1:], np.zeros((6, 1))], axis=1)
    assert said == pytest.approx(by_rank[:, ranks], abs=1e-5)
    assert said.sum(axis=1) == pytest.approx(np.ones(6), abs=1e-5)


@pytest.mark.training
def test_the_ordinal_head_becomes_a_full_int8_file() -> None:
    photos = np.random.default_rng(1).integers(0, 256, (12, 16, 16, 3)).astype(np.uint8)
    model = zoo.build("lenet", 16, 4, ranks=[0, 1, 2, 3]).model
    interpreter = make_interpreter(to_int8(model, photos, Preprocess(size_px=16)), threads=1)
    assert np.float32 not in {one["dtype"] for one in interpreter.get_tensor_details()}


@pytest.mark.training
@pytest.mark.parametrize("name", ["mobilenet-0.25", "mobilenetv2", "inceptionv3"])
def test_the_blocks_of_a_backbone_can_be_told_apart(name: str) -> None:
    pattern = zoo.ZOO[name].block_ends
    assert pattern is not None
    layers = zoo.build(name, 96, 3).model.layers
    ends = [found[1] for layer in layers if (found := re.fullmatch(pattern, layer.name))]
    assert len(set(ends)) >= 11


@pytest.mark.training
@pytest.mark.parametrize(
    ("name", "module", "application"),
    [
        ("mobilenetv3small", "mobilenet_v3", "MobileNetV3Small"),
        ("efficientnetv2b0", "efficientnet_v2", "EfficientNetV2B0"),
        ("resnet50", "resnet", "ResNet50"),
    ],
)
def test_a_backbone_sees_photos_as_its_weights_were_taught(
    name: str, module: str, application: str
) -> None:
    keras = backend.keras()
    photos = np.random.default_rng(1).integers(0, 256, (2, 32, 32, 3)).astype(np.uint8)

    def convolved(model: Any, given: Any) -> Any:
        first = next(one for one in model.layers if isinstance(one, keras.layers.Conv2D))
        return np.asarray(keras.Model(model.input, first.input)(given))

    theirs = getattr(keras.applications, application)(
        include_top=False, weights=None, input_shape=(32, 32, 3)
    )
    scale = getattr(keras.applications, module).preprocess_input
    preprocess = zoo.ZOO[name].preprocess(32)
    ordered = photos if preprocess.colour_order == "RGB" else photos[..., ::-1]
    seen = convolved(zoo.build(name, 32, 3).model, scaled(ordered, preprocess))
    assert seen == pytest.approx(convolved(theirs, scale(photos.astype(np.float32))), abs=1e-4)


@pytest.mark.training
def test_an_input_too_small_for_a_backbone_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"inceptionv3 needs .* 75 px, found 64; raise --size"):
        zoo.build("inceptionv3", 64, 3)


@pytest.mark.training
@pytest.mark.parametrize("name", ["lenet", "mobilenet-0.25"])
def test_a_network_that_takes_the_shape_says_the_same_as_an_int8_file(name: str) -> None:
    photos = np.random.default_rng(1).integers(0, 256, (12, 32, 32, 3)).astype(np.uint8)
    preprocess = zoo.ZOO[name].preprocess(32)
    backend.keras().utils.set_random_seed(1)
    model = zoo.build(name, 32, 5, shape=True).model
    exact = predictor(model)(scaled(photos, preprocess))
    file = to_int8(model, photos, preprocess)
    said = int8_file.run(file, photos, preprocess)
    assert np.abs(said - exact).mean() < np.ptp(exact) / 16
