from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sorter.item import Item, Sighting
from sorter.overlap import duplicates
from sorter.tracker import Tracker
from sorter.verdict import Why
from tests.belt_script import belt_script
from tests.factories import make_sighting

FIELD_MM = 400.0


def make_tracker(lane_edges_mm: tuple[float, ...] = ()) -> Tracker:
    return Tracker(mm_per_tick=0.5, entry_mm=-200.0, exit_mm=200.0, lane_edges_mm=lane_edges_mm)


def watch(
    tracker: Tracker, places_mm: list[float], ticks: list[float], size_mm: float = 40.0
) -> list[Item]:
    """Follow items that lie at `places_mm` before the reference line at tick 0."""
    items = []
    for tick in ticks:
        sightings = []
        for place in places_mm:
            at_mm = tick * 0.5 - place
            if abs(at_mm) < (FIELD_MM + size_mm) / 2:
                whole = abs(at_mm) < (FIELD_MM - size_mm) / 2
                sightings.append(make_sighting(at_mm, tick=tick, size_mm=size_mm, complete=whole))
        items += tracker.follow(tick, sightings)
    return items + tracker.finish()


def steps(start: int, stop: int, step: int) -> list[float]:
    return [float(tick) for tick in range(start, stop, step)]


def test_an_item_is_counted_once_and_knows_when_it_crosses_the_reference_line() -> None:
    items = watch(make_tracker(), [500.0], steps(0, 2000, 20))
    assert [item.reference_tick for item in items] == [1000.0]


def test_an_item_is_counted_once_when_the_belt_stops_under_the_camera() -> None:
    ticks = [*steps(0, 900, 20), *[900.0] * 50, *steps(900, 2000, 20)]
    assert len(watch(make_tracker(), [500.0], ticks)) == 1


def test_an_item_is_counted_once_when_the_belt_runs_back_100_mm_after_it_was_decided() -> None:
    ticks = [*steps(0, 1400, 20), *steps(1400, 1200, -20), *steps(1200, 2000, 20)]
    assert len(watch(make_tracker(), [500.0], ticks)) == 1


def test_an_item_is_decided_before_it_leaves_the_field_of_view() -> None:
    tracker = make_tracker()
    for tick in steps(0, 1400, 20):
        if items := tracker.follow(tick, [make_sighting(tick * 0.5 - 500, tick=tick)]):
            break
    head_mm = tick * 0.5 - 500 + 20
    assert items and head_mm < 200.0


def test_the_views_are_the_complete_ones_nearest_to_the_reference_line() -> None:
    tracker = make_tracker()
    for at_mm in (-190.0, -150.0, -100.0, -60.0, -20.0, 10.0, 30.0, 70.0):
        tracker.follow((at_mm + 500) * 2, [make_sighting(at_mm, tick=(at_mm + 500) * 2)])
    (item,) = tracker.finish()
    assert [view.from_reference_mm for view in item.views] == [
        *(10.0, -20.0, 30.0, -60.0, 70.0, -100.0)
    ]


def test_an_item_that_no_frame_shows_whole_has_no_views() -> None:
    tracker = make_tracker()
    tracker.follow(0.0, [make_sighting(0.0, complete=False)])
    (item,) = tracker.finish()
    assert item.views == ()


def test_two_tips_that_turn_out_to_be_one_bent_fruit_are_one_item() -> None:
    tracker = make_tracker()
    entering = make_sighting(-190.0, tick=0.0, size_mm=20.0, across=(20, 40), complete=False)
    other_tip = make_sighting(-190.0, tick=0.0, size_mm=20.0, across=(150, 170), complete=False)
    tracker.follow(0.0, [entering, other_tip])
    whole = make_sighting(-150.0, tick=100.0, size_mm=60.0, across=(20, 170))
    tracker.follow(100.0, [whole])
    assert len(tracker.finish()) == 1


def test_two_tips_that_leave_the_field_last_are_no_new_item() -> None:
    tracker = make_tracker()
    items = tracker.follow(0, [make_sighting(0, size_mm=80)])
    items += tracker.follow(320, [make_sighting(160, tick=320, size_mm=80)])
    tips = [
        make_sighting(190, tick=440, size_mm=20, across=across, complete=False)
        for across in ((50.0, 70.0), (130.0, 150.0))
    ]
    items += tracker.follow(440, tips)
    items += tracker.finish()
    assert [item.item_id for item in items] == [1]


def test_items_side_by_side_stay_two_and_get_their_lanes() -> None:
    tracker = make_tracker(lane_edges_mm=(100.0,))
    left: Sighting = make_sighting(0.0, across=(20, 80))
    right = make_sighting(0.0, across=(120, 180))
    tracker.follow(0.0, [left, right])
    assert sorted(item.lane for item in tracker.finish()) == [0, 1]


@given(
    gaps_mm=st.lists(st.floats(45, 300), min_size=1, max_size=8),
    moves=st.lists(st.integers(-60, 120), min_size=20, max_size=60),
)
def test_every_item_is_counted_once_however_the_belt_moves(
    gaps_mm: list[float], moves: list[int]
) -> None:
    places, place = [], 300.0
    for gap in gaps_mm:
        place += gap
        places.append(place)
    ticks, tick, furthest = [0.0], 0.0, 0.0
    for move in moves:
        # Running back further than the memory is another fault: the belt then shows old fruit.
        tick = max(tick + move, furthest - 500.0)
        furthest = max(furthest, tick)
        ticks.append(tick)
    ticks += steps(int(tick), int(place * 2 + 1000), 60)
    items = watch(make_tracker(), places, ticks)
    assert sorted(round(item.reference_tick / 2) for item in items) == [round(p) for p in places]
    assert [item.item_id for item in items] == list(range(1, len(places) + 1))


def step(tracker: Tracker, *sightings: Sighting, tick: float = 0.0) -> list[Item]:
    return tracker.follow(tick, list(sightings))


def test_an_item_found_twice_in_a_frame_is_one() -> None:
    tracker = make_tracker()
    step(tracker, make_sighting(0.0), make_sighting(3.0, size_mm=38.0))
    assert len(tracker.finish()) == 1


def test_of_places_that_lie_over_each_other_the_largest_is_kept() -> None:
    places = [make_sighting(0.0, size_mm=40), make_sighting(1.0, size_mm=44), make_sighting(60.0)]
    assert duplicates(places) == [0]


def test_two_items_that_one_frame_shows_as_a_double_stay_two_without_a_doubt() -> None:
    tracker = make_tracker()
    one, other = make_sighting(-21.0), make_sighting(21.0)
    step(tracker, one, other)
    step(tracker, make_sighting(0.0, size_mm=82.0, touching=True))
    step(tracker, one, other)
    items = tracker.finish()
    assert [(item.doubt, item.extent_mm) for item in items] == [(None, 40.0), (None, 40.0)]


def test_two_items_that_one_frame_shows_as_a_single_one_are_doubtful() -> None:
    tracker = make_tracker()
    step(tracker, make_sighting(-21.0), make_sighting(21.0))
    step(tracker, make_sighting(0.0, size_mm=82.0))
    assert [item.doubt for item in tracker.finish()] == [Why.DOUBLE, Why.DOUBLE]


def test_a_double_that_a_later_frame_takes_apart_is_two_items_with_their_own_views() -> None:
    tracker = make_tracker()
    step(tracker, make_sighting(0.0, size_mm=82.0, touching=True))
    step(tracker, make_sighting(-21.0), make_sighting(21.0))
    items = tracker.finish()
    assert [(item.doubt, len(item.views), item.extent_mm) for item in items] == [
        (None, 1, 40.0),
        (None, 1, 40.0),
    ]


def test_a_single_item_that_a_later_frame_takes_apart_is_doubtful() -> None:
    tracker = make_tracker()
    step(tracker, make_sighting(0.0, size_mm=82.0))
    step(tracker, make_sighting(-21.0), make_sighting(21.0))
    assert Why.DOUBLE in {item.doubt for item in tracker.finish()}


def test_a_decided_double_that_is_taken_apart_late_makes_no_new_item() -> None:
    tracker = make_tracker()
    step(tracker, make_sighting(0.0, size_mm=82.0, touching=True))
    (double,) = step(tracker, make_sighting(150.0, tick=300, size_mm=82.0, touching=True), tick=300)
    parts = [make_sighting(at, tick=310, size_mm=40.0) for at in (134.0, 176.0)]
    assert double.doubt is Why.DOUBLE
    assert step(tracker, *parts, tick=310) == []
    assert tracker.finish() == []


def test_a_view_that_shows_an_item_alone_counts_more_than_one_that_shows_a_double() -> None:
    tracker = make_tracker()
    step(tracker, make_sighting(0.0, touching=True))
    step(tracker, make_sighting(0.0))
    (item,) = tracker.finish()
    assert item.doubt is None
    assert [view.touching for view in item.views] == [False]


def test_an_item_that_most_places_show_as_a_double_is_one() -> None:
    tracker = make_tracker()
    for tick, touching in ((0, True), (20, True), (40, False), (40, False), (40, False)):
        step(tracker, make_sighting(tick * 0.5, tick=tick, touching=touching), tick=tick)
    (item,) = tracker.finish()
    assert item.doubt is Why.DOUBLE


@pytest.mark.parametrize("part_at", [0, 80])
def test_a_double_lies_wherever_its_views_showed_it_though_one_showed_a_part_alone(
    part_at: int,
) -> None:
    tracker = make_tracker()
    for tick in (0, 20, 40, 60, 80):
        off_mm, size_mm = (-21.0, 40.0) if tick == part_at else (0.0, 82.0)
        shown = make_sighting(
            tick * 0.5 + off_mm, tick=tick, size_mm=size_mm, touching=tick != part_at
        )
        step(tracker, shown, tick=tick)
    (item,) = tracker.finish()
    assert item.doubt is Why.DOUBLE
    assert (item.reference_tick, item.extent_mm) == pytest.approx((0.0, 82.0))


def test_an_item_that_is_taken_off_the_belt_is_not_shot() -> None:
    tracker = make_tracker()
    for tick in (0.0, 20.0, 40.0):
        step(tracker, make_sighting(-100.0 + tick / 2, tick=tick), tick=tick)
    items: list[Item] = []
    for tick in steps(60, 1000, 20):
        items += step(tracker, tick=tick)
    assert [item.doubt for item in items] == [Why.VANISHED]


def test_a_glint_that_one_frame_shows_is_no_item_and_is_counted() -> None:
    tracker = make_tracker()
    step(tracker, make_sighting(-100.0))
    items: list[Item] = []
    for tick in steps(20, 1000, 20):
        items += step(tracker, tick=tick)
    assert items + tracker.finish() == []
    assert tracker.glints == 1


@pytest.mark.parametrize(("gap_mm", "items"), [(12.0, 1), (60.0, 2)])
def test_the_last_of_an_item_that_leaves_is_no_other_item_though_the_lens_moves_it_a_little(
    gap_mm: float, items: int
) -> None:
    tracker = make_tracker()
    step(tracker, make_sighting(0.0, size_mm=40.0))
    found = step(tracker, make_sighting(160.0, tick=320, size_mm=40.0), tick=320)
    tick = 2 * (196.0 + 20.0 + gap_mm + 2.0)
    sliver = make_sighting(196.0, tick=tick, size_mm=4.0, complete=False)
    found += step(tracker, sliver, tick=tick) + tracker.finish()
    assert len(found) == items


def test_an_item_first_seen_at_the_exit_but_whole_is_not_the_last_of_the_one_before() -> None:
    tracker = make_tracker()
    step(tracker, make_sighting(0.0, size_mm=40.0))
    found = step(tracker, make_sighting(160.0, tick=320, size_mm=40.0), tick=320)
    # The one before has its tail 10 mm ahead of this one's head.
    late = make_sighting(175.0, tick=450, size_mm=40.0)
    found += step(tracker, late, tick=450) + tracker.finish()
    assert len(found) == 2


def test_an_item_that_is_due_while_the_finder_is_blind_is_sent_nowhere() -> None:
    tracker = make_tracker()
    for tick in (0.0, 20.0, 40.0):
        step(tracker, make_sighting(100.0 + tick / 2, tick=tick), tick=tick)
    items: list[Item] = []
    for tick in steps(60, 400, 20):
        items += tracker.follow(tick, [], blind=True)
    assert [item.doubt for item in items] == [Why.BLIND]


def test_an_item_that_was_hidden_for_some_frames_is_decided_as_ever() -> None:
    tracker = make_tracker()
    items: list[Item] = []
    for tick in steps(0, 1000, 20):
        blind = 200 < tick < 400
        seen = [] if blind else [make_sighting(-150.0 + tick / 2, tick=tick)]
        items += tracker.follow(tick, seen if tick < 640 else [], blind=blind)
    assert [item.doubt for item in items] == [None]


@settings(max_examples=25)
@given(
    lanes=st.lists(st.lists(st.floats(45, 200), max_size=5), min_size=1, max_size=4),
    stop_at=st.integers(200, 1500),
    step_mm=st.sampled_from([5.0, 11.0, 20.0]),
)
def test_every_item_of_every_lane_is_decided_once_when_the_belt_stops_reverses_and_slows(
    lanes: list[list[float]], stop_at: int, step_mm: float
) -> None:
    edges = tuple(60.0 * k for k in range(1, len(lanes)))
    tracker = make_tracker(lane_edges_mm=edges)
    places = []
    for lane, gaps in enumerate(lanes):
        place = 300.0
        for gap in gaps:
            place += gap
            places.append((lane, place))
    script = belt_script(stop_at_mm=stop_at, step_mm=step_mm)
    items: list[Item] = []
    for belt_mm in script:
        tick = 2 * belt_mm
        sightings = []
        for lane, place in places:
            at_mm = belt_mm - place
            if abs(at_mm) < 220:
                across = (60.0 * lane + 8, 60.0 * lane + 52)
                sightings.append(
                    make_sighting(at_mm, tick=tick, across=across, complete=abs(at_mm) < 180)
                )
        items += tracker.follow(tick, sightings)
    items += tracker.finish()
    decided = sorted((item.lane, round(item.reference_tick / 2, 3)) for item in items)
    assert decided == sorted((lane, round(place, 3)) for lane, place in places)
    assert {item.doubt for item in items} <= {None}
