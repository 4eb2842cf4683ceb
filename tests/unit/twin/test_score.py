"""What counts as right, wrong, to the default outlet and lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from firmware_bridge.board import Outcome, Reason, Shot, ShotReport
from sorter.config import OutletConfig
from sorter.decision import Decision
from sorter.twin.belt import Fall
from sorter.twin.cucumber import grow
from sorter.twin.placed import Produce
from sorter.twin.score import Ending, Fate, match, score
from sorter.verdict import Why
from tests.factories import make_item, make_verdict

GRADES = ["2L", "L", "S", "C"]
OUTLETS = [
    OutletConfig(name="big", channel=0, at_mm=400, grades=["2L", "L"]),
    OutletConfig(name="small", channel=1, at_mm=500, grades=["S"]),
    OutletConfig(name="end", default=True, grades=["C"]),
]
PITCH_MM = 100.0


def at_mm(tick: float) -> float:
    return tick * 0.5


def big_in(lane: int) -> OutletConfig:
    return OutletConfig(name=f"big-{lane}", lane=lane, channel=5, at_mm=400, grades=["L"])


def fruit(grade: str = "L", number: int = 0) -> Produce:
    return Produce(
        number=number,
        fruit=grow(grade, np.random.default_rng(1)),
        at_mm=500 + number * PITCH_MM,
        along_mm=40,
    )


def decided(
    outlet: str, grade: str | None, *, at_mm: float = 500.0, why: Why = Why.CLASS, item_id: int = 1
) -> Decision:
    shot = Shot(item_id=item_id, channel=0, open_tick=1, close_tick=2) if outlet != "end" else None
    return Decision(
        item=make_item(item_id, reference_tick=at_mm / 0.5),
        verdict=replace(make_verdict(grade), best_guess=grade or "L", why=why),
        outlet=outlet,
        shot=shot,
        lot="test",
        time_s=1.0,
    )


def report(outcome: Outcome = Outcome.FIRED, reason: Reason = Reason.NONE) -> ShotReport:
    return ShotReport(item_id=1, channel=0, outcome=outcome, reason=reason)


def fate_of(
    grade: str,
    bin_name: str | None,
    decision: Decision | None,
    shot_report: ShotReport | None = None,
) -> Fate:
    one = fruit(grade)
    return score(
        falls=[] if bin_name is None else [Fall(produce=one, bin=bin_name, at_us=1)],
        left=[one] if bin_name is None else [],
        decisions=[] if decision is None else [decision],
        reports={} if shot_report is None else {1: shot_report},
        outlets=OUTLETS,
        grades=GRADES,
        at_mm=at_mm,
    ).fates[0]


@pytest.mark.parametrize(
    ("grade", "bin_name", "decision", "shot_report", "ending", "cause"),
    [
        ("L", "big", decided("big", "L"), report(), Ending.RIGHT, None),
        ("L", "big", decided("big", "2L"), report(), Ending.RIGHT, None),
        ("C", "end", decided("end", "C"), None, Ending.RIGHT, None),
        ("C", "end", decided("end", None, why=Why.UNSURE), None, Ending.RIGHT, None),
        ("L", "small", decided("small", "S"), report(), Ending.WRONG, "misclassified"),
        ("C", "small", decided("small", "S"), report(), Ending.WRONG, "misclassified"),
        ("L", "small", decided("big", "L"), report(), Ending.WRONG, "caught"),
        ("L", "small", None, None, Ending.WRONG, "caught"),
        ("L", "end", decided("end", "C"), None, Ending.TO_DEFAULT, "misclassified"),
        ("L", "end", decided("end", None, why=Why.UNSURE), None, Ending.TO_DEFAULT, "unsure"),
        ("L", "end", decided("end", None, why=Why.TOO_LATE), None, Ending.TO_DEFAULT, "too_late"),
        (
            "L",
            "end",
            decided("big", "L"),
            report(Outcome.REFUSED, Reason.LATE),
            Ending.TO_DEFAULT,
            "shot_late",
        ),
        ("L", "end", decided("big", "L"), report(), Ending.TO_DEFAULT, "missed"),
        ("L", "end", decided("big", "L"), None, Ending.TO_DEFAULT, "shot_unreported"),
        ("L", "end", None, None, Ending.LOST, "unseen"),
        ("C", "end", None, None, Ending.LOST, "unseen"),
        ("L", None, decided("big", "L"), None, Ending.LOST, "still_on_belt"),
    ],
)
def test_every_fruit_ends_in_exactly_one_way_with_its_cause(
    grade: str,
    bin_name: str | None,
    decision: Decision | None,
    shot_report: ShotReport | None,
    ending: Ending,
    cause: str | None,
) -> None:
    fate = fate_of(grade, bin_name, decision, shot_report)
    assert (fate.ending, fate.cause) == (ending, cause)


def test_a_decision_belongs_to_the_nearest_fruit() -> None:
    produce = [fruit(number=number) for number in range(3)]
    near_second = decided("big", "L", at_mm=500 + 1.2 * PITCH_MM)
    matched, strays = match(produce, [near_second], at_mm)
    assert (matched, strays) == ({1: near_second}, 0)


def test_a_decision_far_from_any_fruit_is_a_stray() -> None:
    produce = [fruit(number=number) for number in range(3)]
    matched, strays = match(produce, [decided("big", "L", at_mm=2000)], at_mm)
    assert (matched, strays) == ({}, 1)


def test_of_two_decisions_for_one_fruit_the_nearer_counts() -> None:
    near, far = decided("big", "L", at_mm=505), decided("big", "L", at_mm=520, item_id=2)
    matched, strays = match([fruit()], [far, near], at_mm)
    assert (matched, strays) == ({0: near}, 1)


def test_the_tables_count_by_true_grade() -> None:
    produce = [fruit("L", 0), fruit("L", 1), fruit("S", 2)]
    result = score(
        falls=[
            Fall(produce=produce[0], bin="big", at_us=1),
            Fall(produce=produce[1], bin="small", at_us=2),
            Fall(produce=produce[2], bin="small", at_us=3),
        ],
        left=[],
        decisions=[
            decided("big", "L", at_mm=500),
            decided("small", "S", at_mm=600, item_id=2),
            decided("small", "S", at_mm=700, item_id=3),
        ],
        reports={},
        outlets=OUTLETS,
        grades=GRADES,
        at_mm=at_mm,
    )
    assert result.bins == ("big", "small", "end")
    assert result.confusion == [[0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    assert result.into_bins == [[0, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert result.classifier_accuracy == pytest.approx(2 / 3)
    assert result.by_cause == {"misclassified": 1}


def test_what_was_decided_is_told_apart_from_what_was_delivered() -> None:
    produce = [fruit("L", 0), fruit("S", 1), fruit("C", 2), fruit("S", 3)]
    result = score(
        falls=[
            Fall(produce=produce[0], bin="end", at_us=1),
            Fall(produce=produce[1], bin="big", at_us=2),
            Fall(produce=produce[2], bin="small", at_us=3),
            Fall(produce=produce[3], bin="end", at_us=4),
        ],
        left=[],
        decisions=[
            decided("big", "L", at_mm=500),
            decided("small", "S", at_mm=600, item_id=2),
            decided("small", "S", at_mm=700, item_id=3),
            decided("end", None, at_mm=800, item_id=4, why=Why.UNSURE),
        ],
        reports={},
        outlets=OUTLETS,
        grades=GRADES,
        at_mm=at_mm,
    )
    # Graded are the first three: two were sent to their own bins, none has got there.
    assert result.decided_accuracy == pytest.approx(2 / 3)
    assert result.delivered_accuracy == 0
    assert result.wrong_by_cause == {"caught": 1, "misclassified": 1}


def test_a_decision_is_matched_within_its_own_lane() -> None:
    one, other = fruit("L", 0), replace(fruit("L", 1), at_mm=510.0, lane=1)
    decision = decided("big", "L", at_mm=508)
    assert decision.item.lane == 0
    matched, strays = match([one, other], [decision], at_mm)
    assert (matched, strays) == ({0: decision}, 0)


@pytest.mark.parametrize(
    ("why", "lane", "ending", "cause"),
    [
        (Why.DOUBLE, 0, Ending.TO_DEFAULT, "double"),
        (Why.DOUBLE, 1, Ending.TO_DEFAULT, "double"),
        (Why.DOUBLE, 2, Ending.LOST, "unseen"),
        (Why.UNSURE, 0, Ending.LOST, "unseen"),
    ],
)
def test_both_fruits_of_a_double_are_accounted_for_and_none_of_what_passed_as_one(
    why: Why, lane: int, ending: Ending, cause: str
) -> None:
    one, other = fruit("L", 0), replace(fruit("L", 1), at_mm=540.0, lane=lane)
    decision = decided("end", None, at_mm=518, why=why)
    double = replace(decision, item=replace(decision.item, extent_mm=80.0))
    result = score(
        falls=[Fall(produce=item, bin="end", at_us=1) for item in (one, other)],
        left=[],
        decisions=[double],
        reports={},
        outlets=[*OUTLETS, big_in(lane)],
        grades=GRADES,
        at_mm=at_mm,
    )
    assert result.fates[0].decision is double
    assert (result.fates[1].ending, result.fates[1].cause) == (ending, cause)
    # A guess at a double is none at either fruit.
    assert (result.classifier_accuracy is None) == (why is Why.DOUBLE)


def test_a_fruit_beside_a_double_that_holds_two_of_its_own_lane_is_lost() -> None:
    one, other = fruit("L", 0), replace(fruit("L", 1), at_mm=540.0)
    unseen = replace(fruit("L", 2), at_mm=530.0, lane=1)
    decision = decided("end", None, at_mm=518, why=Why.DOUBLE)
    double = replace(decision, item=replace(decision.item, extent_mm=80.0))
    result = score(
        falls=[Fall(produce=item, bin="end", at_us=1) for item in (one, unseen, other)],
        left=[],
        decisions=[double],
        reports={},
        outlets=[*OUTLETS, big_in(1)],
        grades=GRADES,
        at_mm=at_mm,
    )
    assert [fate.ending for fate in result.fates] == [
        Ending.TO_DEFAULT,
        Ending.TO_DEFAULT,
        Ending.LOST,
    ]


def test_after_a_slip_a_decision_still_belongs_to_the_fruit_that_was_seen() -> None:
    produce = [fruit(number=number) for number in range(3)]
    # The belt has fallen 80 mm behind its encoder.
    second = decided("big", "L", at_mm=produce[1].at_mm + 80)
    matched, strays = match(produce, [second], lambda tick: tick * 0.5 - 80)
    assert (matched, strays) == ({1: second}, 0)
