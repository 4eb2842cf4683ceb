from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.errors import TrainingError
from training.parity import Parity, check, mcnemar, parity


def found(n: int, lost: int, gained: int) -> Parity:
    return Parity(n=n, lost=lost, gained=gained)


def refuse(parity: Parity, *, batch_norm: bool = True, fine_tuned: bool = False) -> str:
    with pytest.raises(TrainingError) as caught:
        check(parity, model="lenet", other="ai-edge", batch_norm=batch_norm, fine_tuned=fine_tuned)
    return str(caught.value)


def test_answers_are_paired_photo_by_photo() -> None:
    truth = np.array([0, 0, 1, 1])
    by_float = np.eye(2)[[0, 0, 1, 0]]
    by_int8 = np.eye(2)[[0, 1, 0, 1]]
    assert parity(by_float, by_int8, truth) == found(4, lost=2, gained=1)


@pytest.mark.parametrize(
    ("lost", "gained", "p"), [(0, 0, 1.0), (5, 0, 0.0625), (4, 0, 0.125), (8, 1, 0.0390625)]
)
def test_the_p_value_is_that_of_a_fair_coin(lost: int, gained: int, p: float) -> None:
    assert mcnemar(lost, gained) == pytest.approx(p)


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_p_value_is_a_share_and_takes_no_side(lost: int, gained: int) -> None:
    assert 0 < mcnemar(lost, gained) <= 1
    assert mcnemar(lost, gained) == mcnemar(gained, lost)


@pytest.mark.parametrize(
    ("n", "lost", "gained"),
    [
        (1000, 9, 0),  # 0.9 points
        (50, 2, 0),  # two photos
        (50, 4, 0),  # p = 0.125
        (100, 20, 12),  # 8 points, p = 0.2
        (100, 0, 30),
    ],
)
def test_a_drop_that_is_small_or_may_be_chance_passes(n: int, lost: int, gained: int) -> None:
    check(found(n, lost, gained), model="m", other="o", batch_norm=True)


def test_a_broken_file_is_refused_with_what_was_lost_and_what_to_try() -> None:
    sentence = refuse(found(100, lost=30, gained=2))
    assert "loses 28.0 points on 100 validation photos (30 right answers lost, 2 gained" in sentence
    assert "--quantizer ai-edge" in sentence
    assert "\n" not in sentence


def test_without_batch_norm_the_sentence_names_it_as_the_cause() -> None:
    sentence = refuse(found(100, lost=5, gained=0), batch_norm=False)
    assert "lenet has weights or activations far larger than the rest, since it has no" in sentence
    assert "or --model ds-cnn (batch norm, ReLU6)" in sentence


def test_a_fine_tuned_backbone_is_advised_to_stay_frozen() -> None:
    sentence = refuse(found(100, lost=5, gained=0), fine_tuned=True)
    assert "since fine-tuning moved it away" in sentence
    assert "try --quantizer ai-edge, or no --fine-tune (the backbone stays frozen)" in sentence
