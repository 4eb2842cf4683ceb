"""Which shots are possible, which share a window, and that nobody else's item is hit."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from firmware_bridge.board import Outcome, Reason, Shot
from sorter.config import OutletConfig, SorterConfig
from sorter.dispatch.plan import HOLD_S, ShotPlan
from sorter.dispatch.window import Core, OutletWindow
from sorter.item import Item
from sorter.verdict import Why
from tests.factories import make_config, make_item

TICKS_PER_S = 600.0
PREMIUM, SECOND = 0, 1


def machine(**delays: float) -> SorterConfig:
    return make_config(
        outlets=[
            {"name": "premium", "channel": 0, "at_mm": 420, "grades": ["good"], **delays},
            {"name": "second", "channel": 1, "at_mm": 620, "grades": ["fair"], **delays},
            {"name": "end", "default": True},
        ]
    )


def item(item_id: int, at_mm: float, *, size_mm: float = 40.0, lane: int = 0) -> Item:
    """An item so far behind the first one."""
    return make_item(item_id, reference_tick=1000 + 2 * at_mm, extent_mm=size_mm, lane=lane)


@dataclass
class Belt:
    """A plan and everything that comes out of it."""

    config: SorterConfig = field(default_factory=machine)
    tick: float = 1200.0
    ticks_per_s: float = TICKS_PER_S
    shots: list[Shot] = field(default_factory=list)
    sent_at: list[float] = field(default_factory=list)
    """Speed at which each of them was sent."""
    ended: dict[int, Reason] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.plan = ShotPlan(self.config)

    def place(self, one: Item, outlet: int | None) -> Shot | Why | None:
        chosen: OutletConfig | None = None if outlet is None else self.config.outlets[outlet]
        return self.plan.place(one, chosen, tick=self.tick, ticks_per_s=self.ticks_per_s)

    def send(self, *coming: tuple[int, Core]) -> list[tuple[int, ...]]:
        shots = self.plan.release(self.tick, self.ticks_per_s, coming=coming)
        self.shots += shots
        self.sent_at += [self.ticks_per_s] * len(shots)
        for report in self.plan.take_reports():
            assert report.item_id not in self.ended
            self.ended[report.item_id] = report.reason
        return [shot.items for shot in shots]


def test_an_outlet_is_ordered_open_ahead_by_its_delays() -> None:
    belt = Belt(machine(opening_ms=20.0, closing_ms=10.0))
    shot = belt.place(item(1, 0), PREMIUM)
    # The middle 20 mm, 420 mm after the reference line; 12 and 6 ticks ahead.
    assert isinstance(shot, Shot)
    assert (shot.open_tick, shot.close_tick) == (1000 + 840 - 20 - 12, 1000 + 840 + 20 - 6)


def test_the_delays_count_with_the_speed_that_the_belt_has_when_the_shot_is_sent() -> None:
    belt = Belt(machine(opening_ms=20.0, closing_ms=20.0))
    belt.place(item(1, 0), PREMIUM)
    belt.ticks_per_s = TICKS_PER_S / 3
    belt.tick = 1000 + 840 - 20 - 80
    belt.send()
    assert belt.shots[0].open_tick == 1000 + 840 - 20 - 4


def test_a_shot_for_a_slow_outlet_is_held_until_the_speed_can_hardly_change_any_more() -> None:
    belt = Belt(machine(opening_ms=20.0))
    belt.place(item(1, 0), PREMIUM)
    ordered = 1000 + 840 - 20 - 12
    belt.tick = ordered - HOLD_S * TICKS_PER_S - 1
    assert belt.send() == []
    belt.tick += 2
    assert belt.send() == [(1,)]


def test_a_shot_that_meets_a_neighbour_since_the_belt_has_become_faster_is_given_up() -> None:
    belt = Belt(machine(closing_ms=100.0), ticks_per_s=TICKS_PER_S / 3)
    belt.place(item(1, 0), PREMIUM)
    belt.place(item(2, 24), None)
    belt.ticks_per_s = TICKS_PER_S
    belt.tick = 1000 + 840 - 20 - 80
    assert belt.send() == []
    assert belt.ended == {1: Reason.CROWDED}


def test_an_outlet_that_closes_slowly_is_open_longer_than_the_item_needs() -> None:
    window = OutletWindow(machine(closing_ms=100.0).outlets[PREMIUM], machine().belt)
    met = window.open_for(Core(low=-20, high=20), TICKS_PER_S)
    assert met.high - met.low > 0.1 * TICKS_PER_S
    open_tick, close_tick = window.order_for(Core(low=-20, high=20), TICKS_PER_S)
    assert close_tick > open_tick


def test_a_shot_goes_at_once_where_nothing_follows() -> None:
    belt = Belt()
    belt.place(item(1, 0), PREMIUM)
    assert belt.send() == [(1,)]


def test_a_shot_waits_for_what_is_still_coming_and_may_have_to_share_it() -> None:
    belt = Belt()
    belt.place(item(1, 0), PREMIUM)
    assert belt.send((0, Core(low=1002, high=1082))) == []
    belt.place(item(2, 21), PREMIUM)
    assert belt.send() == [(1, 2)]


def test_what_comes_in_another_lane_or_far_behind_is_not_waited_for() -> None:
    belt = Belt()
    belt.place(item(1, 0), PREMIUM)
    assert belt.send((1, Core(low=1002, high=1082)), (0, Core(low=1200, high=1240))) == [(1,)]


def test_a_shot_that_cannot_wait_goes_whatever_is_coming() -> None:
    belt = Belt()
    belt.place(item(1, 0), PREMIUM)
    belt.tick = 1000 + 840 - 20 - 30
    assert belt.send((0, Core(low=1002, high=1082))) == [(1,)]


def test_neighbours_for_one_outlet_share_one_window_that_reaches_over_both() -> None:
    belt = Belt()
    first, second = belt.place(item(1, 0), PREMIUM), belt.place(item(2, 21), PREMIUM)
    assert isinstance(first, Shot) and isinstance(second, Shot)
    belt.send()
    (shot,) = belt.shots
    assert shot.items == (1, 2)
    assert (shot.open_tick, shot.close_tick) == (first.open_tick, second.close_tick)


def test_neighbours_that_leave_the_outlet_its_rest_get_a_window_each() -> None:
    belt = Belt()
    belt.place(item(1, 0), PREMIUM)
    belt.place(item(2, 30), PREMIUM)
    assert belt.send() == [(1,), (2,)]


def test_the_fifth_of_a_row_rides() -> None:
    belt = Belt()
    answers = [belt.place(item(k, 21.0 * k), PREMIUM) for k in range(1, 6)]
    assert answers[4] is Why.CROWDED
    assert belt.send() == [(1, 2, 3, 4)]


def test_a_window_never_reaches_across_an_item_that_goes_elsewhere() -> None:
    belt = Belt(machine(cycle_ms=200.0))
    belt.place(item(1, 0), PREMIUM)
    belt.place(item(2, 25), SECOND)
    assert belt.place(item(3, 50), PREMIUM) is Why.CROWDED
    assert sorted(belt.send()) == [(1,), (2,)]


def test_a_neighbour_rides_when_the_shot_that_it_could_share_is_on_its_way() -> None:
    belt = Belt()
    belt.place(item(1, 0), PREMIUM)
    belt.send()
    assert belt.place(item(2, 21), PREMIUM) is Why.CROWDED
    assert belt.plan.take_cancels() == []


def test_two_that_lie_side_by_side_and_go_apart_both_ride() -> None:
    belt = Belt()
    belt.place(item(1, 0), PREMIUM)
    assert belt.place(item(2, 5), SECOND) is Why.CROWDED
    assert belt.send() == []
    assert belt.ended == {1: Reason.CROWDED}


def test_a_shot_on_its_way_is_cancelled_when_it_would_hit_what_comes_beside_it() -> None:
    belt = Belt()
    belt.place(item(1, 0), PREMIUM)
    belt.send()
    belt.place(item(2, 5), None)
    assert belt.plan.take_cancels() == [1]


def test_side_by_side_in_another_lane_is_no_neighbour() -> None:
    belt = Belt()
    belt.place(item(1, 0), PREMIUM)
    belt.place(item(2, 5, lane=1), None)
    assert belt.send() == [(1,)]


def test_a_shot_whose_place_is_past_when_it_would_be_sent_is_refused_as_late() -> None:
    belt = Belt()
    belt.place(item(1, 0), PREMIUM)
    belt.tick = 1000 + 840
    assert belt.send() == []
    assert belt.ended == {1: Reason.LATE}


def test_nothing_that_is_planned_survives_a_stop_that_is_not_trusted() -> None:
    belt = Belt()
    belt.place(item(1, 0), PREMIUM)
    belt.send()
    belt.place(item(2, 60), PREMIUM)
    belt.plan.drop_all(Reason.STOPPED)
    assert belt.send() == []
    assert belt.plan.take_cancels() == [1]
    assert belt.ended == {2: Reason.STOPPED}


def test_an_item_whose_shot_was_dropped_is_not_swept_up_by_the_shot_at_a_neighbour() -> None:
    belt = Belt()
    belt.place(item(1, 0), PREMIUM)
    belt.plan.drop_all(Reason.STOPPED)
    assert belt.place(item(2, 5), PREMIUM) is Why.CROWDED
    assert belt.send() == []


def test_an_item_that_is_withdrawn_rides_with_what_shares_its_window() -> None:
    belt = Belt()
    belt.place(item(1, 0), PREMIUM)
    belt.place(item(2, 21), PREMIUM)
    belt.place(item(3, 120), PREMIUM)
    riding = belt.plan.withdraw([2], Reason.CAMERA, ticks_per_s=TICKS_PER_S)
    assert riding == {1, 2}
    assert belt.send() == [(3,)]
    assert belt.ended == {1: Reason.CAMERA, 2: Reason.CAMERA}


def test_a_shot_on_its_way_is_cancelled_when_its_item_is_withdrawn() -> None:
    belt = Belt()
    belt.place(item(1, 0), PREMIUM)
    belt.send()
    belt.plan.withdraw([1], Reason.CAMERA, ticks_per_s=TICKS_PER_S)
    assert (belt.plan.take_cancels(), belt.ended) == ([1], {})


def test_an_item_that_was_withdrawn_is_not_swept_up_by_the_shot_at_a_neighbour() -> None:
    belt = Belt()
    belt.place(item(1, 0), PREMIUM)
    belt.plan.withdraw([1], Reason.CAMERA, ticks_per_s=TICKS_PER_S)
    assert belt.place(item(2, 5), PREMIUM) is Why.CROWDED


def test_a_shot_that_was_given_up_ends_in_a_report_for_each_of_its_items() -> None:
    belt = Belt()
    belt.place(item(1, 0), PREMIUM)
    belt.place(item(2, 21), PREMIUM)
    belt.plan.drop_all(Reason.STOPPED)
    reports = belt.plan.take_reports()
    assert [(one.item_id, one.outcome) for one in reports] == [
        (1, Outcome.CANCELLED),
        (2, Outcome.CANCELLED),
    ]


neighbours = st.lists(
    st.tuples(
        st.floats(0, 90),
        st.sampled_from([20.0, 40.0, 120.0]),
        st.sampled_from([None, PREMIUM, PREMIUM, SECOND]),
    ),
    min_size=1,
    max_size=14,
)
delays = st.fixed_dictionaries(
    {
        "opening_ms": st.sampled_from([0.0, 15.0, 40.0]),
        "closing_ms": st.sampled_from([0.0, 15.0, 60.0]),
        "cycle_ms": st.sampled_from([0.0, 5.0, 80.0]),
    }
)


@given(load=neighbours, delays=delays, speeds=st.lists(st.floats(100, 900), min_size=14))
@example(
    load=[(0, 40.0, PREMIUM), (22, 40.0, PREMIUM), (3, 20.0, None)],
    delays={"opening_ms": 0.0, "closing_ms": 15.0, "cycle_ms": 5.0},
    speeds=[600.0] * 14,
)
@example(
    load=[(0, 40.0, PREMIUM), (0, 20.0, None), (35, 120.0, PREMIUM)],
    delays={"opening_ms": 0.0, "closing_ms": 0.0, "cycle_ms": 0.0},
    speeds=[100.0] * 14,
)
def test_whatever_lies_on_the_belt_every_item_ends_once_and_no_shot_hits_another_ones_item(
    load: list[tuple[float, float, int | None]], delays: dict[str, float], speeds: list[float]
) -> None:
    belt = Belt(machine(**delays))
    planned: dict[int, int] = {}
    items: dict[int, Item] = {}
    at_mm = 0.0
    cancelled: set[int] = set()
    for item_id, ((gap_mm, size_mm, outlet), speed) in enumerate(
        zip(load, speeds, strict=False), start=1
    ):
        at_mm += gap_mm
        belt.ticks_per_s = speed
        belt.tick = max(belt.tick, 1150 + 2 * at_mm)
        one = items[item_id] = item(item_id, at_mm, size_mm=size_mm)
        if isinstance(belt.place(one, outlet), Shot) and outlet is not None:
            planned[item_id] = outlet
        belt.send(*([] if item_id % 3 else [(0, Core(low=one.reference_tick, high=1e9))]))
        cancelled |= set(belt.plan.take_cancels())
    for _ in range(40):
        belt.tick += 40
        belt.send()

    in_shots = [item_id for shot in belt.shots for item_id in shot.items]
    assert sorted([*in_shots, *belt.ended]) == sorted(planned)
    slowest = min([*speeds, TICKS_PER_S])
    for channel in (PREMIUM, SECOND):
        opened_by = [
            shot
            for shot in belt.shots
            if shot.channel == channel and not cancelled.issuperset(shot.items)
        ]
        shots = sorted(opened_by, key=lambda one: one.open_tick)
        for before, after in pairwise(shots):
            rest = delays["cycle_ms"] / 1000 * slowest
            assert after.open_tick >= before.close_tick + round(rest) - 1
    for shot, speed in zip(belt.shots, belt.sent_at, strict=True):
        assert len(shot.items) <= 4
        if cancelled & set(shot.items):
            continue
        at = (belt.config.outlets[shot.channel].at_mm or 0) / 0.5
        opened = shot.open_tick + delays["opening_ms"] / 1000 * speed
        closed = shot.close_tick + delays["closing_ms"] / 1000 * speed
        for item_id, one in items.items():
            if planned.get(item_id) != shot.channel:
                assert not opened < one.reference_tick + at < closed


@pytest.mark.parametrize("ticks_per_s", [0.0, -50.0])
def test_a_belt_that_stands_or_runs_back_is_planned_for_as_if_it_ran(ticks_per_s: float) -> None:
    belt = Belt(machine(opening_ms=20.0), ticks_per_s=ticks_per_s)
    shot = belt.place(item(1, 0), PREMIUM)
    assert isinstance(shot, Shot) and shot.open_tick == 1000 + 840 - 20 - 12
