"""A daemon with its belt, board, camera and clock, all simulated."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from firmware_bridge.board import BoardEvent, BoardFault
from firmware_bridge.virtual_board import VirtualBoard
from firmware_bridge.virtual_firmware import VirtualFirmware
from sorter.camera.health import CameraChange, CameraHealth
from sorter.control_socket import ControlSocket
from sorter.daemon import Daemon
from sorter.frame import Capture
from sorter.line import Line
from sorter.records import Records
from sorter.service_notify import ServiceNotify
from sorter.twin.belt import Belt
from sorter.twin.machine import Machine
from tests.factories import StubClassifier, draw_frame, make_config

FRAME_S = 1 / 30
FRUIT_MM = 300.0
"""How far before the middle of the image the one fruit lies when the belt starts."""


class Stage:
    """Belt, board, camera and clock in one; time passes when the daemon waits."""

    skipped = lost = 0
    out: CameraChange | None = None
    hanging = False

    def __init__(
        self,
        records: Records,
        *,
        protocol: int | None = None,
        start_belt: bool = True,
        faults: dict[str, str] | None = None,
        health: CameraHealth | None = None,
        control: ControlSocket | None = None,
    ) -> None:
        self.config = make_config(faults=faults or {})
        self.firmware = (
            VirtualFirmware() if protocol is None else VirtualFirmware(protocol=protocol)
        )
        self.board = VirtualBoard(self.firmware)
        self.belt = Belt(Machine.as_configured(self.config), iter(()), self.board)
        self.now_s = 0.0
        self.next_frame_s = FRAME_S
        self.frames = 0
        self.fruits_mm = [FRUIT_MM]
        self.end_after_mm: float | None = None
        self.silent_after_mm = float("inf")
        self.gain_after_mm = (float("inf"), 1.0)
        self.closed = False
        self.distrusted: list[str] = []
        self.frozen_after_mm = float("inf")
        self.last: np.ndarray | None = None
        self.at_frame: Callable[[], None] = lambda: None
        self.said: list[str] = []
        self.notified: list[str] = []
        self.line = Line(
            config=self.config,
            classifier=StubClassifier(),  # type: ignore[arg-type]
            board=self.board,
            records=records,
            lot="today",
            start_belt=start_belt,
        )
        self.daemon = Daemon(
            config=self.config,
            frames=self,
            line=self.line,
            board=self.board,
            notify=ServiceNotify(self),
            say=self.said.append,
            health=health,
            records=records,
            control=control,
            clock=lambda: self.now_s,
            wait=self.wait,
        )

    def line_fault(self, name: str) -> None:
        """The board tells a fault of its input."""
        told = self.board.service

        def service(now_s: float) -> list[BoardEvent]:
            self.board.service = told  # type: ignore[method-assign]
            return [*told(now_s), BoardFault(name=name, active=True)]

        self.board.service = service  # type: ignore[method-assign]

    def notify(self, state: str) -> None:
        self.notified.append(state)

    def wait(self, wait_s: float) -> None:
        self.now_s += wait_s
        self.belt.run(round(self.now_s * 1e6))

    def open(self) -> None:
        pass

    def take(self, wait_s: float = 0.0) -> Capture | None:
        assert self.now_s < 60, "the daemon runs on and on"
        self.wait(wait_s)
        if self.now_s < self.next_frame_s or self.ended:
            return None
        self.next_frame_s += FRAME_S
        if self.belt.travel_mm > self.silent_after_mm:
            return None
        self.frames += 1
        self.at_frame()
        start_mm = self.belt.travel_mm + 200
        pixels = draw_frame([(start_mm - at_mm, 100, 60, 40) for at_mm in self.fruits_mm]).pixels
        after_mm, gain = self.gain_after_mm
        if self.belt.travel_mm > after_mm:
            pixels = np.asarray(cv2.convertScaleAbs(pixels, alpha=gain), np.uint8)
        # No sensor gives the same picture twice.
        pixels[0, 0] = self.frames % 251
        if self.last is not None and self.belt.travel_mm > self.frozen_after_mm:
            pixels = self.last
        self.last = pixels
        return Capture(pixels=pixels, time_s=self.now_s, index=self.frames - 1)

    def distrust(self, why: str | None) -> None:
        if why is not None:
            self.distrusted.append(why)

    @property
    def ended(self) -> bool:
        return self.end_after_mm is not None and self.belt.travel_mm > self.end_after_mm

    def close(self) -> None:
        self.closed = True

    def belt_stands(self) -> bool:
        """It was ordered to stop: silence alone would let it run for half a second more."""
        self.wait(0.1)
        travel_mm = self.belt.travel_mm
        self.wait(1.0)
        return self.belt.travel_mm == travel_mm
