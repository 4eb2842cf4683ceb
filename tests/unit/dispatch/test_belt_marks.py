"""Lots and stops travel with the belt."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sorter.dispatch.belt_marks import LOTS_KEPT, BeltMarks
from sorter.item import Item
from tests.factories import make_item


def marks() -> BeltMarks:
    return BeltMarks(mm_per_tick=0.5, entry_mm=-200.0, lot="monday")


def item(entered_tick: float, *, size_mm: float = 40.0) -> Item:
    """An item whose head enters the field of view at this tick."""
    return make_item(reference_tick=entered_tick + (200 + size_mm / 2) / 0.5, extent_mm=size_mm)


def test_an_item_belongs_to_the_lot_that_was_open_when_its_head_came_into_view() -> None:
    of = marks()
    of.open_lot("tuesday", 1000.0)
    assert of.lot == "tuesday"
    assert of.lot_of(item(999.0)) == "monday"
    assert of.lot_of(item(1001.0)) == "tuesday"


def test_a_lot_change_says_nothing_about_what_lies_before_the_one_before_it() -> None:
    of = marks()
    of.open_lot("tuesday", 1000.0)
    of.open_lot("friday", 3000.0)
    assert [of.lot_of(item(tick)) for tick in (500.0, 2000.0, 3500.0)] == [
        "monday",
        "tuesday",
        "friday",
    ]


def test_the_newest_lot_counts_where_the_belt_has_run_back_in_between() -> None:
    of = marks()
    of.open_lot("tuesday", 1000.0)
    of.open_lot("friday", 900.0)
    assert of.lot_of(item(950.0)) == "friday"
    assert of.lot_of(item(850.0)) == "monday"


def test_old_lots_are_forgotten_without_a_change_for_what_is_on_the_belt() -> None:
    of = marks()
    for number in range(LOTS_KEPT + 5):
        of.open_lot(f"lot {number}", 100.0 * number)
    assert of.lot_of(item(100.0 * 20 + 50)) == "lot 20"


def test_what_was_in_or_past_the_view_at_a_stop_may_have_moved_and_what_came_later_not() -> None:
    of = marks()
    assert not of.may_have_moved(item(500.0))
    of.touched(1000.0)
    assert of.may_have_moved(item(999.0))
    assert of.may_have_moved(item(-5000.0))
    assert not of.may_have_moved(item(1001.0))


@given(ticks=st.lists(st.floats(0, 1e5), min_size=1), entered=st.floats(0, 1e5))
def test_one_stop_that_saw_an_item_is_enough(ticks: list[float], entered: float) -> None:
    of = marks()
    for tick in ticks:
        of.touched(tick)
    assert of.may_have_moved(item(entered - 1)) or max(ticks) < entered
    assert not of.may_have_moved(item(max(ticks) + 1))
