from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.board import Outcome, Reason, ShotReport
from sorter.decision import Decision
from sorter.dispatch.dispatcher import Dispatcher
from sorter.item import Item
from sorter.verdict import Verdict, Why
from tests.factories import make_config, make_item, make_sighting, make_verdict

WORTH = {"good": 3.0, "fair": 2.0, "poor": 1.0}


def dispatch(
    item: Item | None = None, verdict: Verdict | None = None, tick: float = 1200.0
) -> Decision:
    return Dispatcher(make_config(), WORTH).dispatch(
        item or make_item(), verdict or make_verdict(), tick=tick, time_s=1.0, lot="today"
    )


def test_the_outlet_of_the_grade_opens_when_the_middle_of_the_item_is_there() -> None:
    decision = dispatch()
    assert decision.outlet == "premium" and decision.shot is not None
    middle = (decision.shot.open_tick + decision.shot.close_tick) / 2
    assert decision.shot.channel == 0
    assert middle == pytest.approx(1000 + 420 / 0.5)


def test_the_window_is_half_of_the_item_so_that_neighbours_stay() -> None:
    shot = dispatch(make_item(extent_mm=40.0)).shot
    assert shot is not None and (shot.close_tick - shot.open_tick) * 0.5 == pytest.approx(20)


def dispatcher_with(*times_s: float) -> Dispatcher:
    """Items 1, 2, ... of which frames of these times have decided; the shots are sent."""
    dispatcher = Dispatcher(make_config(), WORTH)
    for number, time_s in enumerate(times_s, start=1):
        one = make_item(number, reference_tick=1000.0 + 200 * number)
        dispatcher.dispatch(one, make_verdict(), tick=1200, time_s=time_s, lot="today")
    dispatcher.release(1200, 600, coming=[])
    return dispatcher


def cancelled(item_id: int, reason: Reason = Reason.CANCEL) -> ShotReport:
    return ShotReport(item_id=item_id, channel=0, outcome=Outcome.CANCELLED, reason=reason)


def test_what_was_decided_since_a_moment_is_withdrawn_and_its_record_tells_why() -> None:
    dispatcher = dispatcher_with(1.0, 2.0, 3.0)
    dispatcher.withdraw_since(2.0, Reason.CAMERA, ticks_per_s=600)
    assert dispatcher.take_cancels() == [2, 3]
    assert dispatcher.ended(cancelled(2)).reason is Reason.CAMERA
    # The board had a reason of its own before the cancellation reached it.
    assert dispatcher.ended(cancelled(3, Reason.ESTOP)).reason is Reason.ESTOP
    assert dispatcher.ended(cancelled(1)).reason is Reason.CANCEL


def test_a_shot_that_has_ended_is_not_withdrawn_any_more() -> None:
    dispatcher = dispatcher_with(1.0)
    dispatcher.ended(ShotReport(item_id=1, channel=0, outcome=Outcome.FIRED))
    dispatcher.withdraw([1], Reason.SLID, ticks_per_s=600)
    assert dispatcher.take_cancels() == []


@pytest.mark.parametrize("why", [Why.UNSURE, Why.CUT_OFF])
def test_an_item_without_a_grade_rides_to_the_default_outlet(why: Why) -> None:
    decision = dispatch(verdict=make_verdict(None, why=why))
    assert (decision.outlet, decision.shot, decision.verdict.why) == ("end", None, why)


def test_a_grade_of_the_default_outlet_rides_and_keeps_its_grade() -> None:
    decision = dispatch(verdict=make_verdict("poor"))
    assert (decision.outlet, decision.shot, decision.verdict.grade) == ("end", None, "poor")
    assert decision.verdict.why is Why.CLASS


def test_a_grade_that_no_outlet_takes_rides_with_that_reason() -> None:
    decision = dispatch(verdict=make_verdict("giant"))
    assert (decision.outlet, decision.shot) == ("end", None)
    assert decision.verdict.why is Why.NO_OUTLET


def test_an_outlet_of_another_lane_takes_nothing_of_this_one() -> None:
    decision = dispatch(make_item(lane=1))
    assert (decision.shot, decision.verdict.why) == (None, Why.NO_OUTLET)


def test_an_item_that_is_nearly_at_its_outlet_is_too_late_and_rides() -> None:
    decision = dispatch(tick=1000 + 420 / 0.5 - 30)
    assert (decision.outlet, decision.shot) == ("end", None)
    assert (decision.verdict.grade, decision.verdict.why) == (None, Why.TOO_LATE)


def test_the_decision_lets_go_of_the_photos() -> None:
    assert dispatch(make_item(views=(make_sighting(),))).item.views == ()


@given(
    reference_tick=st.floats(-1e6, 1e6),
    extent_mm=st.floats(1, 400),
    tick_behind=st.floats(-3000, 3000),
)
def test_a_shot_is_never_planned_for_a_place_that_the_belt_has_passed(
    reference_tick: float, extent_mm: float, tick_behind: float
) -> None:
    item = make_item(reference_tick=reference_tick, extent_mm=extent_mm)
    decision = dispatch(item, tick=reference_tick + tick_behind)
    if decision.shot is not None:
        assert decision.shot.open_tick > reference_tick + tick_behind
        assert decision.shot.close_tick > decision.shot.open_tick
