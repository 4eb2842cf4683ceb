"""The line: frames in, shots to the board, one record an item."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from firmware_bridge.board import (
    Board,
    BoardBeam,
    BoardConnected,
    BoardEvent,
    BoardFault,
    BoardLost,
    Outcome,
    Shot,
    ShotReport,
)
from sorter.classifier import Classifier
from sorter.config import SorterConfig
from sorter.decision import Decision
from sorter.dispatch.delivery import DeliveryBook
from sorter.dispatch.stop_watch import StopWatch
from sorter.frame import Capture, Frame
from sorter.line_counts import LineCounts
from sorter.pipeline import Pipeline
from sorter.record_writer import RecordSink
from sorter.ruler.from_config import ruler_from_config
from sorter.still_picture import StillPicture

POSITION_ERROR_MM = 5.0
POSITION_ERROR_S = 0.06
"""A frame counts only where the belt is known to within the way of three questions for the board's
state at nominal speed, and some millimetres."""


class Line:
    """Joins pipeline, board and records. No thread, no clock: the caller passes the time."""

    def __init__(
        self,
        *,
        config: SorterConfig,
        classifier: Classifier,
        board: Board,
        records: RecordSink | None,
        lot: str,
        start_belt: bool = False,
        collects: Callable[[Decision], bool] | None = None,
        taken: Mapping[tuple[str, str], int] | None = None,
    ) -> None:
        """Build the line.

        Args:
            config: of the machine.
            classifier: of the bundle in use.
            board: not yet opened.
            records: where every item leaves its row; None keeps none.
            lot: name that the items are recorded under, until `open_lot`.
            start_belt: a person at the machine wants the belt to run from the first connection on;
                without that the board waits for its start button.
            collects: see `Pipeline`.
            taken: see `Pipeline`.
        """
        ruler = ruler_from_config(config.camera)
        self._latency_s = ruler.latency_s
        self._pipeline = Pipeline(
            config=config,
            classifier=classifier,
            lot=lot,
            ruler=ruler,
            collects=collects,
            taken=taken,
        )
        belt = config.belt
        self._delivery = DeliveryBook(config)
        self._stop_watch = StopWatch(trust_stop_s=belt.trust_stop_s, mm_per_tick=belt.mm_per_tick)
        self._error_ticks = (
            POSITION_ERROR_MM + POSITION_ERROR_S * belt.speed_mm_per_s
        ) / belt.mm_per_tick
        self._still = StillPicture()
        self._mm_per_tick = belt.mm_per_tick
        self._tick = 0.0
        self._looked = False
        self._board = board
        self._records = records
        self._connected = False
        self._belt_wanted = True
        self._start_belt = start_belt
        self.counts = LineCounts()
        self.doubted = False
        """A fault puts in doubt what the camera sees: it rides to the default outlet."""
        self.held = False
        """A fault stops the belt: the board hears no sign of life, and then asks for its start
        button."""

    def warm_up(self) -> None:
        """Make the first item as quick to decide as all others; for a belt that does not wait."""
        self._pipeline.warm_up()

    def start(self, now_s: float) -> None:
        """Open the board; the handshake goes on in `service`."""
        self._board.open(now_s)

    def service(self, now_s: float) -> list[BoardEvent]:
        """Move bytes to and from the board and record what it reports. Call every few ms.

        Returns:
            What happened, the ends of shots that the host gave up itself included.
        """
        events = self._board.service(now_s)
        for event in events:
            if isinstance(event, BoardBeam):
                self._delivery.beam(event)
            elif isinstance(event, BoardConnected):
                self._connected = True
                self._stop_watch.found()
                self._run_belt(now_s)
            elif isinstance(event, BoardLost):
                self._connected = False
                self._stop_watch.lost()
            elif isinstance(event, BoardFault):
                self._stop_watch.fault(event.name, event.active)
                if not event.active:
                    self._run_belt(now_s)
        tick = self._board.tick_at(now_s)
        self._watch_for_hands(tick, now_s)
        if tick is not None:
            self._tick = tick
            self._send(self._pipeline.release_urgent(tick), now_s)
        events += self._pipeline.take_reports()
        for event in events:
            if isinstance(event, ShotReport):
                self._take_report(event)
        self._judge_deliveries()
        return events

    def step(self, capture: Capture, now_s: float) -> list[Decision]:
        """Take in one camera frame: decide, shoot, record; then tell the board that we live."""
        time_s = capture.time_s - self._latency_s
        position = self._board.position_at(time_s)
        decisions: list[Decision] = []
        self._looked = position is not None and position.error_ticks <= self._error_ticks
        if position is None or not self._looked:
            self.counts.frames_without_position += 1
        else:
            self.counts.frames += 1
            frame = Frame(
                pixels=capture.pixels, time_s=time_s, tick=position.tick, index=capture.index
            )
            if self.doubted:
                self._pipeline.doubt(position.tick)
            if self._still.repeats(frame.pixels, position.tick * self._mm_per_tick):
                # It shows no place of this belt. Whether the camera hangs is for its health to
                # say: an empty belt may well look the same to a camera without noise.
                self.counts.repeated_frames += 1
            else:
                decisions = self._step(frame, now_s)
        if not self.held:
            self._board.heartbeat(now_s)
        return decisions

    @property
    def light(self) -> tuple[float, float, float] | None:
        """Level of the empty belt in the frame of the last step; None where nobody knows."""
        return self._pipeline.light if self._looked else None

    def finish(self, now_s: float) -> list[Decision]:
        """Decide what is still in view, stop the belt and hand the last frames to the board."""
        decisions = self._pipeline.finish(ready=self._connected)
        self._carry_out(decisions, now_s)
        self.stop_belt(now_s)
        return decisions

    def give_up(self, now_s: float) -> None:
        """Nothing more is shot at: whoever comes after knows nothing of what lies on the belt."""
        self._pipeline.give_up()
        for item_id in self._pipeline.take_cancels():
            self._board.cancel(item_id, now_s)
        for report in self._pipeline.take_reports():
            self._take_report(report)

    def withdraw_since(self, time_s: float, now_s: float) -> None:
        """Take back what can still be taken back of the decisions of the last frames.

        Args:
            time_s: of the first frame that cannot be trusted.
            now_s: now.
        """
        self._pipeline.withdraw_since(time_s - self._latency_s)
        for item_id in self._pipeline.take_cancels():
            self._board.cancel(item_id, now_s)

    def open_lot(self, name: str, now_s: float) -> None:
        """What comes into the camera's view from now on belongs to another lot."""
        tick = self._board.tick_at(now_s)
        self._pipeline.open_lot(name, self._tick if tick is None else tick)

    @property
    def jammed(self) -> bool:
        """An item is jammed in the camera's view."""
        return self._pipeline.jammed

    @property
    def lot(self) -> str:
        """Name of the open lot."""
        return self._pipeline.lot

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

    def _watch_for_hands(self, tick: float | None, now_s: float) -> None:
        if not self._stop_watch.hands_may_be_in(tick, now_s):
            return
        self._pipeline.distrust(self._tick if tick is None else tick)
        self._delivery.forget()
        if self._stop_watch.stops > self.counts.stops:
            self.counts.stops = self._stop_watch.stops
            self._board.flush(now_s)

    def _step(self, frame: Frame, now_s: float) -> list[Decision]:
        decisions = self._pipeline.step(frame, ready=self._connected)
        self._carry_out(decisions, now_s)
        self._pipeline.work_ahead()
        self.counts.blind_frames = self._pipeline.blind_frames
        self.counts.glints = self._pipeline.glints
        self.counts.slid = self._pipeline.slid
        return decisions

    def _carry_out(self, decisions: Sequence[Decision], now_s: float) -> None:
        # Shots first: the records can wait, the belt does not.
        for decision in decisions:
            self._delivery.note(decision)
        self._send(self._pipeline.release(), now_s)
        for decision in decisions:
            self.counts.items += 1
            if decision.verdict.grade is None:
                self.counts.reasons[decision.verdict.why.value] += 1
            if self._records is not None:
                self._records.add(decision)

    def _send(self, shots: Sequence[Shot], now_s: float) -> None:
        for shot in shots:
            self._board.shoot(shot, now_s)
            self.counts.shots += 1
        for item_id in self._pipeline.take_cancels():
            self._board.cancel(item_id, now_s)

    def _take_report(self, report: ShotReport) -> None:
        report = self._pipeline.ended(report)
        self._delivery.report(report, ticks_per_s=self._pipeline.ticks_per_s)
        if report.outcome is not Outcome.FIRED:
            self.counts.unfired[report.reason.value] += 1
        if self._records is not None:
            self._records.deliver(report)

    def _judge_deliveries(self) -> None:
        for delivery in self._delivery.judge(self._tick):
            if delivery.missort is not None:
                self.counts.missorts[delivery.missort.value] += 1
            if self._records is not None and (delivery.missort or delivery.seen is not None):
                self._records.confirm(delivery)
        self.counts.stray_passes = self._delivery.strays
