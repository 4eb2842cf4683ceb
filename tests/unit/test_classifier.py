from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import sorter.twin
from sorter import classifier as classifier_module
from sorter.bundle import Bundle, BundleError, Grade
from sorter.classifier import GOLDEN_TOLERANCE, Classifier, softmax
from sorter.frame import Pixels

DEMO = Path(sorter.twin.__file__).with_name("demo.sorter")


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle.load(DEMO)


@pytest.fixture(scope="module")
def classifier(bundle: Bundle) -> Classifier:
    return Classifier(bundle)


def photos(count: int) -> list[Pixels]:
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (40 + n, 60, 3)).astype(np.uint8) for n in range(count)]


def test_the_demo_bundle_answers_as_it_did_when_it_was_packed(classifier: Classifier) -> None:
    assert classifier.golden_deviation() <= GOLDEN_TOLERANCE


def test_each_photo_gets_probabilities_that_sum_to_one(classifier: Classifier) -> None:
    rows = classifier.probabilities(photos(3))
    assert rows.shape == (3, len(classifier.grades))
    assert rows.sum(axis=1) == pytest.approx(1)
    assert (rows >= 0).all()


def test_no_photos_get_no_rows(classifier: Classifier) -> None:
    assert classifier.probabilities([]).shape == (0, len(classifier.grades))


def test_a_photo_is_judged_alike_alone_and_in_a_batch(classifier: Classifier) -> None:
    batch = classifier.probabilities(photos(4))
    alone = np.concatenate([classifier.probabilities([photo]) for photo in photos(4)])
    assert batch == pytest.approx(alone)


def test_a_higher_temperature_makes_the_model_less_sure(bundle: Bundle) -> None:
    hot = bundle.manifest.model_copy(update={"temperature": bundle.manifest.temperature * 4})
    cool = Classifier(bundle).probabilities(photos(4)).max(axis=1)
    assert (
        Classifier(dataclasses.replace(bundle, manifest=hot)).probabilities(photos(4)).max(axis=1)
        < cool
    ).all()


def test_a_model_that_computes_something_else_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    far = (bundle.golden.outputs.astype(int) + 40).clip(-128, 127).astype(np.int8)
    golden = dataclasses.replace(bundle.golden, outputs=far)
    dataclasses.replace(bundle, golden=golden).save(tmp_path / "drifted.sorter")
    with pytest.raises(BundleError, match=r"drifted\.sorter: .*differ.*pack the bundle again"):
        Classifier.load(tmp_path / "drifted.sorter")


def test_golden_inputs_of_another_size_are_refused(bundle: Bundle) -> None:
    golden = dataclasses.replace(bundle.golden, inputs=bundle.golden.inputs[:, :32, :32])
    with pytest.raises(BundleError, match=r"golden\.npz does not fit"):
        Classifier(dataclasses.replace(bundle, golden=golden)).golden_deviation()


def test_golden_outputs_of_other_grades_are_refused(bundle: Bundle) -> None:
    golden = dataclasses.replace(bundle.golden, outputs=bundle.golden.outputs[:, :2])
    with pytest.raises(BundleError, match=r"golden\.npz does not fit"):
        Classifier(dataclasses.replace(bundle, golden=golden)).golden_deviation()


@pytest.mark.parametrize("model", [b"", b"no model", b"\x1c\x00\x00\x00TFL3" + bytes(100)])
def test_a_model_that_is_no_model_is_refused(bundle: Bundle, model: bytes) -> None:
    with pytest.raises(BundleError, match=r"model\.tflite cannot be loaded"):
        Classifier(dataclasses.replace(bundle, models={"classifier": model}))


def test_a_model_with_fewer_outputs_than_grades_is_refused(bundle: Bundle) -> None:
    more = [*bundle.manifest.grades, Grade(name="one more")]
    manifest = bundle.manifest.model_copy(update={"grades": more})
    with pytest.raises(BundleError, match=r"promises int8 \[10\]"):
        Classifier(dataclasses.replace(bundle, manifest=manifest))


class Interpreter:
    """Has the demo's shapes, and as many outputs and whatever scale the test wants."""

    def __init__(self, grades: int, *, scale: float = 0.1, outputs: int = 1) -> None:
        self._scale, self._outputs, self._grades = scale, outputs, grades

    def get_input_details(self) -> list[dict[str, object]]:
        return [self._details(1, 96, 96, 3)]

    def get_output_details(self) -> list[dict[str, object]]:
        return [self._details(1, self._grades)] * self._outputs

    def _details(self, *shape: int) -> dict[str, object]:
        return {"shape": shape, "dtype": np.int8, "quantization": (self._scale, 0)}


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_a_model_whose_numbers_mean_nothing_is_refused(
    bundle: Bundle, scale: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Interpreter(len(bundle.manifest.grades), scale=scale)
    monkeypatch.setattr(classifier_module, "make_interpreter", lambda model, threads: made)
    without_shape = bundle.manifest.model_copy(update={"measures": ()})
    with pytest.raises(BundleError, match="has the scale"):
        Classifier(dataclasses.replace(bundle, manifest=without_shape))


def test_a_model_with_two_outputs_is_refused(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Interpreter(len(bundle.manifest.grades), outputs=2)
    monkeypatch.setattr(classifier_module, "make_interpreter", lambda model, threads: made)
    with pytest.raises(BundleError, match="1 inputs and 2 outputs"):
        Classifier(bundle)


def test_loading_says_nothing_on_stderr(bundle: Bundle, capfd: pytest.CaptureFixture[str]) -> None:
    Classifier(bundle).probabilities(photos(2))
    assert capfd.readouterr().err == ""


def test_softmax_stands_large_logits() -> None:
    assert softmax(np.array([[1000.0, 0.0]])) == pytest.approx(np.array([[1.0, 0.0]]))


def test_measures_that_this_version_does_not_take_are_refused(bundle: Bundle) -> None:
    manifest = bundle.manifest.model_copy(update={"measures": ("length", "weight")})
    with pytest.raises(BundleError, match=r"wants the measures length, weight.*update the sorter"):
        Classifier(dataclasses.replace(bundle, manifest=manifest))
