from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from training import choose
from training.compare import Answers
from training.fit import Method

PHOTOS = 200


def trials(
    right: dict[str, int],
) -> tuple[Callable[[Method, int], Answers], list[tuple[str, int]]]:
    """Networks that get so many of 200 photos right in each fold; and who was tried on what.

    The first ones, or, of a number below 0, the last.
    """
    asked: list[tuple[str, int]] = []

    def trial(method: Method, fold: int) -> Answers:
        asked.append((method.model, fold))
        count = right[method.model]
        is_right = np.arange(PHOTOS) < count if count > 0 else np.arange(PHOTOS) >= PHOTOS + count
        said = np.stack([is_right, ~is_right], axis=1).astype(float)
        return Answers(
            truth=np.zeros(PHOTOS, np.intp),
            by_float=said,
            by_int8=said,
            fold=np.full(PHOTOS, fold),
            groups=list(range(PHOTOS)),
            parameters=1,
        )

    return trial, asked


def methods(names: str) -> list[Method]:
    return [Method(model=name) for name in names]


def test_a_clearly_better_network_is_chosen_after_one_fold() -> None:
    trial, asked = trials({"a": 120, "b": 160, "c": 100})
    choice = choose.rank(methods("abc"), trial, seconds=60, clock=lambda: 0.0)
    assert choice.method.model == "b"
    assert asked == [("a", 0), ("b", 0), ("c", 0)]
    assert choice.reason == (
        "b was chosen of 3 tried (160 of 200 photos right in short trials on 1 of 5 folds): "
        "clearly the best"
    )


def test_of_even_networks_the_one_tried_first_is_chosen() -> None:
    trial, asked = trials({"a": 160, "b": -161, "c": 100})
    choice = choose.rank(methods("abc"), trial, seconds=60, clock=lambda: 0.0)
    assert choice.method.model == "a"
    assert asked[3:] == [(name, fold) for fold in range(1, 5) for name in "ab"]
    assert "b had 805, which is no clear lead" in choice.reason


def test_the_best_that_is_not_clearly_ahead_is_told_with_the_rest() -> None:
    trial, _ = trials({"a": 161, "b": -160})
    choice = choose.rank(methods("ab"), trial, seconds=60, clock=lambda: 0.0)
    assert choice.method.model == "a"
    assert choice.reason.endswith("the best, though not clearly ahead of b")


def test_the_time_budget_ends_the_trials_and_an_unfinished_fold_does_not_count() -> None:
    trial, asked = trials({"a": 160, "b": 160})
    # The clock is read once at the start and once before each trial.
    seconds = iter([0.0, 1.0, 2.0, 3.0, 99.0])
    choice = choose.rank(methods("ab"), trial, seconds=60, clock=lambda: next(seconds))
    assert asked == [("a", 0), ("b", 0), ("a", 1)]
    assert "160 of 200 photos right in short trials on 1 of 5 folds" in choice.reason


def test_networks_that_were_not_tried_are_counted() -> None:
    trial, _ = trials({"a": 160, "b": 160})
    seconds = iter([0.0, 1.0, 99.0, 99.0, 99.0])
    choice = choose.rank(methods("ab"), trial, seconds=60, clock=lambda: next(seconds))
    assert choice.method.model == "a"
    assert choice.reason.endswith(
        "the only one that there was time for; 1 networks were not tried for lack of time"
    )


def test_without_any_time_the_first_is_taken_and_that_is_said() -> None:
    trial, asked = trials({"a": 1})
    choice = choose.rank(methods("a"), trial, seconds=0, clock=lambda: 0.0)
    assert (choice.method.model, asked) == ("a", [])
    assert "no time for a trial" in choice.reason


def test_the_shape_is_tried_with_and_without_and_a_backbone_if_there_are_weights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("training.weights.fitting", lambda given: "mobilenetv2")
    tried = choose.candidates(Method(weights="some.h5", fine_tune=2), 32)
    assert [one.takes_shape for one in tried if one.model == "ds-cnn"] in (
        [True, False],
        [False, True],
    )
    backbones = [one for one in tried if one.weights != "none"]
    assert [(one.model, one.fine_tune) for one in backbones] == [("mobilenetv2", 2)]
    assert len({choose.label(one) for one in tried}) == len(tried)


def test_what_the_user_says_of_the_shape_is_not_tried_otherwise() -> None:
    tried = choose.candidates(Method(shape=False), 32)
    assert not any(one.takes_shape for one in tried)


def test_a_choice_is_remembered_for_the_same_command_alone(tmp_path: Path) -> None:
    path = tmp_path / "choice.json"
    choice = choose.Choice(method=Method(model="lenet", seed=4, shape=False), reason="so")
    assert choose.Choice.load(path, "this", Method(model="auto", seed=4)) is None
    choice.save(path, "this")
    assert choose.Choice.load(path, "this", Method(model="auto", seed=4)) == choice
    assert choose.Choice.load(path, "another", Method(model="auto", seed=4)) is None
    path.write_text('{"asked": "this", "method": {"model": "len')
    assert choose.Choice.load(path, "this", Method(model="auto", seed=4)) is None
