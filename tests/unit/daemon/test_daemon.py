from __future__ import annotations

import socket
from pathlib import Path

import pytest

from firmware_bridge.board import BoardProtocolError, BoardSilentError
from firmware_bridge.plant import InputPin
from firmware_bridge.virtual_firmware import VirtualFirmware
from sorter.camera.camera import CameraError
from sorter.errors import SorterError
from sorter.records import Records
from sorter.service_notify import ServiceNotify, systemd_notifier
from tests.unit.daemon.stage import FRAME_S, FRUIT_MM, Stage


def test_a_recordings_last_items_still_reach_their_outlet(stage: Stage, records: Records) -> None:
    # The fruit is decided near the right edge, and its outlet lies beyond the recording's end.
    stage.end_after_mm = FRUIT_MM + 220

    stage.daemon.run()

    (row,) = records.items()
    assert (row.grade, row.outlet, row.delivery) == ("good", "premium", "fired")
    assert stage.belt_stands()
    assert stage.closed
    assert stage.said[-1].startswith("1 items, 1 shots, ")


def test_the_first_item_is_no_slower_than_others_everything_is_warm_before_the_camera_opens(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(stage.line, "warm_up", lambda: done.append("warm"))
    monkeypatch.setattr(stage, "open", lambda: done.append("camera"))
    stage.end_after_mm = 200

    stage.daemon.run()

    assert done == ["warm", "camera"]


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


def test_what_was_to_be_shot_when_the_run_ends_is_recorded_as_stopped(
    stage: Stage, records: Records
) -> None:
    def stop_before_the_outlet() -> None:
        if stage.belt.travel_mm > FRUIT_MM + 300:
            stage.daemon.stop()

    stage.at_frame = stop_before_the_outlet
    stage.daemon.run()

    (row,) = records.items()
    assert row.outlet == "premium"
    assert (row.delivery, row.delivery_reason) in {
        ("cancelled", "cancel"),
        ("cancelled", "stopped"),
    }


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
