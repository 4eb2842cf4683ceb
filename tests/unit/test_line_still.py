"""A camera that hands over its last picture again while the belt runs on."""

from __future__ import annotations

import numpy as np
import pytest

from sorter.decision import Decision
from sorter.frame import Capture, Pixels
from sorter.line import Line
from sorter.verdict import Why
from tests.factories import draw_frame
from tests.unit.scripted_line import (
    ScriptedBoard,
    connected,
    make_line,
    pass_one_fruit,
    show,
)


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
        shown = 15 if 15 <= index <= 17 else index
        pixels = draw_frame([(20.0 * shown, 100.0, 40.0, 120.0)]).pixels
        decisions += show(line, board, index, pixels)
    assert [(one.item.item_id, one.verdict.why) for one in decisions] == [(1, Why.CLASS)]
    assert decisions[0].item.reference_tick == pytest.approx(400, abs=4)
    assert line.counts.repeated_frames == 2 + 3  # Nothing but belt is to be seen at the end.
