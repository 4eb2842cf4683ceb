from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from firmware_bridge.board import BoardEvent, BoardFault, BoardProtocolError, BoardSilentError
from firmware_bridge.plant import InputPin
from firmware_bridge.virtual_board import VirtualBoard
from firmware_bridge.virtual_firmware import VirtualFirmware
from sorter.camera.camera import CameraError
from sorter.camera.health import CameraChange, CameraFault, CameraHealth
from sorter.daemon import Daemon
from sorter.errors import SorterError
from sorter.frame import Capture
from sorter.line import Line
from sorter.records import Records
from sorter.service_notify import ServiceNotify, systemd_notifier
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
        return Capture(pixels=pixels, time_s=self.now_s, index=self.frames - 1)

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


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with Records(tmp_path / "records.sqlite") as records:
        yield records


@pytest.fixture
def stage(records: Records) -> Stage:
    return Stage(records)


def test_a_recordings_last_items_still_reach_their_outlet(stage: Stage, records: Records) -> None:
    # The fruit is decided near the right edge, and its outlet lies beyond the recording's end.
    stage.end_after_mm = FRUIT_MM + 220

    stage.daemon.run()

    (row,) = records.items()
    assert (row.grade, row.outlet, row.delivery) == ("good", "premium", "fired")
    assert stage.belt_stands()
    assert stage.closed
    assert stage.said[-1].startswith("1 items, 1 shots, ")


def test_stopping_stops_the_belt_and_decides_what_is_in_view(
    stage: Stage, records: Records
) -> None:
    def stop_with_the_fruit_in_view() -> None:
        if stage.belt.travel_mm > FRUIT_MM:
            stage.daemon.stop()

    stage.at_frame = stop_with_the_fruit_in_view
    stage.daemon.run()

    assert [row.item_id for row in records.items()] == [1]
    assert stage.belt_stands()
    assert stage.notified[-1] == "STOPPING=1"


def test_ready_is_told_once_board_and_camera_work(stage: Stage) -> None:
    stage.end_after_mm = 200

    stage.daemon.run()

    assert stage.notified.count("READY=1") == 1
    connected = next(k for k, s in enumerate(stage.notified) if "board is connected" in s)
    assert connected < stage.notified.index("READY=1")


def test_the_watchdog_is_fed_by_frames_alone(stage: Stage) -> None:
    stage.silent_after_mm = 300

    with pytest.raises(CameraError, match="no frame for 5 s"):
        stage.daemon.run()

    fed = [state for state in stage.notified if state.startswith("WATCHDOG=1")]
    assert 1 <= len(fed) <= 4
    assert all("\nSTATUS=0 items, 0 shots, " in state for state in fed)


def test_a_camera_that_fails_stops_the_belt(stage: Stage) -> None:
    def fail() -> None:
        if stage.frames > 30:
            raise CameraError("unplugged")

    stage.at_frame = fail
    with pytest.raises(CameraError, match="unplugged"):
        stage.daemon.run()

    assert stage.belt_stands()
    assert stage.closed


def test_records_that_cannot_be_written_stop_the_belt(stage: Stage, records: Records) -> None:
    def close_the_file() -> None:
        if stage.frames == 30:
            records._db.close()

    stage.at_frame = close_the_file
    # The second is still in view when the first cannot be written.
    stage.fruits_mm = [FRUIT_MM, FRUIT_MM + 150]
    with pytest.raises(SorterError, match="records cannot be used"):
        stage.daemon.run()

    assert stage.belt_stands()


def test_a_board_that_was_reset_is_reported_and_the_belt_stays_stopped(stage: Stage) -> None:
    def reset() -> None:
        if stage.frames == 30:
            stage.firmware.reset()
        if stage.frames == 90:
            stage.daemon.stop()

    stage.at_frame = reset
    stage.daemon.run()

    assert any("the board was lost (" in sentence for sentence in stage.said)
    assert any("the board is back" in sentence for sentence in stage.said)
    assert stage.belt.travel_mm < 30 * FRAME_S * stage.config.belt.speed_mm_per_s


def test_the_belt_waits_for_the_start_button_and_the_operator_is_told_once(
    records: Records,
) -> None:
    stage = Stage(records, start_belt=False)

    def press_start() -> None:
        if stage.frames == 30:
            assert stage.belt.travel_mm == 0
            stage.firmware.drive(InputPin.BUTTON, False)
        if stage.frames == 35:
            stage.firmware.drive(InputPin.BUTTON, True)
        if stage.frames == 60:
            stage.daemon.stop()

    stage.at_frame = press_start
    stage.daemon.run()

    waiting = [sentence for sentence in stage.said if "press the start button" in sentence]
    assert len(waiting) == 1
    assert stage.belt.travel_mm > 0


def test_a_lost_board_does_not_make_systemd_kill_the_program(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Killed and started again, it would start the belt as soon as the board is back.
    def go_silent() -> None:
        if stage.frames == 30:
            monkeypatch.setattr(VirtualFirmware, "take", lambda firmware: [])
        if stage.frames == 330:
            stage.daemon.stop()

    stage.at_frame = go_silent
    stage.daemon.run()

    lost = next(k for k, state in enumerate(stage.notified) if "the board was lost" in state)
    fed = [state for state in stage.notified[lost:] if state.startswith("WATCHDOG=1")]
    assert len(fed) >= 15


def test_a_fault_of_the_board_is_reported(stage: Stage) -> None:
    def press_the_estop() -> None:
        if stage.frames == 30:
            stage.board.drive(InputPin.ESTOP, True)
        if stage.frames == 40:
            stage.daemon.stop()

    stage.at_frame = press_the_estop
    stage.daemon.run()

    assert "fault estop raised" in stage.said


def test_a_board_of_another_protocol_ends_the_run(records: Records) -> None:
    stage = Stage(records, protocol=99)

    with pytest.raises(BoardProtocolError, match="speaks protocol version 99"):
        stage.daemon.run()
    assert stage.closed
    assert "READY=1" not in stage.notified


def test_a_board_that_never_answers_ends_the_run(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VirtualFirmware, "take", lambda firmware: [])

    with pytest.raises(BoardSilentError, match="no answer"):
        stage.daemon.run()
    assert "READY=1" not in stage.notified


def test_a_camera_that_is_missing_leaves_the_board_alone(stage: Stage) -> None:
    def missing() -> None:
        raise CameraError("there is no such camera")

    stage.open = missing  # type: ignore[method-assign]
    with pytest.raises(CameraError, match="there is no such camera"):
        stage.daemon.run()

    assert stage.board.identity is None


def test_systemd_hears_the_lines_on_its_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        notify = ServiceNotify(systemd_notifier())
        for now_s in (0.0, 0.1, 0.6):
            notify.progress("fine", now_s)

        heard = [manager.recv(1000) for _ in range(3)]

    assert heard == [b"READY=1", b"WATCHDOG=1\nSTATUS=fine", b"WATCHDOG=1\nSTATUS=fine"]


def test_without_systemd_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)

    ServiceNotify(systemd_notifier()).progress("fine", 0.0)


def unplug(stage: Stage, at_frame: int, back_at_s: float) -> None:
    """The camera goes at a frame, and is back at a time."""

    def go() -> None:
        if stage.frames == at_frame:
            stage.silent_after_mm = -1.0
            stage.out = CameraChange(
                fault=CameraFault.UNPLUGGED, active=True, sentence="check its cable"
            )

    plain_take = stage.take

    def take(wait_s: float = 0.0) -> Capture | None:
        if stage.out is not None and stage.now_s > back_at_s:
            stage.out, stage.silent_after_mm = None, float("inf")
        return plain_take(wait_s)

    stage.at_frame = go
    stage.take = take  # type: ignore[method-assign]


def test_an_unplugged_camera_stops_the_belt_and_a_person_starts_it_when_it_is_back(
    stage: Stage, records: Records
) -> None:
    unplug(stage, at_frame=30, back_at_s=20.0)
    stage.fruits_mm = []
    stood_mm: list[float] = []
    go = stage.at_frame

    def person() -> None:
        go()
        if stage.now_s > 20:
            stood_mm.append(stage.belt.travel_mm)
            stage.firmware.drive(InputPin.BUTTON, not 22 < stage.now_s < 22.3)
        if stage.now_s > 25:
            stage.daemon.stop()

    stage.at_frame = person
    stage.daemon.run()

    assert stood_mm[0] == stood_mm[30]
    assert stage.belt.travel_mm > stood_mm[0] + 300
    (fault,) = (fault for fault in records.faults() if fault.name == "camera_unplugged")
    assert fault.sentence == "check its cable" and fault.cleared_at is not None
    assert "fault camera_unplugged raised: check its cable; the belt stops" in stage.said
    fed = [state for state in stage.notified if state.startswith("WATCHDOG=1")]
    assert len(fed) >= 40


def test_a_driver_that_hangs_leaves_the_service_manager_to_start_anew(stage: Stage) -> None:
    unplug(stage, at_frame=30, back_at_s=15.0)
    stage.hanging = True
    stage.fruits_mm = []
    go = stage.at_frame

    def end() -> None:
        go()
        if stage.now_s > 15:
            stage.daemon.stop()

    stage.at_frame = end
    stage.daemon.run()

    fed = [state for state in stage.notified if state.startswith("WATCHDOG=1")]
    assert len(fed) <= 4


@pytest.mark.parametrize(
    ("policy", "stops", "outlet"),
    [("warn", False, "premium"), ("doubt", False, "end"), ("stop", True, "end")],
)
def test_a_fault_of_the_picture_has_the_policy_of_the_config(
    records: Records, policy: str, stops: bool, outlet: str
) -> None:
    stage = Stage(records, faults={"exposure": policy}, health=CameraHealth())
    stage.gain_after_mm = (FRUIT_MM - 100, 0.6)
    stage.end_after_mm = FRUIT_MM + 250

    def end() -> None:
        if stage.now_s > 5:
            stage.daemon.stop()

    stage.at_frame = end
    stage.daemon.run()

    assert [row.outlet for row in records.items()] == [outlet]
    assert (stage.belt.travel_mm < FRUIT_MM + 225) == stops
    assert any("fault camera_exposure raised" in sentence for sentence in stage.said)


def test_a_full_bin_stops_the_belt_by_policy(stage: Stage, records: Records) -> None:
    def fill() -> None:
        if stage.frames == 30:
            stage.line_fault("bin_full")
        if stage.frames == 90:
            stage.daemon.stop()

    stage.at_frame = fill
    stage.fruits_mm = []
    stage.daemon.run()

    assert stage.belt.travel_mm < 30 * FRAME_S * stage.config.belt.speed_mm_per_s + 200
    assert "bin_full" in [fault.name for fault in records.faults()]
