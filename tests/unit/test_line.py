from __future__ import annotations

import numpy as np
import pytest

from firmware_bridge.board import (
    BeltTick,
    BoardConnected,
    BoardEvent,
    BoardFault,
    BoardIdentity,
    BoardLost,
    Outcome,
    Reason,
    Shot,
    ShotReport,
)
from sorter.decision import Decision
from sorter.dispatch.delivery import Delivery, Missort
from sorter.frame import Capture, Pixels
from sorter.line import Line
from sorter.verdict import Why
from tests.factories import StubClassifier, draw_frame, make_config

IDENTITY = BoardIdentity(
    protocol=1, firmware="0.1.0", channels=8, boot_nonce=7, clock_hz=16_000_000, reset_cause="power"
)


class ScriptedBoard:
    """Says what the test wants and remembers what it was told."""

    def __init__(self) -> None:
        self.events: list[BoardEvent] = []
        self.told: list[object] = []
        self.tick: float | None = 0.0
        self.error_ticks = 1.0
        self.identity: BoardIdentity | None = IDENTITY

    def open(self, now_s: float) -> None:
        self.told.append("open")

    def service(self, now_s: float) -> list[BoardEvent]:
        events, self.events = self.events, []
        return events

    def shoot(self, shot: Shot, now_s: float) -> None:
        self.told.append(shot)

    def set_belt(self, running: bool, now_s: float, *, by_operator: bool = False) -> None:
        who = " by operator" if by_operator else ""
        self.told.append(f"belt on{who}" if running else "belt off")

    def heartbeat(self, now_s: float) -> None:
        self.told.append("heartbeat")

    def cancel(self, item_id: int, now_s: float) -> None:
        self.told.append(f"cancel {item_id}")

    def flush(self, now_s: float) -> None:
        self.told.append("flush")

    def tick_at(self, time_s: float) -> float | None:
        return self.tick

    def position_at(self, time_s: float) -> BeltTick | None:
        if self.tick is None:
            return None
        return BeltTick(tick=self.tick, error_ticks=self.error_ticks)

    def close(self) -> None:
        self.told.append("close")

    @property
    def shots(self) -> list[Shot]:
        return [told for told in self.told if isinstance(told, Shot)]


class ListedRecords:
    def __init__(self) -> None:
        self.added: list[Decision] = []
        self.delivered: list[ShotReport] = []
        self.confirmed: list[Delivery] = []

    def add(self, decision: Decision) -> None:
        self.added.append(decision)

    def deliver(self, report: ShotReport) -> None:
        self.delivered.append(report)

    def confirm(self, delivery: Delivery) -> None:
        self.confirmed.append(delivery)


def make_line(
    board: ScriptedBoard, records: ListedRecords | None = None, *, start_belt: bool = False
) -> Line:
    return Line(
        config=make_config(),
        classifier=StubClassifier(),  # type: ignore[arg-type]
        board=board,
        records=records,  # type: ignore[arg-type]
        lot="today",
        start_belt=start_belt,
    )


def pass_one_fruit(line: Line, board: ScriptedBoard) -> list[Decision]:
    decisions = []
    for index in range(25):
        board.tick = 40.0 * index
        frame = draw_frame([(20.0 * index, 100.0, 40.0, 120.0)])
        capture = Capture(pixels=frame.pixels, time_s=index / 30, index=index)
        decisions += line.step(capture, index / 30)
    return decisions


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
        frame = draw_frame([(20.0 * index, 100.0, 40.0, 120.0)])
        decisions += line.step(
            Capture(pixels=frame.pixels, time_s=index / 30, index=index), index / 30
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


def connected(board: ScriptedBoard, line: Line) -> None:
    board.events = [BoardConnected(identity=IDENTITY)]
    line.service(0.0)


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


def repeat(
    line: Line, board: ScriptedBoard, pixels: Pixels, *, step_ticks: float
) -> list[Decision]:
    """The same picture in 20 frames more, while the belt moves."""
    decisions, from_tick = [], board.tick or 0.0
    line.counts.repeated_frames = 0
    for index in range(1, 21):
        board.tick = from_tick + step_ticks * index
        capture = Capture(pixels=pixels.copy(), time_s=1 + index / 30, index=index)
        decisions += line.step(capture, 1 + index / 30)
    return decisions


def test_a_picture_that_stays_while_the_belt_moves_makes_no_items_of_the_fruit_in_it() -> None:
    board = ScriptedBoard()
    line = make_line(board)
    connected(board, line)
    still = draw_frame([(350.0, 100.0, 40.0, 120.0)]).pixels
    board.told.clear()
    assert len(repeat(line, board, still, step_ticks=40.0)) == 1
    assert line.counts.repeated_frames == 19
    # Whether it hangs is for the camera's health to say, which then holds the line.
    assert board.told.count("heartbeat") == 20


def test_a_picture_that_stays_while_the_belt_stands_is_as_good_as_another() -> None:
    board = ScriptedBoard()
    line = make_line(board)
    connected(board, line)
    repeat(line, board, draw_frame([(350.0, 100.0, 40.0, 120.0)]).pixels, step_ticks=0.05)
    assert (line.counts.frames, line.counts.repeated_frames) == (20, 0)


def test_a_black_picture_that_stays_is_blind_and_not_left_out() -> None:
    board = ScriptedBoard()
    line = make_line(board)
    connected(board, line)
    pass_one_fruit(line, board)
    repeat(line, board, np.zeros((200, 400, 3), np.uint8), step_ticks=40.0)
    assert (line.counts.blind_frames, line.counts.repeated_frames) == (20, 0)


def test_the_next_picture_that_is_new_decides_what_was_in_sight_of_a_still_one() -> None:
    board = ScriptedBoard()
    line = make_line(board)
    connected(board, line)
    decisions = []
    for index in range(25):
        board.tick = 40.0 * index
        shown = 15 if 15 <= index <= 17 else index
        pixels = draw_frame([(20.0 * shown, 100.0, 40.0, 120.0)]).pixels
        capture = Capture(pixels=pixels, time_s=index / 30, index=index)
        decisions += line.step(capture, index / 30)
    assert [(one.item.item_id, one.verdict.why) for one in decisions] == [(1, Why.CLASS)]
    assert decisions[0].item.reference_tick == pytest.approx(400, abs=4)
    assert line.counts.repeated_frames == 2 + 3  # Nothing but belt is to be seen at the end.
