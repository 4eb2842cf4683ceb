from __future__ import annotations

import numpy as np
import pytest

from firmware_bridge.board import (
    BoardConnected,
    BoardFault,
    BoardLost,
    Outcome,
    Reason,
    ShotReport,
)
from sorter.dispatch.delivery import Missort
from sorter.frame import Capture
from sorter.verdict import Why
from tests.factories import draw_frame
from tests.unit.scripted_line import (
    IDENTITY,
    ListedRecords,
    ScriptedBoard,
    connected,
    make_line,
    pass_one_fruit,
    show,
)


def test_a_connection_gives_the_routine_order_to_run_the_belt() -> None:
    board = ScriptedBoard()
    line = make_line(board)
    line.start(0.0)
    board.events = [BoardConnected(identity=IDENTITY)]
    line.service(0.1)
    assert board.told == ["open", "belt on"]


def test_only_the_first_connection_can_be_an_operators_order() -> None:
    """After a stop that nobody ordered the board refuses the routine one."""
    board = ScriptedBoard()
    line = make_line(board, start_belt=True)
    board.events = [BoardConnected(identity=IDENTITY), BoardLost(why="unplugged")]
    line.service(0.1)
    board.events = [BoardConnected(identity=IDENTITY)]
    line.service(0.2)
    assert [told for told in board.told if told != "flush"] == ["belt on by operator", "belt on"]


def test_what_lay_on_the_belt_while_the_board_was_not_heard_rides() -> None:
    board = ScriptedBoard()
    line = make_line(board)
    connected(board, line)
    decisions = []
    for index in range(25):
        board.tick = 40.0 * index
        if index == 5:
            board.events = [BoardLost(why="unplugged"), BoardConnected(identity=IDENTITY)]
        line.service(index / 30)
        decisions += show(
            line, board, index, draw_frame([(20.0 * index, 100.0, 40.0, 120.0)]).pixels
        )
    assert [(one.verdict.why, one.shot) for one in decisions] == [(Why.STOPPED, None)]
    assert line.counts.stops == 1


@pytest.mark.parametrize(
    ("lost_at_mm", "why"), [(200.0, Why.STOPPED), (370.0, Why.CLASS)], ids=["coming", "decided"]
)
def test_a_fruit_in_view_of_a_board_that_is_reset_is_one_item_and_no_jam(
    lost_at_mm: float, why: Why
) -> None:
    board = ScriptedBoard()
    line = make_line(board)
    connected(board, line)
    decisions, index, count = [], 0, 0.0

    def show(at_mm: float, tick: float | None) -> None:
        nonlocal index
        index += 1
        pixels = draw_frame([(at_mm, 100.0, 40.0, 120.0)] if at_mm < 420 else []).pixels
        pixels[0, 0] = index % 251  # No sensor gives the same picture twice.
        board.tick = tick
        line.service(index / 30)
        capture = Capture(pixels=pixels, time_s=index / 30, index=index)
        decisions.extend(line.step(capture, index / 30))

    for at_mm in range(20, 701, 10):
        if at_mm == lost_at_mm:
            board.events = [BoardLost(why="reset")]
            show(at_mm, None)
            board.events = [BoardConnected(identity=IDENTITY)]
            show(at_mm, None)
            count = 2.0**25
            for _ in range(90):
                show(at_mm, count + 2 * at_mm)
        show(at_mm, count + 2 * at_mm)
        assert not line.jammed
    assert [one.verdict.why for one in decisions] == [why]
    assert (line.counts.slid, line.counts.stops) == (0, 1)


def test_the_belt_is_ordered_to_run_again_when_the_start_button_was_pressed() -> None:
    board = ScriptedBoard()
    line = make_line(board)
    board.events = [BoardConnected(identity=IDENTITY), BoardFault(name="start_needed", active=True)]
    line.service(0.1)
    board.events = [BoardFault(name="start_needed", active=False)]
    line.service(0.2)
    assert board.told == ["belt on", "belt on"]


def test_a_belt_that_was_stopped_for_good_is_not_ordered_to_run_by_a_cleared_fault() -> None:
    board = ScriptedBoard()
    line = make_line(board)
    board.events = [BoardConnected(identity=IDENTITY)]
    line.service(0.1)
    line.stop_belt(0.2)
    board.events = [BoardFault(name="jam", active=False), BoardConnected(identity=IDENTITY)]
    line.service(0.3)
    assert board.told == ["belt on", "belt off"]


def test_an_item_is_shot_once_and_leaves_one_record() -> None:
    board, records = ScriptedBoard(), ListedRecords()
    line = make_line(board, records)
    board.events = [BoardConnected(identity=IDENTITY)]
    line.service(0.0)
    decisions = pass_one_fruit(line, board)
    assert [shot.item_id for shot in board.shots] == [1]
    assert records.added == decisions and len(decisions) == 1


def test_without_a_board_the_item_rides_and_the_record_says_why() -> None:
    board, records = ScriptedBoard(), ListedRecords()
    (decision,) = pass_one_fruit(make_line(board, records), board)
    assert board.shots == []
    assert (decision.outlet, decision.verdict.why) == ("end", Why.NO_BOARD)


def test_a_report_of_the_board_reaches_the_records() -> None:
    board, records = ScriptedBoard(), ListedRecords()
    line = make_line(board, records)
    report = ShotReport(item_id=1, channel=0, outcome=Outcome.FIRED, open_tick=5, close_tick=9)
    board.events = [report]
    line.service(0.0)
    assert records.delivered == [report]


def test_every_processed_frame_is_a_sign_of_life_to_the_board() -> None:
    board = ScriptedBoard()
    pass_one_fruit(make_line(board), board)
    assert board.told.count("heartbeat") == 25


def test_serving_the_board_without_a_frame_is_no_sign_of_life() -> None:
    board = ScriptedBoard()
    line = make_line(board)
    for number in range(500):
        line.service(0.002 * number)
    assert "heartbeat" not in board.told


def test_a_frame_from_before_the_belt_position_is_known_is_counted_and_decides_nothing() -> None:
    board = ScriptedBoard()
    line = make_line(board)
    board.tick = None
    frame = draw_frame([(200, 100, 40, 120)])
    assert line.step(Capture(pixels=frame.pixels, time_s=0.0, index=0), 0.0) == []
    assert (line.counts.frames, line.counts.frames_without_position) == (0, 1)


def test_the_end_of_the_run_stops_the_belt() -> None:
    board = ScriptedBoard()
    line = make_line(board)
    board.events = [BoardConnected(identity=IDENTITY)]
    line.service(0.0)
    line.finish(1.0)
    assert board.told[-1] == "belt off"


def test_a_frame_whose_place_on_the_belt_is_hardly_known_shoots_at_nothing() -> None:
    board = ScriptedBoard()
    line = make_line(board)
    connected(board, line)
    board.error_ticks = 200.0
    assert pass_one_fruit(line, board) == []
    assert (line.counts.frames, line.counts.frames_without_position) == (0, 25)


def test_after_an_emergency_stop_everything_on_the_belt_rides() -> None:
    board, records = ScriptedBoard(), ListedRecords()
    line = make_line(board, records)
    connected(board, line)
    decisions = []
    for index in range(25):
        board.tick = 40.0 * index
        if index == 8:
            board.events = [BoardFault(name="estop", active=True)]
        if index == 10:
            board.events = [BoardFault(name="estop", active=False)]
        line.service(index / 30)
        frame = draw_frame([(20.0 * index, 100.0, 40.0, 120.0)])
        decisions += line.step(
            Capture(pixels=frame.pixels, time_s=index / 30, index=index), index / 30
        )
    assert [(one.outlet, one.verdict.why) for one in decisions] == [("end", Why.STOPPED)]
    assert board.told.count("flush") == line.counts.stops == 1
    assert line.counts.reasons == {"stopped": 1}


def test_a_stop_that_outlasts_the_trust_takes_back_what_was_sent() -> None:
    board = ScriptedBoard()
    line = make_line(board)
    connected(board, line)
    pass_one_fruit(line, board)
    line.service(1.0)
    assert "flush" not in board.told
    line.service(12.0)
    assert "flush" in board.told


def test_an_item_is_recorded_under_the_lot_that_was_open_when_it_came_into_view() -> None:
    board, records = ScriptedBoard(), ListedRecords()
    line = make_line(board, records)
    connected(board, line)
    for index in range(45):
        board.tick = 40.0 * index
        if index == 10:
            line.open_lot("next", index / 30)
        fruits = [(20.0 * index, 100.0, 40.0, 120.0), (20.0 * index - 250, 100.0, 40.0, 120.0)]
        capture = Capture(pixels=draw_frame(fruits).pixels, time_s=index / 30, index=index)
        line.step(capture, index / 30)
    assert [one.lot for one in records.added] == ["today", "next"]


def test_an_outlet_that_opened_elsewhere_is_a_counted_missort() -> None:
    board, records = ScriptedBoard(), ListedRecords()
    line = make_line(board, records)
    connected(board, line)
    pass_one_fruit(line, board)
    board.events = [
        ShotReport(item_id=1, channel=0, outcome=Outcome.FIRED, open_tick=5, close_tick=9)
    ]
    line.service(1.0)
    assert line.counts.missorts == {"missed": 1}
    assert [(one.item_id, one.missort) for one in records.confirmed] == [(1, Missort.MISSED)]


def test_an_item_whose_shot_was_given_up_later_or_refused_is_counted_by_its_reason() -> None:
    board = ScriptedBoard()
    line = make_line(board, ListedRecords())
    connected(board, line)
    refused = ShotReport(item_id=1, channel=0, outcome=Outcome.REFUSED, reason=Reason.LATE)
    board.events = [refused]
    line.service(1.0)
    assert line.counts.unfired == {"late": 1}
    assert line.counts.told() == ["not fired: 1 late"]


def test_what_a_single_frame_shows_and_frames_that_show_nothing_are_counted_and_told() -> None:
    board = ScriptedBoard()
    line = make_line(board)
    connected(board, line)
    empty, fly = draw_frame([]).pixels, draw_frame([(100.0, 100.0, 40.0, 60.0)]).pixels
    dark = np.zeros_like(empty)
    for index, pixels in enumerate([empty, fly, *[empty] * 4, dark, empty]):
        board.tick = 10.0 * index
        pixels = pixels.copy()
        pixels[0, 0] = index  # No sensor gives the same picture twice.
        assert line.step(Capture(pixels=pixels, time_s=index / 30, index=index), index / 30) == []
    assert line.counts.told() == ["blind frames: 1", "glints: 1"]
