"""What a live calibration works with: the camera, the board and the person at the machine."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable
from typing import Protocol

from firmware_bridge.board import BoardAnswer, BoardError, BoardEvent, BoardLost, Order, Reason
from sorter.cli.board_session import BoardSession
from sorter.cli.board_trial import REFUSALS
from sorter.frame import Capture
from sorter.ruler.calibration import CalibrationError

ANSWER_WITHIN_S = 2.0
STANDS_AFTER_S = 0.4
"""A belt coasts; it stands when the encoder has counted nothing for so long."""
STANDS_WITHIN_S = 10.0
FRAME_WITHIN_S = 3.0
"""A camera that shows nothing new for so long has stopped."""


class Frames(Protocol):
    """The newest frame of a camera."""

    @property
    def ended(self) -> bool:
        """There will be no more."""
        ...

    def take(self, wait_s: float = 0.0) -> Capture | None:
        """The newest frame that nobody took yet."""
        ...


class Operator(Protocol):
    """The person at the machine."""

    def pressed(self) -> bool:
        """Enter was pressed since the last time that this was asked.

        Raises:
            CalibrationError: nobody can press anything.
        """
        ...


class Keyboard:
    """Reads Enter without holding up the board."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[bool] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="keyboard", daemon=True).start()

    def pressed(self) -> bool:
        """See `Operator.pressed`."""
        try:
            there = self._lines.get_nowait()
        except queue.Empty:
            return False
        if not there:
            raise CalibrationError("the input has ended; start it from a terminal")
        return True

    def _read(self) -> None:
        for _ in sys.stdin:
            self._lines.put(True)
        self._lines.put(False)


class Station:
    """Steps board and camera while a person follows what is said."""

    def __init__(
        self,
        *,
        session: BoardSession,
        operator: Operator,
        say: Callable[[str], None],
        frames: Frames | None = None,
    ) -> None:
        """Join what is there.

        Args:
            session: connected.
            operator: presses Enter.
            say: tells the operator a sentence.
            frames: of the opened camera, where one is needed.
        """
        self.session = session
        self.say = say
        self._operator = operator
        self._frames = frames
        self._framed_s = session.now_s

    @property
    def tick(self) -> float:
        """Where the belt is now.

        Raises:
            BoardError: the board has not said it.
        """
        return self.tick_at(self.session.now_s)

    def tick_at(self, time_s: float) -> float:
        """Where the belt was.

        Raises:
            BoardError: the board has not said it.
        """
        tick = self.session.board.tick_at(time_s)
        if tick is None:
            raise BoardError("the board does not say where the belt is; look at its cable")
        return tick

    def step(self) -> list[BoardEvent]:
        """Serve the board.

        Raises:
            BoardError: it was lost.
        """
        events = self.session.step()
        for event in events:
            if isinstance(event, BoardLost):
                raise BoardError(f"{event.why}; look at its cable and supply")
        return events

    def pressed(self) -> bool:
        """The operator pressed Enter since this was last asked."""
        return self._operator.pressed()

    def wait_for_enter(self, sentence: str) -> None:
        """Say what to do and wait until it is done; the belt stands."""
        while self._operator.pressed():
            pass
        self.say(f"{sentence} Then press Enter.")
        while not self._operator.pressed():
            self.step()
        self._framed_s = self.session.now_s

    def next_frame(self) -> Capture | None:
        """The newest frame, None while it is awaited; the board is served meanwhile.

        Raises:
            CalibrationError: the camera shows nothing any more.
        """
        assert self._frames is not None
        self.step()
        capture = self._frames.take()
        now_s = self.session.now_s
        if capture is not None:
            self._framed_s = now_s
        elif self._frames.ended or now_s - self._framed_s > FRAME_WITHIN_S:
            raise CalibrationError("the camera shows nothing new any more; look at its cable")
        return capture

    def alive(self) -> None:
        """Tell the board that something was done; without that it soon stops the belt."""
        self.session.board.heartbeat(self.session.now_s)

    def run_belt(self) -> None:
        """Start the belt, which the operator has asked for; from here on `alive` is needed.

        Raises:
            BoardError: the board refuses.
        """
        session = self.session
        session.alive = True
        try:
            # The board must have heard a heartbeat before it moves anything.
            session.until(lambda events: "silence" not in self._faults(), ANSWER_WITHIN_S)
            session.board.set_belt(True, session.now_s, by_operator=True)
            events = session.until(lambda events: bool(_answers(events)), ANSWER_WITHIN_S)
        finally:
            session.alive = False
        reason = _answers(events)[0]
        if reason is not Reason.NONE:
            why = REFUSALS.get(reason, reason.value.replace("_", " "))
            raise BoardError(f"the board refused to run the belt: {why}")
        self._framed_s = session.now_s

    def stop_belt(self) -> None:
        """Stop the belt; returns when it stands.

        Raises:
            BoardError: the board does not answer, or the belt does not stop.
        """
        session = self.session
        session.board.set_belt(False, session.now_s)
        session.until(lambda events: bool(_answers(events)), ANSWER_WITHIN_S)
        moved_s, tick = session.now_s, self.tick
        until_s = moved_s + STANDS_WITHIN_S
        while session.now_s - moved_s < STANDS_AFTER_S:
            self.step()
            if abs(self.tick - tick) > 1:
                moved_s, tick = session.now_s, self.tick
            if moved_s > until_s:
                raise BoardError("the belt does not stop; press the emergency stop")
        self._framed_s = session.now_s

    def _faults(self) -> frozenset[str]:
        status = self.session.board.status
        return frozenset() if status is None else status.faults


def _answers(events: list[BoardEvent]) -> list[Reason]:
    return [e.reason for e in events if isinstance(e, BoardAnswer) and e.order is Order.BELT]
