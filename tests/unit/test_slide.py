"""What does not keep its place on the belt: jams, and what looks like one."""

from __future__ import annotations

import pytest

from sorter.item import Item, Sighting
from sorter.verdict import Why
from tests.factories import make_sighting
from tests.unit.test_tracker import make_tracker, step, steps


def held(at_mm: float, tick: float, *, from_tick: float, upto_tick: float = 1e9) -> Sighting:
    """An item at its place on the belt, until something in the field holds it there."""
    image_mm = at_mm + min(tick, from_tick) / 2 + max(0.0, tick - upto_tick) / 2
    return make_sighting(image_mm, tick=tick)


def test_an_item_that_jams_beyond_the_line_where_it_is_decided_stays_one_however_long() -> None:
    tracker = make_tracker()
    items: list[Item] = []
    for tick in steps(0, 4000, 20):
        items += step(tracker, held(-150.0, tick, from_tick=600.0), tick=tick)
    assert [item.item_id for item in items + tracker.finish()] == [1]
    assert tracker.slid == 1
    assert tracker.jammed
    # It was shot at where it is not.
    assert tracker.take_slid() == [1]
    assert tracker.take_slid() == []


@pytest.mark.parametrize("step_ticks", [6, 40, 90])
def test_a_jam_is_one_item_at_every_speed_of_the_belt(step_ticks: int) -> None:
    tracker = make_tracker()
    items: list[Item] = []
    for tick in steps(0, 4000, step_ticks):
        items += step(tracker, held(-150.0, tick, from_tick=630.0), tick=tick)
    assert len(items + tracker.finish()) == 1


def test_what_is_held_at_the_edge_and_shows_a_part_of_it_alone_is_one_item() -> None:
    tracker = make_tracker()
    items: list[Item] = []
    for tick in steps(0, 3000, 20):
        at_mm = min(-150.0 + tick / 2, 185.0)
        low_mm, high_mm = at_mm - 20, min(at_mm + 20, 200.0)
        sighting = make_sighting(
            (low_mm + high_mm) / 2, tick=tick, size_mm=high_mm - low_mm, complete=high_mm < 200
        )
        items += step(tracker, sighting, tick=tick)
    assert len(items + tracker.finish()) == 1


def test_a_jam_is_over_when_the_item_has_been_taken_out() -> None:
    tracker = make_tracker()
    for tick in steps(0, 2000, 20):
        step(tracker, held(-150.0, tick, from_tick=600.0), tick=tick)
    assert tracker.jammed
    # The belt stands meanwhile, or does not.
    for _ in range(5):
        step(tracker, tick=2000.0)
    assert not tracker.jammed


def test_an_item_that_is_held_in_view_and_gets_free_rides() -> None:
    tracker = make_tracker()
    items: list[Item] = []
    for tick in steps(0, 1400, 20):
        seen = held(-150.0, tick, from_tick=300.0, upto_tick=500.0)
        items += step(tracker, *([seen] if seen.from_reference_mm < 180 else []), tick=tick)
    assert [item.doubt for item in items] == [Why.VANISHED]
    assert tracker.slid == 1


def test_items_that_pass_beside_one_that_is_jammed_are_shot_as_ever() -> None:
    tracker = make_tracker()
    items: list[Item] = []
    for tick in steps(0, 4000, 20):
        jam = held(-150.0, tick, from_tick=600.0)
        passing = [
            make_sighting(at_mm, tick=tick, across=(160.0, 190.0))
            for k in range(10)
            if abs(at_mm := tick / 2 - 300 - 150 * k) < 180
        ]
        items += step(tracker, jam, *passing, tick=tick)
    assert [item.doubt for item in items] == [None] * 11
    assert tracker.take_slid() == [1]


@pytest.mark.parametrize(
    ("scale", "rocks_mm", "slips_mm"), [(1.06, 0.0, 0.0), (0.94, 0.0, 0.0), (1.0, 4.0, 5.0)]
)
def test_a_scale_that_is_off_a_fruit_that_rocks_and_a_belt_that_slips_a_little_are_no_slide(
    scale: float, rocks_mm: float, slips_mm: float
) -> None:
    tracker = make_tracker()
    items: list[Item] = []
    for index, tick in enumerate(steps(0, 680, 10)):
        slipped_mm = slips_mm * min(1.0, tick / 400)
        at_mm = scale * (-170.0 + tick / 2) + rocks_mm * (-1) ** (index // 5) / 2 - slipped_mm
        items += step(tracker, make_sighting(at_mm, tick=tick), tick=tick)
    assert [item.doubt for item in items] == [None]
    assert tracker.slid == 0


def test_items_that_lie_in_the_field_at_the_start_are_items() -> None:
    tracker = make_tracker()
    items: list[Item] = []
    for tick in steps(0, 1000, 20):
        seen = [
            make_sighting(at_mm, tick=tick)
            for start_mm in (-60.0, 0.0, 60.0, 120.0)
            if (at_mm := start_mm + tick / 2) < 180
        ]
        items += step(tracker, *seen, tick=tick)
    assert [item.doubt for item in items] == [None] * 4


def test_items_that_are_first_seen_beside_a_decided_one_when_a_blind_time_ends_are_items() -> None:
    tracker = make_tracker()
    items: list[Item] = []
    for tick in steps(0, 900, 20):
        places = [-130.0 - 42 * k + tick / 2 for k in range(5)]
        blind = 400 < tick < 560
        seen = [make_sighting(at, tick=tick) for at in places if abs(at) < 178]
        items += tracker.follow(tick, [] if blind else seen, blind=blind)
    assert len(items + tracker.finish()) == 5
    assert tracker.slid == 0


@pytest.mark.parametrize("off_mm", [0.0, 3.0, 12.0])
def test_an_item_that_lies_where_a_decided_one_was_before_frames_were_missing_is_another(
    off_mm: float,
) -> None:
    tracker = make_tracker()
    items: list[Item] = []
    for tick in [*steps(0, 640, 20), *steps(1410, 2400, 20)]:
        first_mm = -150.0 + tick / 2
        places = [first_mm, first_mm - 395.0 - off_mm]
        seen = [make_sighting(at, tick=tick) for at in places if abs(at) < 178]
        items += step(tracker, *seen, tick=tick)
    assert [item.doubt for item in items] == [None, None]
    assert (tracker.slid, tracker.take_slid()) == (0, [])


def row(heads_mm: list[float], *, tick: float, size_mm: float) -> list[Sighting]:
    """Items in one row, cut off at the edges of the image; by the places of their middles."""
    seen = []
    for at_mm in heads_mm:
        low_mm, high_mm = max(-200.0, at_mm - size_mm / 2), min(200.0, at_mm + size_mm / 2)
        if high_mm - low_mm > 3:
            middle_mm, shown_mm = (low_mm + high_mm) / 2, high_mm - low_mm
            seen.append(
                make_sighting(middle_mm, tick=tick, size_mm=shown_mm, complete=shown_mm >= size_mm)
            )
    return seen


@pytest.mark.parametrize("held_mm", [60.0, 120.0, 165.0])
@pytest.mark.parametrize("step_mm", [12.0, 20.0, 24.0, 28.0, 36.0, 40.0])
def test_a_jam_with_fruit_queued_behind_it_is_told_and_nothing_is_shot_at(
    held_mm: float, step_mm: float
) -> None:
    tracker = make_tracker()
    items: list[Item] = []
    slid: list[int] = []
    places = [-150.0 - 45.0 * k for k in range(4)]
    for index in range(100):
        tick, free_to_mm = 2 * step_mm * (index + 1), held_mm
        for k, at_mm in enumerate(places):
            places[k] = min(at_mm + step_mm, free_to_mm)
            free_to_mm = places[k] - 36.0
        items += step(tracker, *row(places, tick=tick, size_mm=30.0), tick=tick)
        slid += tracker.take_slid()
    items += tracker.finish()
    assert tracker.jammed
    # Until the jam is known, some of the items were taken for their neighbours.
    assert 4 <= len(items) <= 4 + 3
    assert [item.item_id for item in items if item.doubt is None and item.item_id not in slid] == []


@pytest.mark.parametrize("fruits", [3, 9, 60])
@pytest.mark.parametrize(
    ("step_mm", "pitch_mm"), [(36.0, 36.0), (35.0, 36.0), (60.0, 60.0), (20.0, 60.0), (40.0, 80.0)]
)
def test_a_train_of_equal_fruit_as_far_apart_as_the_belts_step_is_no_jam(
    fruits: int, step_mm: float, pitch_mm: float
) -> None:
    tracker = make_tracker()
    items: list[Item] = []
    belt_mm = 0.0
    while belt_mm < 450 + fruits * pitch_mm:
        belt_mm += step_mm
        places = [belt_mm - 220 - pitch_mm * k for k in range(fruits)]
        seen = row(places, tick=2 * belt_mm, size_mm=30.0)
        items += step(tracker, *seen, tick=2 * belt_mm)
    assert [item.doubt for item in items] == [None] * fruits
    assert tracker.slid == 0
