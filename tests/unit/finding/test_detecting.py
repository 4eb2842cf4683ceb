"""Items found by a real network: a tiny one that looks for yellow."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from sorter.bundle import Bundle, BundleError, DetectorInput, Role
from sorter.finding.detecting import DetectingFinder
from sorter.finding.detector import Detector, nms
from sorter.finding.from_config import make_finder
from sorter.finding.segmenting import SegmentingFinder
from sorter.frame import Frame
from sorter.grades_fit import grades_fit
from sorter.pipeline import Pipeline
from sorter.ruler.linear import LinearRuler
from tests.factories import StubClassifier, make_config, make_manifest
from tests.unit.finding.scenes import HEIGHT, WIDTH, Light, lay

ROWS, COLUMNS, CELL = 25, 50, 8
"""The network sees one cell in 8 × 8 pixels, and answers for each."""
FRUIT_PX = 60.0
FRUITS = [(90.0, 100.0, 30.0), (200.0, 60.0, 30.0), (310.0, 140.0, 30.0)]


def patchwork() -> Light:
    """A belt of grey, black and white patches that nobody can subtract."""
    rng = np.random.default_rng(3)
    patches = rng.uniform(20, 235, (HEIGHT // 10, WIDTH // 10, 1))
    return np.repeat(np.kron(patches, np.ones((10, 10, 1))), 3, axis=2).astype(np.float32)


def picture(fruits: list[tuple[float, float, float]], index: int = 0, tick: float = 0.0) -> Frame:
    pixels = np.clip(lay(patchwork(), fruits), 0, 255).astype(np.uint8)
    return Frame(pixels=pixels, time_s=index / 30, tick=tick, index=index)


@cache
def model(*, int8: bool = False, post_processed: bool = False) -> bytes:
    """Boxes of one size around the middle of the yellow that each cell sees within its reach."""
    import tensorflow as tf

    columns = (np.arange(COLUMNS, dtype=np.float32) + 0.5) / COLUMNS
    rows = (np.arange(ROWS, dtype=np.float32) + 0.5) / ROWS
    place_x = np.broadcast_to(columns[None, None, :, None], (1, ROWS, COLUMNS, 1)).copy()
    place_y = np.broadcast_to(rows[None, :, None, None], (1, ROWS, COLUMNS, 1)).copy()
    half = np.array([FRUIT_PX / HEIGHT / 2, FRUIT_PX / WIDTH / 2], np.float32)

    @tf.function(input_signature=[tf.TensorSpec([1, ROWS, COLUMNS, 3], tf.float32)])
    def detect(image: Any) -> Any:
        yellow = tf.minimum(tf.nn.relu(image[..., 0:1] - image[..., 2:3] - 0.2) * 8, 1.0)
        seen = [tf.nn.avg_pool2d(yellow * place, 9, 1, "SAME") for place in (1.0, place_y, place_x)]
        score = tf.reshape(tf.minimum(seen[0] * 1.6, 1.0), [1, -1])
        # Int8 kernels cannot divide by what may be nothing; there the cell's own middle has to do.
        middle = [
            tf.reshape(place + 0 * seen[0] if int8 else part / (seen[0] + 1e-4), [1, -1])
            for part, place in zip(seen[1:], (place_y, place_x), strict=True)
        ]
        boxes = tf.stack(
            [middle[0] - half[0], middle[1] - half[1], middle[0] + half[0], middle[1] + half[1]],
            axis=2,
        )
        if post_processed:
            return boxes, tf.zeros_like(score), score, tf.reduce_sum(tf.ones_like(score), axis=1)
        return boxes, score

    converter = tf.lite.TFLiteConverter.from_concrete_functions([detect.get_concrete_function()])
    if int8:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: (
            [small(picture(FRUITS[:k]).pixels)] for k in range(1, 4)
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    made: bytes = converter.convert()
    return made


def small(pixels: Any) -> Any:
    import cv2

    image = cv2.resize(pixels, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)[:, :, ::-1]
    return ((image.astype(np.float32) - 127.5) / 127.5)[None]


def bundle_with(detector: bytes | None) -> Bundle:
    bundle = StubClassifier().bundle
    if detector is None:
        return bundle
    roles = bundle.manifest.roles | {"detector": Role(file="detector.tflite")}
    manifest = bundle.manifest.model_copy(
        update={"roles": roles, "detector": DetectorInput(most_overlap=0.2, least_score=0.8)}
    )
    models = {"classifier": b"", "detector": detector}
    return replace(bundle, manifest=manifest, models=models)


def finder_of(bundle: Bundle) -> DetectingFinder:
    config = make_config(finder={"source": "detector"})
    finder = make_finder(config, bundle, LinearRuler(config.camera))
    assert isinstance(finder, DetectingFinder)
    return finder


@pytest.mark.training
@pytest.mark.parametrize("kind", [{}, {"int8": True}, {"post_processed": True}])
def test_a_network_finds_each_fruit_once_before_a_background_like_a_patchwork(
    kind: dict[str, bool],
) -> None:
    found = finder_of(bundle_with(model(**kind))).find(picture(FRUITS))
    assert [one.from_reference_mm + WIDTH / 2 for one in found] == pytest.approx(
        [column for column, _, _ in FRUITS], abs=10
    )
    assert [one.across.middle_mm for one in found] == pytest.approx(
        [row for _, row, _ in FRUITS], abs=10
    )
    assert all(one.complete and not one.touching for one in found)
    assert found[0].measures.length_mm == pytest.approx(FRUIT_PX, abs=4)
    assert found[0].crop.shape[0] == pytest.approx(1.3 * FRUIT_PX, abs=3)


@pytest.mark.training
def test_fruit_found_by_a_network_is_followed_and_decided_like_any_other() -> None:
    config = make_config(finder={"source": "detector"})
    classifier = StubClassifier()
    classifier.bundle = bundle_with(model())
    pipeline = Pipeline(config=config, classifier=classifier, lot="today")  # type: ignore[arg-type]
    decisions = []
    for index in range(40):
        fruits = [(20.0 * index - 130 * k, 60.0 + 80 * (k % 2), 30.0) for k in range(3)]
        decisions += pipeline.step(picture(fruits, index, tick=40.0 * index))
    decisions += pipeline.finish()
    assert [one.item.reference_tick / 2 for one in decisions] == pytest.approx(
        [200.0, 330.0, 460.0], abs=8
    )
    assert [one.outlet for one in decisions] == ["premium"] * 3


@pytest.mark.training
@cache
def always(*boxes: tuple[float, float, float, float]) -> bytes:
    """Sees the same boxes in every image."""
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([1, ROWS, COLUMNS, 3], tf.float32)])
    def detect(image: Any) -> Any:
        nothing = 0 * tf.reduce_sum(image)
        return nothing + tf.constant([boxes]), nothing + tf.ones([1, len(boxes)])

    converter = tf.lite.TFLiteConverter.from_concrete_functions([detect.get_concrete_function()])
    made: bytes = converter.convert()
    return made


def test_what_a_network_sees_beside_the_image_is_no_item() -> None:
    beside, inside = (0.3, 1.02, 0.5, 1.2), (0.3, 0.3, 0.6, 0.6)
    found = finder_of(bundle_with(always(beside, inside))).find(picture(FRUITS))

    assert [one.measures.area_mm2 > 0 for one in found] == [True]


def test_a_model_that_gives_no_boxes_is_refused() -> None:
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([1, 8, 8, 3], tf.float32)])
    def means(image: Any) -> Any:
        return tf.reduce_mean(image, axis=[1, 2])

    converter = tf.lite.TFLiteConverter.from_concrete_functions([means.get_concrete_function()])
    with pytest.raises(BundleError, match="does not give boxes and scores"):
        Detector(bundle_with(converter.convert()))


def test_a_detector_that_is_no_model_is_refused() -> None:
    with pytest.raises(BundleError, match="cannot be loaded"):
        Detector(bundle_with(b"nothing"))


def test_a_config_that_asks_for_a_detector_needs_one_in_the_bundle() -> None:
    config = make_config(finder={"source": "detector"})
    with pytest.raises(BundleError, match=r"holds no detector; set finder\.source"):
        make_finder(config, bundle_with(None), LinearRuler(config.camera))
    errors = grades_fit(config, make_manifest()).errors
    assert [keys for keys, _ in errors] == [("finder", "source")]


def test_without_a_word_in_the_config_the_background_is_used() -> None:
    config = make_config()
    finder = make_finder(config, bundle_with(b"unused"), LinearRuler(config.camera))
    assert isinstance(finder, SegmentingFinder)


@pytest.mark.parametrize(("most_overlap", "kept"), [(0.5, [0, 2]), (0.7, [0, 1, 2])])
def test_of_boxes_that_lie_over_each_other_the_best_is_kept(
    most_overlap: float, kept: list[int]
) -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 2, 10, 12], [0, 20, 10, 30]], np.float32)
    assert nms(boxes, most_overlap).tolist() == kept


def test_no_boxes_are_no_boxes() -> None:
    assert nms(np.zeros((0, 4), np.float32), 0.5).tolist() == []
