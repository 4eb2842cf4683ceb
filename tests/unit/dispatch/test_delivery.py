"""Where items really went, by their place and not by their turn."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.board import BoardBeam, Outcome, Reason, Shot, ShotReport
from sorter.decision import Decision
from sorter.dispatch.delivery import DeliveryBook, Missort
from sorter.verdict import Why
from tests.factories import make_config, make_item, make_verdict

TICKS_PER_S = 600.0
AT = 1400 / 0.5
"""Ticks from the reference line to the beam."""


def book(*, beam: bool = True) -> DeliveryBook:
    changes: dict[str, object] = {"board": {"passed_beam": {"at_mm": 1400}}} if beam else {}
    return DeliveryBook(make_config(**changes))


def decision(item_id: int, reference_tick: float = 1000.0, *, shot: bool = False) -> Decision:
    open_tick = round(reference_tick + 840 - 20)
    return Decision(
        item=make_item(item_id, reference_tick=reference_tick),
        verdict=make_verdict(),
        outlet="premium" if shot else "end",
        shot=Shot(item_id=item_id, channel=0, open_tick=open_tick, close_tick=open_tick + 40)
        if shot
        else None,
        lot="monday",
        time_s=1.0,
    )


def fired(one: Decision, *, late_ticks: int = 0, outcome: Outcome = Outcome.FIRED) -> ShotReport:
    assert one.shot is not None
    opened = outcome is Outcome.FIRED
    return ShotReport(
        item_id=one.item.item_id,
        channel=0,
        outcome=outcome,
        open_tick=one.shot.open_tick + late_ticks if opened else None,
        close_tick=one.shot.close_tick + late_ticks if opened else None,
    )


def edge(tick: float, blocked: bool, beam: str = "passed") -> BoardBeam:
    return BoardBeam(beam=beam, blocked=blocked, tick=round(tick), time_s=None, error_s=1.0)


def pass_beam(of: DeliveryBook, reference_tick: float) -> None:
    """An item of 40 mm interrupts the beam."""
    of.beam(edge(reference_tick + AT - 40, True))
    of.beam(edge(reference_tick + AT + 40, False))


def judged(
    of: DeliveryBook, past_tick: float = 1400
) -> dict[int, tuple[bool | None, Missort | None]]:
    return {one.item_id: (one.seen, one.missort) for one in of.judge(past_tick + AT)}


def test_what_rides_and_passes_the_beam_was_delivered() -> None:
    of = book()
    of.note(decision(1))
    pass_beam(of, 1000)
    assert judged(of) == {1: (True, None)}


def test_what_was_shot_and_does_not_pass_was_delivered() -> None:
    of, one = book(), decision(1, shot=True)
    of.note(one)
    of.report(fired(one), ticks_per_s=TICKS_PER_S)
    assert judged(of) == {1: (False, None)}


def test_what_was_shot_and_passes_all_the_same_stayed_on_the_belt() -> None:
    of, one = book(), decision(1, shot=True)
    of.note(one)
    of.report(fired(one), ticks_per_s=TICKS_PER_S)
    pass_beam(of, 1000)
    assert judged(of) == {1: (True, Missort.STAYED)}


def test_what_should_ride_and_never_passes_is_lost() -> None:
    of = book()
    of.note(decision(1))
    assert judged(of) == {1: (False, Missort.LOST)}


def test_what_rode_past_an_outlet_that_was_open_for_another_was_caught() -> None:
    of, one = book(), decision(1, 1000, shot=True)
    of.note(one)
    of.note(decision(2, 1015))
    of.report(fired(one), ticks_per_s=TICKS_PER_S)
    assert judged(of)[2] == (False, Missort.CAUGHT)


@pytest.mark.parametrize("beam", [True, False])
def test_what_passed_an_open_outlet_on_the_way_to_its_own_was_caught(beam: bool) -> None:
    of, one = book(beam=beam), decision(1, 1000, shot=True)
    farther = Shot(item_id=2, channel=1, open_tick=1015 + 1220, close_tick=1015 + 1260)
    other = replace(decision(2, 1015), outlet="second", shot=farther)
    for each in (one, other):
        of.note(each)
        of.report(fired(each), ticks_per_s=TICKS_PER_S)

    found = judged(of)
    assert {item_id: missort for item_id, (_, missort) in found.items()} == {
        1: None,
        2: Missort.CAUGHT,
    }


def test_without_a_beam_what_rode_past_an_open_outlet_was_caught_too() -> None:
    of, one = book(beam=False), decision(1, 1000, shot=True)
    of.note(decision(2, 1015))
    of.note(one)
    assert judged(of, past_tick=-1800) == {}
    of.report(fired(one), ticks_per_s=TICKS_PER_S)
    assert judged(of)[2] == (None, Missort.CAUGHT)


@pytest.mark.parametrize("beam", [True, False])
@pytest.mark.parametrize("vanished", [True, False])
def test_of_what_left_its_place_on_the_belt_nothing_is_told_by_its_place(
    beam: bool, vanished: bool
) -> None:
    of, one = book(beam=beam), decision(1, 1000, shot=True)
    jammed = decision(2, 1015, shot=not vanished)
    if vanished:
        gone = replace(jammed.verdict, grade=None, why=Why.VANISHED)
        jammed = replace(jammed, verdict=gone)
    for each in (one, jammed):
        of.note(each)
    of.report(fired(one), ticks_per_s=TICKS_PER_S)
    if not vanished:
        back = fired(jammed, outcome=Outcome.CANCELLED)
        of.report(replace(back, reason=Reason.SLID), ticks_per_s=TICKS_PER_S)
    assert judged(of)[2][1] is None


def test_a_refused_shot_lets_its_item_ride_which_is_no_missort() -> None:
    of, one = book(), decision(1, shot=True)
    of.note(one)
    of.report(fired(one, outcome=Outcome.REFUSED), ticks_per_s=TICKS_PER_S)
    pass_beam(of, 1000)
    assert judged(of) == {1: (True, None)}


def test_a_shot_that_nobody_knows_the_end_of_is_not_judged() -> None:
    of, one = book(), decision(1, shot=True)
    of.note(one)
    of.report(fired(one, outcome=Outcome.UNKNOWN), ticks_per_s=TICKS_PER_S)
    assert judged(of) == {1: (False, None)}


@pytest.mark.parametrize("beam", [True, False])
def test_an_outlet_that_opened_beside_its_item_missed_it(beam: bool) -> None:
    of, one = book(beam=beam), decision(1, shot=True)
    of.note(one)
    of.report(fired(one, late_ticks=100), ticks_per_s=TICKS_PER_S)
    assert judged(of)[1][1] is Missort.MISSED


@pytest.mark.parametrize("ticks_per_s", [600.0, 200.0])
def test_a_slow_outlet_met_its_item_at_whatever_speed_the_belt_ran(ticks_per_s: float) -> None:
    slow = {"opening_ms": 100, "closing_ms": 100}
    outlets: list[dict[str, object]] = [
        {"name": "premium", "channel": 0, "at_mm": 420, "grades": ["good"], **slow},
        {"name": "end", "default": True},
    ]
    of, one = DeliveryBook(make_config(outlets=outlets)), decision(1, shot=True)
    of.note(one)
    # Ordered ahead by what the belt does in the outlet's 100 ms.
    of.report(fired(one, late_ticks=round(-0.1 * ticks_per_s)), ticks_per_s=ticks_per_s)
    assert judged(of) == {1: (None, None)}


def test_without_a_beam_the_boards_report_is_the_delivery() -> None:
    of, one = book(beam=False), decision(1, shot=True)
    of.note(one)
    assert judged(of) == {}
    of.report(fired(one), ticks_per_s=TICKS_PER_S)
    assert judged(of) == {1: (None, None)}


def test_the_end_of_an_item_is_told_once_and_not_before_it_is_past_the_beam() -> None:
    of = book()
    of.note(decision(1))
    assert of.judge(1000 + AT + 10) == []
    assert len(of.judge(1000 + AT + 400)) == 1
    assert of.judge(1000 + AT + 500) == []


def test_two_that_touch_interrupt_the_beam_once_and_are_both_seen() -> None:
    of = book()
    of.note(decision(1, 1000))
    of.note(decision(2, 1080))
    of.beam(edge(1000 + AT - 40, True))
    of.beam(edge(1080 + AT + 40, False))
    assert judged(of) == {1: (True, None), 2: (True, None)}


def test_something_where_no_item_was_is_counted_and_nobody_elses_passing() -> None:
    of = book()
    of.note(decision(1, 1000))
    pass_beam(of, 1300)
    assert of.strays == 1
    assert judged(of) == {1: (False, Missort.LOST)}


def test_an_edge_that_was_lost_costs_no_other_item_its_match() -> None:
    of = book()
    of.note(decision(1, 1000))
    of.note(decision(2, 1200))
    of.beam(edge(1000 + AT, True))
    of.beam(edge(1200 + AT - 40, True))
    of.beam(edge(1200 + AT + 40, False))
    assert judged(of, 1600) == {1: (True, None), 2: (True, None)}


def test_the_beam_at_the_belts_begin_tells_nothing_of_deliveries() -> None:
    of = book()
    of.note(decision(1, 1000))
    of.beam(edge(1000 + AT - 40, True, "entry"))
    of.beam(edge(1000 + AT + 40, False, "entry"))
    assert judged(of)[1][0] is False


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=20))
def test_one_item_too_many_or_too_few_shifts_no_other(load: list[tuple[bool, bool]]) -> None:
    of = book()
    for place, (shot, passes) in enumerate(load):
        one = decision(place + 1, 200.0 * place, shot=shot)
        of.note(one)
        if shot:
            of.report(fired(one), ticks_per_s=TICKS_PER_S)
        if passes:
            pass_beam(of, 200.0 * place)
    found: dict[int, Missort | None] = {}
    for tick in range(0, 200 * len(load) + 4000, 50):
        for end in of.judge(float(tick)):
            assert end.item_id not in found
            found[end.item_id] = end.missort
    for place, (shot, passes) in enumerate(load):
        wrong = Missort.STAYED if shot else Missort.LOST
        assert found[place + 1] == (wrong if shot == passes else None)
    assert of.strays == 0


def test_what_was_on_the_belt_when_the_board_was_reset_or_hands_came_in_is_not_judged() -> None:
    of = book()
    of.judge(900.0)
    of.note(decision(1))
    assert of.judge(900.0 + 2**25) == []
    of.note(decision(2, 2.0**25))
    of.forget()
    assert of.judge(2.0**25 + 3000) == []
