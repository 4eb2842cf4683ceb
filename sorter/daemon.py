"""`sorter run`: camera, line and board kept going until told to stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from firmware_bridge.board import (
    Board,
    BoardAnswer,
    BoardConnected,
    BoardError,
    BoardEvent,
    BoardFault,
    BoardLost,
    Order,
    Reason,
    ShotReport,
)
from firmware_bridge.fault_watch import START_NEEDED
from sorter.camera.camera import CameraError
from sorter.camera.health import SENTENCES, CameraChange, CameraFault, CameraHealth
from sorter.config import SorterConfig
from sorter.control_desk import ControlDesk
from sorter.control_socket import ControlSocket
from sorter.decision import Decision
from sorter.fault_desk import FaultDesk
from sorter.frame import Capture
from sorter.line import Line
from sorter.record_writer import RecordSink
from sorter.service_notify import ServiceNotify

SERVICE_S = 0.002
"""Longest time between two calls of the line's `service` while no frame comes."""
CAMERA_SILENT_S = 5.0
"""A camera that gives no frame for so long is given up."""
BELT_START_S = 2.0
"""Added to the time that the belt takes for its length when its last items are waited for."""
NOTICED_S = {CameraFault.FOCUS: 5.0, CameraFault.DIRTY: 10.0}
NOTICED_SOON_S = 2.0
"""So long a fault of the camera may have been there before it is raised: what was decided in that
time is taken back, if it can be."""
JAMMED = "an item is jammed in the camera's view while the belt runs on: take it out"
GOODBYE_S = 0.2
"""Time for the last orders and reports to get through before the board is let go."""


class FrameSource(Protocol):
    """Where the newest frame is taken from; `NewestFrame` is one."""

    @property
    def skipped(self) -> int:
        """Frames for which there was no time."""
        ...

    @property
    def lost(self) -> int:
        """Frames that the camera took and its driver never handed over."""
        ...

    @property
    def out(self) -> CameraChange | None:
        """Why there are no frames now; None while they come."""
        ...

    @property
    def hanging(self) -> bool:
        """The camera's driver does not come back: nothing but a new process can help."""
        ...

    def open(self) -> None:
        """Start to read the camera."""
        ...

    def take(self, wait_s: float = 0.0) -> Capture | None:
        """The newest frame not yet taken, within `wait_s`."""
        ...

    def distrust(self, why: str | None) -> None:
        """What is wrong with the pictures that come; None while nothing is."""
        ...

    @property
    def ended(self) -> bool:
        """The stream has come to its normal end."""
        ...

    def close(self) -> None:
        """Let go of the camera."""
        ...


class Daemon:
    """One thread that serves frames and board in turn."""

    def __init__(
        self,
        *,
        config: SorterConfig,
        frames: FrameSource,
        line: Line,
        board: Board,
        notify: ServiceNotify,
        say: Callable[[str], None],
        health: CameraHealth | None = None,
        records: RecordSink | None = None,
        control: ControlSocket | None = None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """Join the parts; nothing is opened yet.

        Args:
            config: of the machine.
            frames: the camera's newest frame.
            line: the pipeline with its records, around `board`.
            board: the same.
            notify: the service manager.
            say: takes what the operator should read, one sentence at a time.
            health: of the camera; None for a recording.
            records: where faults are written and whose errors end the run.
            control: where other programs ask; open already.
            clock: monotonic, seconds.
            wait: sleeps for some seconds.
        """
        self._belt_s = config.belt.length_mm / config.belt.speed_mm_per_s + BELT_START_S
        self._frames = frames
        self._line = line
        self._board = board
        self._notify = notify
        self._say = say
        self._clock = clock
        self._wait = wait
        self._mm_per_tick = config.belt.mm_per_tick
        self._health = health
        self._records = records
        self._name = config.machine.name
        self._faults = FaultDesk(config.faults, line=line, records=records, tell=self._tell)
        self._control = control
        self._desk = ControlDesk(
            line=line, records=records, state=self._state, tell=self._tell, clock=clock
        )
        self._out: CameraChange | None = None
        self._stopping = False
        self._connected = self._was_connected = False
        self._waiting_for_start = False
        self._pending: set[int] = set()

    def stop(self) -> None:
        """Ask `run` to end; may be called from a signal handler."""
        self._stopping = True

    def run(self) -> None:
        """Sort until `stop` is called or a recording ends.

        Raises:
            CameraError: the camera is missing, or stopped.
            BoardError: the board is missing, silent, or speaks another protocol version.
            SorterError: frames do not fit the config, or the records cannot be written.
        """
        self._line.warm_up()
        try:
            self._frames.open()
            self._line.start(self._clock())
            try:
                self._sort()
            finally:
                self._notify.stopping()
                self._wind_down()
        finally:
            self._board.close()
            self._frames.close()

    def _sort(self) -> None:
        seen_s = self._clock()
        while not self._stopping:
            capture = self._frames.take(SERVICE_S)
            now_s = self._clock()
            if capture is not None:
                seen_s = now_s
                self._note(self._line.step(capture, now_s))
                self._faults.change("item_jammed", self._line.jammed, JAMMED)
                self._look(capture)
                self._progress(now_s)
            elif self._frames.ended:
                self._let_items_reach_their_outlets()
                return
            elif self._frames.out is not None:
                # The belt stands, and the camera is being opened again: nothing hangs but, if so,
                # the camera's driver, and then the service manager may start all anew.
                seen_s = now_s
                if not self._frames.hanging:
                    self._progress(now_s)
            elif now_s - seen_s > CAMERA_SILENT_S:
                raise CameraError(
                    f"the camera has given no frame for {CAMERA_SILENT_S:g} s; check its cable"
                )
            self._watch_camera()
            if self._records is not None:
                self._records.check()
            if self._control is not None:
                self._control.serve(self._desk.obey)
            # The time anew: a frame's work has aged `now_s`, and the link stamps what it sends.
            self._hear(self._line.service(self._clock()))

    def _progress(self, now_s: float) -> None:
        if self._was_connected:
            self._notify.progress(self._status(), now_s)

    def _look(self, capture: Capture) -> None:
        if self._health is None:
            return
        tick = self._board.tick_at(capture.time_s)
        travel_mm = None if tick is None else tick * self._mm_per_tick
        for change in self._health.look(
            capture.pixels, capture.time_s, travel_mm, self._line.light
        ):
            self._faults.change(change.fault.value, change.active, change.sentence)
            if change.active and self._faults.doubts(change.fault.value):
                noticed_s = NOTICED_S.get(change.fault, NOTICED_SOON_S)
                self._line.withdraw_since(capture.time_s - noticed_s, self._clock())
        # Opening it anew takes a while: only where the belt stands for the fault anyway.
        untrusted = self._health.untrusted if self._line.held else None
        self._frames.distrust(None if untrusted is None else SENTENCES[untrusted])

    def _watch_camera(self) -> None:
        out = self._frames.out
        if out is self._out:
            return
        if self._out is not None:
            self._faults.change(self._out.fault.value, False)
        if out is not None:
            self._faults.change(out.fault.value, True, out.sentence)
        self._out = out

    def _let_items_reach_their_outlets(self) -> None:
        """The recording is over, but not the way of the items that it showed."""
        until_s = self._clock() + self._belt_s
        while self._pending and self._connected and not self._stopping:
            now_s = self._clock()
            if now_s > until_s:
                break
            self._board.heartbeat(now_s)
            self._hear(self._line.service(now_s))
            self._wait(SERVICE_S)

    def _wind_down(self) -> None:
        now_s = self._clock()
        # First of all and whatever else fails: the belt.
        self._line.stop_belt(now_s)
        try:
            self._note(self._line.finish(now_s))
            self._line.give_up(now_s)
        finally:
            self._let_orders_through(now_s + GOODBYE_S)
            if self._was_connected:
                self._say(self._status())

    def _let_orders_through(self, until_s: float) -> None:
        try:
            while self._connected and (now_s := self._clock()) < until_s:
                self._hear(self._line.service(now_s))
                self._wait(SERVICE_S)
        except BoardError as error:
            self._say(f"while stopping: {error}")

    def _note(self, decisions: Iterable[Decision]) -> None:
        self._pending |= {decision.item.item_id for decision in decisions if decision.shot}

    def _hear(self, events: Iterable[BoardEvent]) -> None:
        for event in events:
            if isinstance(event, ShotReport):
                self._pending.discard(event.item_id)
            elif isinstance(event, BoardConnected):
                identity = event.identity
                self._tell(
                    f"the board is back (firmware {identity.firmware}); the belt stands until a "
                    f"person has looked and pressed the start button"
                    if self._was_connected
                    else f"the board is connected (firmware {identity.firmware})"
                )
                self._connected = self._was_connected = True
            elif isinstance(event, BoardLost):
                self._connected = False
                self._tell(f"the board was lost ({event.why}); it stops the belt by itself")
            elif isinstance(event, BoardFault):
                self._hear_fault(event)
            elif isinstance(event, BoardAnswer) and event.order is Order.BELT:
                self._hear_belt(event.reason)

    def _hear_fault(self, fault: BoardFault) -> None:
        if fault.name == START_NEEDED:
            self._waiting_for_start = self._waiting_for_start and fault.active
        else:
            self._faults.change(fault.name, fault.active)

    def _hear_belt(self, reason: Reason) -> None:
        if reason is Reason.START_NEEDED and not self._waiting_for_start:
            self._waiting_for_start = True
            self._tell("the belt stands; press the start button when everybody is clear of it")

    def _tell(self, sentence: str) -> None:
        self._say(sentence)
        self._notify.status(sentence)

    def _status(self) -> str:
        counts = self._line.counts
        ordinary = (
            f"{counts.items} items, {counts.shots} shots, {counts.frames} frames, "
            f"{self._frames.skipped} skipped, {self._frames.lost} lost, "
            f"{counts.frames_without_position} without position, lot {self._line.lot}"
        )
        return "; ".join([ordinary, *counts.told()])

    def _state(self) -> dict[str, Any]:
        return {
            "machine": self._name,
            "lot": self._line.lot,
            "board": self._connected,
            "waiting_for_start": self._waiting_for_start,
            "held": self._line.held,
            "faults": self._faults.standing,
            "skipped": self._frames.skipped,
            "lost": self._frames.lost,
            "counts": self._line.counts.plain(),
        }
