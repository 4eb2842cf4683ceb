"""A line at a board that says what the test wants."""

from __future__ import annotations

from firmware_bridge.board import (
    BeltTick,
    BoardConnected,
    BoardEvent,
    BoardIdentity,
    Shot,
    ShotReport,
)
from sorter.decision import Decision
from sorter.dispatch.delivery import Delivery
from sorter.frame import Capture, Pixels
from sorter.line import Line
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


def show(line: Line, board: ScriptedBoard, index: int, pixels: Pixels) -> list[Decision]:
    """One frame, 20 mm of belt and a thirtieth of a second after the one before."""
    board.tick = 40.0 * index
    return line.step(Capture(pixels=pixels, time_s=index / 30, index=index), index / 30)


def pass_one_fruit(line: Line, board: ScriptedBoard) -> list[Decision]:
    decisions = []
    for index in range(25):
        pixels = draw_frame([(20.0 * index, 100.0, 40.0, 120.0)]).pixels
        decisions += show(line, board, index, pixels)
    return decisions


def connected(board: ScriptedBoard, line: Line) -> None:
    board.events = [BoardConnected(identity=IDENTITY)]
    line.service(0.0)
