"""What the line's benchmark counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.line.closed_loop import rode_otherwise, trouble
from benchmarks.line.repeatability import steadiness
from firmware_bridge.board import Shot
from sorter.decision import Decision
from sorter.twin.cucumber import grow
from sorter.twin.placed import Produce
from sorter.twin.score import Ending, Fate
from sorter.twin.script import BeltScript
from sorter.verdict import Why
from tests.factories import make_item, make_verdict


def fate(
    bin_name: str, outlet: str, said: str | None, *, why: Why = Why.CLASS, own: str = "big"
) -> Fate:
    shot = Shot(item_id=1, channel=0, open_tick=1, close_tick=2) if outlet != "end" else None
    return Fate(
        produce=Produce(
            number=0, fruit=grow("L", np.random.default_rng(1)), at_mm=500, along_mm=40
        ),
        decision=Decision(
            item=make_item(),
            verdict=replace(make_verdict(said), why=why),
            outlet=outlet,
            shot=shot,
            lot="test",
            time_s=1.0,
        ),
        own=frozenset({own}),
        bin=bin_name,
        ending=Ending.TO_DEFAULT,
        cause=None,
    )


@pytest.mark.parametrize(
    ("one", "counts"),
    [
        (fate("end", "end", None, why=Why.UNSURE), False),
        (fate("end", "end", None, why=Why.DOUBLE), False),
        (fate("end", "end", None, why=Why.CROWDED), True),
        (fate("end", "end", None, why=Why.CROWDED, own="end"), True),
        (fate("end", "end", "C"), True),
        (fate("end", "end", "C", own="end"), False),
        (fate("end", "big", "L"), True),
        (fate("small", "small", "S"), False),
    ],
)
def test_only_doubt_and_the_default_outlets_own_grade_may_ride_there(
    one: Fate, counts: bool
) -> None:
    assert rode_otherwise(one, "end") == counts


def test_a_classifier_that_is_always_unsure_repeats_nothing() -> None:
    assert steadiness(Counter({None: 10})) == 0


def test_a_pass_without_a_grade_is_not_the_same_as_one_with() -> None:
    assert steadiness(Counter({"L": 6, None: 4})) == 0.6


@pytest.mark.parametrize("run_s", [62.5, 125.0])
def test_the_belt_is_disturbed_once_in_each_third_of_a_run(run_s: float) -> None:
    script = BeltScript.parse(trouble(run_s))
    script.check(960.0)
    thirds = Counter(int(step.at_s / run_s * 3) for step in script.steps)
    assert thirds == {0: 3, 1: 3, 2: 3}


def test_the_belt_of_a_short_run_is_disturbed_once() -> None:
    assert len(BeltScript.parse(trouble(6.0)).steps) == 3
