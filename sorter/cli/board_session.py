"""A board at hand for a command: opened, greeted, and served while the command looks on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from firmware_bridge.board import BoardError, BoardEvent, BoardLost

if TYPE_CHECKING:
    from firmware_bridge.linked_board import LinkedBoard

STEP_S = 0.002
STATUS_WITHIN_S = 2.0
VIRTUAL = "virtual"


class BoardSession:
    """Serves a board step by step.

    Args:
        board: not yet opened.
        clock: monotonic, seconds.
        wait: sleeps for some seconds.
    """

    def __init__(
        self,
        board: LinkedBoard,
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.board = board
        self.alive = False
        """Send heartbeats: somebody at the machine has asked for what happens."""
        self._clock = clock
        self._wait = wait

    @property
    def now_s(self) -> float:
        """The session's clock."""
        return self._clock()

    def connect(self) -> None:
        """Open the board and wait until it has told its state.

        Raises:
            BoardError: there is no board, or it does not speak this protocol.
        """
        self.board.open(self.now_s)
        while self.board.identity is None:
            self.step()
        self.until(lambda events: self.board.status is not None, STATUS_WITHIN_S)

    def step(self) -> list[BoardEvent]:
        """Wait a little and serve the board; what has happened."""
        self._wait(STEP_S)
        if self.alive:
            self.board.heartbeat(self.now_s)
        return self.board.service(self.now_s)

    def until(self, done: Callable[[list[BoardEvent]], bool], within_s: float) -> list[BoardEvent]:
        """Serve the board until `done` holds for the events since this call began.

        Raises:
            BoardError: the board was lost, or it took longer than `within_s`.
        """
        events: list[BoardEvent] = []
        until_s = self.now_s + within_s
        while not done(events):
            if self.now_s > until_s:
                raise BoardError(f"the board has not answered in {within_s:g} s; try it again")
            for event in self.step():
                if isinstance(event, BoardLost):
                    raise BoardError(f"{event.why}; look at its cable and supply")
                events.append(event)
        return events

    def for_s(self, duration_s: float | None) -> Iterator[list[BoardEvent]]:
        """Serve the board for a time, or for ever; what has happened, step by step."""
        until_s = float("inf") if duration_s is None else self.now_s + duration_s
        while self.now_s < until_s:
            yield self.step()


def make_board(port: str | None, baud: int) -> LinkedBoard:
    """The board at a port, the virtual one, or the only one at this machine's USB ports.

    Raises:
        BoardNotFoundError: there is none, or several to choose from.
    """
    if port == VIRTUAL:
        from sorter.config import OutletConfig, SorterConfig
        from sorter.virtual_line import VirtualLineBoard

        return VirtualLineBoard(SorterConfig(outlets=[OutletConfig(name="end", default=True)]))
    from firmware_bridge.serial_board import SerialBoard

    return SerialBoard(port or find_port(), baud)


def find_port() -> str:
    """The port of the only board at this machine's USB ports.

    Raises:
        BoardNotFoundError: there is none, or several to choose from.
    """
    from firmware_bridge.ports import board_ports, only_port

    return only_port(board_ports()).path


@contextmanager
def open_session(port: str | None, baud: int) -> Iterator[BoardSession]:
    """A connected session, closed at the end; as `make_board` and `BoardSession.connect`."""
    session = BoardSession(make_board(port, baud))
    try:
        session.connect()
        yield session
    finally:
        session.board.close()
