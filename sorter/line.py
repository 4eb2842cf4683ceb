"""The line: frames in, shots to the board, one record an item."""

from __future__ import annotations

from dataclasses import dataclass, replace

from firmware_bridge.board import (
    Board,
    BoardConnected,
    BoardEvent,
    BoardFault,
    BoardLost,
    ShotReport,
)
from sorter.classifier import Classifier
from sorter.config import SorterConfig
from sorter.decision import Decision
from sorter.frame import Capture, Frame
from sorter.pipeline import Pipeline
from sorter.records import Records
from sorter.ruler.from_config import ruler_from_config
from sorter.verdict import Why


@dataclass(slots=True, kw_only=True)
class LineCounts:
    """What the line has done so far; nothing is dropped without being counted here."""

    frames: int = 0
    """Frames that went through the pipeline."""
    frames_without_position: int = 0
    """Frames taken while the board had not yet said where the belt is."""
    items: int = 0
    shots: int = 0


class Line:
    """Joins pipeline, board and records. No thread, no clock: the caller passes the time."""

    def __init__(
        self,
        *,
        config: SorterConfig,
        classifier: Classifier,
        board: Board,
        records: Records | None,
        lot: str,
        start_belt: bool = False,
    ) -> None:
        """Build the line.

        Args:
            config: of the machine.
            classifier: of the bundle in use.
            board: not yet opened.
            records: where every item leaves its row; None keeps none.
            lot: name that the items are recorded under.
            start_belt: a person at the machine wants the belt to run from the first connection on;
                without that the board waits for its start button.
        """
        ruler = ruler_from_config(config.camera)
        self._latency_s = ruler.latency_s
        self._pipeline = Pipeline(config=config, classifier=classifier, lot=lot, ruler=ruler)
        self._default_outlet = config.default_outlet.name
        self._board = board
        self._records = records
        self._connected = False
        self._belt_wanted = True
        self._start_belt = start_belt
        self.counts = LineCounts()

    def start(self, now_s: float) -> None:
        """Open the board; the handshake goes on in `service`."""
        self._board.open(now_s)

    def service(self, now_s: float) -> list[BoardEvent]:
        """Move bytes to and from the board and record what it reports. Call every few ms."""
        events = self._board.service(now_s)
        for event in events:
            if isinstance(event, ShotReport) and self._records is not None:
                self._records.deliver(event)
            elif isinstance(event, BoardConnected):
                self._connected = True
                self._run_belt(now_s)
            elif isinstance(event, BoardLost):
                self._connected = False
            elif isinstance(event, BoardFault) and not event.active:
                self._run_belt(now_s)
        return events

    def step(self, capture: Capture, now_s: float) -> list[Decision]:
        """Take in one camera frame: decide, shoot, record; then tell the board that we live."""
        time_s = capture.time_s - self._latency_s
        tick = self._board.tick_at(time_s)
        decisions: list[Decision] = []
        if tick is None:
            self.counts.frames_without_position += 1
        else:
            self.counts.frames += 1
            frame = Frame(pixels=capture.pixels, time_s=time_s, tick=tick, index=capture.index)
            decisions = self._carry_out(self._pipeline.step(frame), now_s)
        self._board.heartbeat(now_s)
        return decisions

    def finish(self, now_s: float) -> list[Decision]:
        """Decide what is still in view, stop the belt and hand the last frames to the board."""
        decisions = self._carry_out(self._pipeline.finish(), now_s)
        self.stop_belt(now_s)
        return decisions

    def run_belt(self, now_s: float) -> None:
        """Let a belt run on that was stopped by `stop_belt`."""
        self._belt_wanted = True
        self._run_belt(now_s)

    def stop_belt(self, now_s: float) -> None:
        """The belt has run for long enough; it stands until `run_belt`."""
        self._belt_wanted = False
        self._board.set_belt(False, now_s)

    def _run_belt(self, now_s: float) -> None:
        """Give the routine order; only the first one may be an operator's own.

        After a stop that nobody ordered the board refuses the routine order until a person has
        looked and pressed the start button.
        """
        if self._belt_wanted and self._connected:
            self._board.set_belt(True, now_s, by_operator=self._start_belt)
            self._start_belt = False

    def _carry_out(self, decisions: list[Decision], now_s: float) -> list[Decision]:
        done = []
        for planned in decisions:
            decision = planned
            if decision.shot is not None:
                if self._connected:
                    self._board.shoot(decision.shot, now_s)
                    self.counts.shots += 1
                else:
                    decision = replace(
                        decision,
                        shot=None,
                        outlet=self._default_outlet,
                        verdict=replace(decision.verdict, grade=None, why=Why.NO_BOARD),
                    )
            self.counts.items += 1
            if self._records is not None:
                self._records.add(decision)
            done.append(decision)
        return done
