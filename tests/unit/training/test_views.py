"""Several views of one item: joined, and learned by a recurrent head."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import sorter.twin
from sorter.bundle import Bundle, BundleError, Golden, Role
from sorter.classifier import Classifier
from sorter.decision_rule import DecisionRule
from sorter.grader import Grader
from sorter.twin.photos import labelled_photos
from sorter.views import Head, Probabilities, fuse, joiner
from tests.factories import make_item, make_manifest, make_sighting
from training.calibration import EVEN_CHANCE
from training.evaluation import Evaluation
from training.pack import threshold
from training.photos import Photo
from training.views import head
from training.views.head import KINDS, Kind, Viewed
from training.views.items import items, of_items, report

DEMO = Path(sorter.twin.__file__).with_name("demo.sorter")


def photo(item: str | None, grade: str = "L") -> Photo:
    return Photo(path=Path("x.png"), grade=grade, item=item)


def test_views_of_an_item_are_gathered_and_a_photo_without_item_is_one() -> None:
    shown = [photo("7"), photo(None), photo("8"), photo("7"), photo(None), photo("7", "M")]
    assert items(shown) == [[0, 3], [1], [2], [4], [5]]


def evaluation(rows: list[list[float]], truth: list[int]) -> Evaluation:
    return Evaluation(
        grades=["L", "M"],
        truth=np.array(truth),
        probabilities=np.array(rows),
        rule=DecisionRule(make_manifest(("L", "M"), unsure_below=0.5)),
    )


def test_items_are_evaluated_beside_photos() -> None:
    photos = evaluation([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]], [0, 0, 1])
    of = of_items(photos, [photo("1"), photo("1"), photo(None, "M")], fuse)
    assert of is not None
    assert (photos.n, photos.accuracy) == (3, pytest.approx(2 / 3))
    assert (of.n, of.accuracy) == (2, 1.0)
    told = report(of, joined_by="mean")["items"]
    assert (told["n"], told["joined_by"], told["confusion"]) == (2, "mean", [[1, 0], [0, 1]])


def test_the_threshold_keeps_its_promise_for_items_of_several_views_too() -> None:
    """Of a view drawn at random 10 of 80 are wrong, of the items as they are joined 20."""
    rows = [[0.3, 0.7], [0.99, 0.01]] * 20 + [[0.95, 0.05]] * 60
    shown = [photo(str(index // 2)) for index in range(40)] + [photo(None)] * 60
    photos = dataclasses.replace(
        evaluation(rows, [0] * 100),
        groups=[index // 2 if index < 40 else index for index in range(100)],
    )
    whole = of_items(photos, shown, lambda views: views[0])
    assert threshold(photos, None, 0.15).unsure_below == EVEN_CHANCE
    assert threshold(photos, whole, 0.15).unsure_below == pytest.approx(0.7)


def test_photos_of_single_items_have_no_evaluation_of_items() -> None:
    photos = evaluation([[0.9, 0.1], [0.4, 0.6]], [0, 0])
    assert of_items(photos, [photo("1"), photo("2")], fuse) is None
    assert report(None, joined_by="mean") == {}


@pytest.fixture(scope="module")
def rendered() -> tuple[Evaluation, list[Photo]]:
    """What the demo's model says about cucumbers that were seen from three sides each."""
    classifier = Classifier.load(DEMO)
    seen = list(labelled_photos(per_grade=4, seed=8, views=3))
    shown = [photo(str(truth["item"]), grade) for grade, _, truth in seen]
    result = Evaluation(
        grades=classifier.grades,
        truth=np.array([classifier.grades.index(one.grade) for one in shown]),
        probabilities=classifier.probabilities([pixels for _, pixels, _ in seen]),
        rule=DecisionRule(classifier.bundle.manifest),
    )
    return result, shown


def test_rendered_items_are_graded_no_worse_than_their_single_views(
    rendered: tuple[Evaluation, list[Photo]],
) -> None:
    photos, shown = rendered
    of = of_items(photos, shown, fuse)
    assert of is not None
    assert (photos.n, of.n) == (108, 36)
    assert of.accuracy >= photos.accuracy


def faults(count: int, seed: int) -> Viewed:
    """Three views each; a fault shows in one of them, and the others vouch for the item."""
    random = np.random.default_rng(seed)
    truth = np.arange(count) % 3
    views = []
    for grade in truth:
        rows = random.dirichlet([8, 2, 0.3], 3)
        if grade:
            rows[random.integers(3)] = random.dirichlet([[0, 0, 0], [1, 9, 1], [1, 1, 9]][grade])
        views.append(rows)
    return Viewed(views=views, truth=truth)


def right(join: object, viewed: Viewed) -> float:
    said = [join(rows).argmax() for rows in viewed.views]  # type: ignore[operator]
    return float((np.array(said) == viewed.truth).mean())


@pytest.fixture(scope="module")
def trained() -> dict[Kind, tuple[object, bytes]]:
    made = {}
    for kind in KINDS:
        learned = faults(240, seed=1)
        model = head.train(kind, learned, faults(60, seed=2), seed=3, advance=lambda note: None)
        made[kind] = model, head.to_int8(kind, model, learned, temperature=1.3)
    return made


Trained = dict[Kind, tuple[object, bytes]]


@pytest.mark.training
@pytest.mark.parametrize("kind", KINDS)
def test_a_head_learns_what_the_mean_of_the_views_hides(trained: Trained, kind: Kind) -> None:
    unseen = faults(150, seed=4)
    assert right(Head(trained[kind][1], grades=3), unseen) > right(fuse, unseen) + 0.1


@pytest.mark.training
@pytest.mark.parametrize("kind", KINDS)
def test_the_int8_file_says_what_the_trained_head_says(trained: Trained, kind: Kind) -> None:
    model, file = trained[kind]
    unseen = faults(60, seed=5)
    device = Head(file, grades=3)
    wanted = head.logits(model, unseen) / 1.3
    laid = head.laid_out(unseen.views, device.steps)
    said = np.stack([device.logits(one.astype(float)) for one in laid])
    assert np.abs(said - wanted).mean() < 0.15
    assert (said.argmax(axis=1) == wanted.argmax(axis=1)).mean() > 0.93


@pytest.mark.training
def test_all_of_a_head_is_int8(trained: Trained) -> None:
    from training.int8_file import plain_interpreter

    for _, file in trained.values():
        tensors = plain_interpreter(file).get_tensor_details()
        assert [one for one in tensors if one["dtype"] not in (np.int8, np.int32)] == []


@pytest.mark.training
def test_the_same_seed_makes_the_same_head() -> None:
    learned = faults(60, seed=1)
    files = []
    for _ in range(2):
        model = head.train(
            "gru", learned, faults(60, seed=2), seed=3, epochs=5, advance=lambda note: None
        )
        files.append(head.to_int8("gru", model, learned, temperature=1.3))
    assert files[0] == files[1]


@pytest.mark.training
def test_an_untrained_head_says_what_the_mean_says() -> None:
    viewed = faults(20, seed=6)
    model = head.build("gru", steps=3, grades=3)
    mean = np.stack([fuse(rows) for rows in viewed.views])
    assert (head.logits(model, viewed).argmax(axis=1) == mean.argmax(axis=1)).all()


@pytest.fixture
def bundle(trained: Trained) -> Bundle:
    """The demo's classifier, whose nine grades have a head of nine."""
    demo = Bundle.load(DEMO)
    random = np.random.default_rng(0)
    viewed = Viewed(
        views=[random.dirichlet(np.ones(9) / 2, 3) for _ in range(30)], truth=np.arange(30) % 9
    )
    file = head.to_int8("gru", head.build("gru", steps=3, grades=9), viewed, temperature=1.0)
    device = Head(file, grades=9)
    inputs = np.stack([device.quantize(one) for one in head.laid_out(viewed.views[:4], 3)])
    roles = demo.manifest.roles | {"views": Role(file="views.tflite", required=False)}
    return dataclasses.replace(
        demo,
        manifest=demo.manifest.model_copy(update={"roles": roles}),
        models=demo.models | {"views": file},
        views_golden=Golden(inputs=inputs, outputs=device.invoke(inputs)),
    )


@pytest.mark.training
def test_a_bundle_carries_a_head_and_the_grader_uses_it(bundle: Bundle, tmp_path: Path) -> None:
    bundle.save(tmp_path / "head.sorter")
    classifier = Classifier.load(tmp_path / "head.sorter")
    assert isinstance(classifier.join, Head)
    photos = [pixels for _, pixels, _ in labelled_photos(per_grade=1, seed=9, views=2)][:2]
    views = tuple(make_sighting(photo=pixels) for pixels in photos)
    (verdict,) = Grader(classifier).judge([make_item(views=views)])
    wanted = classifier.join(classifier.probabilities(photos))
    assert list(verdict.probabilities.values()) == pytest.approx(list(wanted))


@pytest.mark.training
def test_a_single_view_and_views_that_are_no_numbers_pass_the_head_by(bundle: Bundle) -> None:
    join = joiner(bundle)
    row: Probabilities = np.full((1, 9), 1 / 9)
    assert join(row) == pytest.approx(row[0])
    assert np.isnan(join(np.full((2, 9), np.nan))).all()


@pytest.mark.training
@pytest.mark.parametrize("count", [2, 3, 5])
def test_an_item_of_any_number_of_views_is_joined(bundle: Bundle, count: int) -> None:
    views = np.random.default_rng(count).dirichlet(np.ones(9), count)
    assert joiner(bundle)(views).sum() == pytest.approx(1)


@pytest.mark.training
def test_a_head_that_does_not_fit_is_refused(bundle: Bundle, trained: Trained) -> None:
    golden = bundle.views_golden
    assert golden is not None
    wrong = [
        ({"views": b"nothing"}, golden, "cannot be loaded"),
        ({"views": trained["gru"][1]}, golden, "does not fit its 9 grades"),
        ({"views": bundle.models["classifier"]}, golden, "does not fit its 9 grades"),
        ({}, None, "nothing for the model of views"),
        ({}, Golden(inputs=golden.inputs[:, :2], outputs=golden.outputs), "does not fit the model"),
        ({}, Golden(inputs=golden.inputs, outputs=golden.outputs - 9), "differ from those"),
    ]
    for models, kept, sentence in wrong:
        spoilt = dataclasses.replace(bundle, models=bundle.models | models, views_golden=kept)
        with pytest.raises(BundleError, match=sentence):
            Classifier(spoilt)
