"""Which bins may be right for an item where several outlets take its grade."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from firmware_bridge.board import Shot
from sorter.config import OutletConfig
from sorter.decision import Decision
from sorter.twin.belt import Fall
from sorter.twin.cucumber import grow
from sorter.twin.placed import Produce
from sorter.twin.score import Ending, Score, score
from sorter.twin.takers import Takers
from tests.factories import make_item, make_measures, make_verdict

OUTLETS = [
    OutletConfig.model_validate(values)
    for values in (
        {"name": "sample", "channel": 0, "at_mm": 400, "grades": ["L"], "every": 2},
        {"name": "long", "channel": 1, "at_mm": 500, "grades": ["L"], "length_mm": {"min": 210}},
        {"name": "bent", "channel": 2, "at_mm": 600, "grades": ["BL"], "bend_mm": {"max": 25}},
        {"name": "elsewhere", "channel": 3, "at_mm": 600, "grades": ["L"], "lane": 1},
        {"name": "end", "default": True},
    )
]
READ = make_measures(length_sd_mm=1.0, bend_sd_mm=0.5)


def laid(length_mm: float, *, grade: str = "L", bend_mm: float = 3.0) -> Produce:
    fruit = replace(
        grow(grade, np.random.default_rng(1)), length_mm=length_mm, bend_mm=bend_mm, grade=grade
    )
    return Produce(number=0, fruit=fruit, at_mm=500, along_mm=40)


def run(produce: Produce, *, sent_to: str, bin_name: str, said: str = "L") -> Score:
    shot = None if sent_to == "end" else Shot(item_id=1, channel=0, open_tick=1, close_tick=2)
    decision = Decision(
        item=make_item(reference_tick=1000, measures=READ),
        verdict=make_verdict(said),
        outlet=sent_to,
        shot=shot,
        lot="test",
        time_s=1.0,
    )
    return score(
        falls=[Fall(produce=produce, bin=bin_name, at_us=1)],
        left=[],
        decisions=[decision],
        reports={},
        outlets=OUTLETS,
        grades=["L", "BL"],
        at_mm=lambda tick: tick * 0.5,
    )


@pytest.mark.parametrize(
    ("produce", "own"),
    [
        (laid(220), {"sample", "long"}),
        (laid(200), {"sample"}),
        (laid(208.5), {"sample", "long"}),
        (laid(220, grade="BL", bend_mm=22), {"bent"}),
        (laid(220, grade="BL", bend_mm=30), {"end"}),
        (laid(220, grade="BL", bend_mm=25.8), {"bent", "end"}),
        (laid(220, grade="C"), {"end"}),
    ],
)
def test_its_own_are_all_outlets_of_its_lane_that_take_its_true_grade_and_size(
    produce: Produce, own: set[str]
) -> None:
    assert Takers(OUTLETS).own(produce, READ) == own


def test_without_a_reading_a_size_is_on_one_side_of_its_limit() -> None:
    assert Takers(OUTLETS).own(laid(208.5), None) == {"sample"}


@pytest.mark.parametrize(
    ("length_mm", "sent_to", "bin_name", "ending", "cause"),
    [
        (220, "sample", "sample", Ending.RIGHT, None),
        (220, "long", "long", Ending.RIGHT, None),
        (220, "long", "sample", Ending.WRONG, "caught"),
        (200, "long", "long", Ending.WRONG, "missized"),
        (220, "long", "end", Ending.TO_DEFAULT, "shot_unreported"),
    ],
)
def test_of_two_outlets_that_take_it_the_one_that_was_decided_is_right(
    length_mm: float, sent_to: str, bin_name: str, ending: Ending, cause: str | None
) -> None:
    result = run(laid(length_mm), sent_to=sent_to, bin_name=bin_name)
    assert (result.fates[0].ending, result.fates[0].cause) == (ending, cause)
    assert result.delivered_accuracy == (ending is Ending.RIGHT)


def test_every_outlet_has_its_column_in_the_table_of_bins() -> None:
    result = run(laid(220), sent_to="long", bin_name="long")
    assert result.bins == ("sample", "long", "bent", "elsewhere", "end")
    assert result.into_bins == [[0, 1, 0, 0, 0], [0, 0, 0, 0, 0]]
