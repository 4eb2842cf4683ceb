from __future__ import annotations

import json
import os
import termios
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from firmware_bridge import bootloader_probe, ports
from firmware_bridge import flash as flashing
from firmware_bridge.board import BoardError, BoardNotFoundError, Shot
from firmware_bridge.bootloader_probe import probe_bootloader
from firmware_bridge.plant import OUTLET_PINS, InputPin, PinEdge
from firmware_bridge.ports import BoardPort
from firmware_bridge.serial_board import SerialBoard
from firmware_bridge.virtual_firmware import VirtualFirmware
from firmware_bridge.virtual_port import VirtualPort
from sorter.cli import board_session
from sorter.cli.board import board_app
from sorter.cli.board_info import describe, gather
from sorter.cli.board_monitor import FrameLog
from sorter.cli.board_session import BoardSession
from sorter.cli.board_trial import fire
from sorter.cli.board_watch import Watch

NANO = BoardPort(
    path="/dev/ttyUSB7",
    vid=0x1A86,
    pid=0x7523,
    what="CH340: Nano or a copy",
    flash_as="nano",
    serial_number=None,
)
UNO = BoardPort(
    path="/dev/ttyACM7",
    vid=0x2341,
    pid=0x0043,
    what="Arduino Uno",
    flash_as="uno",
    serial_number="75",
)


def invoke(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(board_app, arguments, input=answer, catch_exceptions=False)


def run(*arguments: str) -> str:
    result = invoke(*arguments)
    assert result.exit_code == 0
    return result.stdout


class Bench:
    """A virtual board behind a pseudo-terminal; time passes when the session waits."""

    def __init__(self) -> None:
        self.firmware = VirtualFirmware()
        self.port = VirtualPort(self.firmware)
        self.edges: list[PinEdge] = []
        self.session = BoardSession(
            SerialBoard(self.port.path, threaded=False),
            clock=lambda: self.firmware.now_us / 1e6,
            wait=self._wait,
        )
        self.session.connect()

    def _wait(self, wait_s: float) -> None:
        self.port.pump()
        self.edges += self.firmware.advance(self.firmware.now_us + round(wait_s * 1e6))
        self.port.pump()

    def close(self) -> None:
        self.session.board.close()
        self.port.unplug()


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


@pytest.fixture
def nano(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "board_ports", lambda: [NANO])


def test_list_names_the_ports_with_their_chips(nano: None) -> None:
    assert "/dev/ttyUSB7  CH340: Nano or a copy (1a86:7523)" in run("list")
    assert json.loads(run("list", "--json"))[0]["path"] == "/dev/ttyUSB7"


def test_list_says_so_when_there_is_no_board(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "board_ports", lambda: [])
    assert "no board found" in invoke("list").stderr
    assert json.loads(run("list", "--json")) == []
    with pytest.raises(BoardNotFoundError, match="no board found at any USB port"):
        invoke("info")


def test_info_tells_who_the_board_is_and_what_it_keeps(bench: Bench) -> None:
    told = gather(bench.session, port=bench.port.path, bootloader="nano")
    assert told["boot_count"] == 1
    assert told["reset_cause"] == "power_on"
    assert told["channels"] == 8
    assert len(told["settings"]["outlets"]) == 8
    assert told["settings"]["outlets"][0]["kind"] == "valve"
    shown = describe(told)
    assert "reset cause            power_on" in shown
    assert "outlet 7" in shown and "machine" in shown
    json.dumps(told)


@pytest.fixture
def at_a_port(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """What a command finds at a serial port is the bench's board."""

    @contextmanager
    def open_bench(port: str | None, baud: int) -> Iterator[BoardSession]:
        yield bench.session

    monkeypatch.setattr(board_session, "open_session", open_bench)
    return bench


def probed_as(monkeypatch: pytest.MonkeyPatch, bootloader: str | None) -> list[str]:
    """The bootloader answers like this; the ports that were asked."""
    asked: list[str] = []

    def probe(port: str) -> str | None:
        asked.append(port)
        return bootloader

    monkeypatch.setattr(bootloader_probe, "probe_bootloader", probe)
    return asked


@pytest.mark.usefixtures("nano", "at_a_port")
def test_info_warns_of_the_bootloader_that_loops_after_a_watchdog_reset(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = probed_as(monkeypatch, "nano-old")
    result = invoke("info", "--json")
    assert asked == [NANO.path]
    assert json.loads(result.stdout)["bootloader"] == "nano-old"
    assert "warning: the old Nano bootloader does not switch the watchdog off" in result.stderr
    assert "burn Optiboot" in result.stderr


@pytest.mark.usefixtures("nano", "at_a_port")
def test_info_does_not_warn_of_a_sound_bootloader(monkeypatch: pytest.MonkeyPatch) -> None:
    probed_as(monkeypatch, "nano")
    assert invoke("info").stderr == ""


@pytest.mark.usefixtures("at_a_port")
def test_info_resets_no_board_but_a_likely_nano_unless_it_is_told_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ports, "board_ports", lambda: [UNO])
    asked = probed_as(monkeypatch, "nano-old")
    assert invoke("info").stderr == ""
    assert asked == []
    assert "warning" in invoke("info", "--probe").stderr
    assert asked == [UNO.path]
    assert invoke("info", "--port", "virtual", "--probe").stderr == ""
    assert asked == [UNO.path]


def test_a_channel_is_tried_as_often_as_asked(at_a_port: Bench) -> None:
    done = run("test", "6", "--ms", "40", "--times", "3", "--yes")
    assert done.splitlines()[-1] == "outlet 6 opened for 40 ms (3 of 3)"
    widths = [edge.at_us for edge in at_a_port.edges if edge.pin is OUTLET_PINS[6]]
    assert [late - early for early, late in zip(widths[::2], widths[1::2], strict=True)] == (
        pytest.approx([40_000] * 3, abs=2_000)
    )


@pytest.mark.usefixtures("at_a_port")
def test_watch_shows_the_board_at_a_port_and_gives_it_no_sign_of_life() -> None:
    lines = [json.loads(line) for line in run("watch", "--seconds", "0.9", "--json").splitlines()]
    assert [line["faults"] for line in lines] == [[], [], [], ["silence"], ["silence"]]
    assert lines[-1]["clock_error_ms"] < 5


def test_info_works_on_the_virtual_board() -> None:
    assert json.loads(run("info", "--port", "virtual", "--json"))["protocol"] == 1


def test_flash_prints_its_command_and_does_nothing_in_a_dry_run(
    nano: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(command: list[str]) -> str:
        raise AssertionError("avrdude was run")

    monkeypatch.setattr(flashing, "flash", never)
    firmware = tmp_path / "firmware.hex"
    firmware.write_bytes(b":00000001FF\n")
    assert run("flash", "--hex", str(firmware), "--dry-run").strip() == (
        f"avrdude -p atmega328p -c arduino -P /dev/ttyUSB7 -b 115200 -D -U flash:w:{firmware}:i"
    )
    old = run("flash", "--hex", str(firmware), "--dry-run", "--board", "nano-old")
    assert "-b 57600" in old


def test_flash_runs_avrdude_and_warns_about_the_old_nano_bootloader(
    nano: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(flashing, "flash", commands.append)
    firmware = tmp_path / "firmware.hex"
    firmware.write_bytes(b":00000001FF\n")
    result = invoke("flash", "--hex", str(firmware), "--board", "nano-old")
    assert len(commands) == 1
    assert "does not switch the watchdog off" in result.stderr
    assert "flashed as Arduino Nano before 2018" in result.stdout


def test_the_virtual_board_cannot_be_flashed() -> None:
    with pytest.raises(BoardError, match="has no flash"):
        invoke("flash", "--port", "virtual")


def test_a_channel_is_fired_for_the_time_asked(bench: Bench) -> None:
    fire(bench.session, 3, 120)
    opened, closed = [edge for edge in bench.edges if edge.pin is OUTLET_PINS[3]]
    assert opened.level and not closed.level
    assert closed.at_us - opened.at_us == pytest.approx(120_000, abs=2_000)
    assert not bench.session.alive


def test_a_refused_pulse_says_why_and_what_to_do(bench: Bench) -> None:
    bench.firmware.drive(InputPin.ESTOP, True)
    with pytest.raises(BoardError, match="refused to open outlet 3: the emergency stop is latched"):
        fire(bench.session, 3, 120)


def test_nothing_is_fired_without_a_yes() -> None:
    assert invoke("test", "3", "--port", "virtual", answer="n\n").exit_code == 1
    done = invoke("test", "3", "--port", "virtual", "--ms", "20", answer="y\n")
    assert "Is everybody clear of it?" in done.stdout
    assert "outlet 3 opened for 20 ms (1 of 1)" in done.stdout


@pytest.mark.parametrize("wrong", [("8",), ("0", "--ms", "5000"), ("0", "--times", "100")])
def test_what_is_fired_by_hand_is_bounded(wrong: tuple[str, ...]) -> None:
    assert invoke("test", *wrong, "--port", "virtual", "--yes").exit_code == 2


@pytest.mark.usefixtures("at_a_port")
def test_settings_are_changed_and_kept() -> None:
    changes = "--outlet 3 --kind servo --open-us 1800 --max-on-ms 900"
    told = json.loads(run("settings", *changes.split(), "--json"))
    assert told["outlets"][3] == {
        "channel": 3,
        "kind": "servo",
        "duty_percent": 80,
        "max_on_ms": 900,
        "min_cycle_ms": 40,
        "closed_us": 1_000,
        "open_us": 1_800,
        "delay_us": 0,
    }
    run("settings", "--input-function", "cover", "--no-passed-beam", "--silence-ms", "300")
    shown = run("settings")
    assert "outlet 3               kind servo, duty_percent 80, max_on_ms 900" in shown
    assert "silence_ms 300, encoder_dead_ms 1000" in shown
    assert "passed_beam False, input_function cover" in shown


@pytest.mark.usefixtures("at_a_port")
def test_a_setting_looser_than_compiled_in_is_refused_with_a_sentence() -> None:
    with pytest.raises(
        BoardError, match=r"refused the settings of outlet 2 \(solenoid\): .*looser"
    ):
        invoke("settings", "--outlet", "2", "--kind", "solenoid", "--duty-percent", "26")
    assert "outlet 2               kind valve" in run("settings")


@pytest.mark.usefixtures("at_a_port")
def test_a_number_that_fits_no_field_is_refused_with_a_sentence() -> None:
    with pytest.raises(BoardError, match="too large"):
        invoke("settings", "--outlet", "2", "--max-on-ms", "70000")


@pytest.mark.parametrize("wrong", [("--outlet", "2"), ("--kind", "servo"), ("--silence-ms", "501")])
def test_settings_that_make_no_sense_are_a_mistake(wrong: tuple[str, ...]) -> None:
    assert invoke("settings", *wrong, "--port", "virtual").exit_code == 2


def test_watch_counts_beams_and_follows_the_encoder(bench: Bench) -> None:
    watch = Watch(bench.session)
    for a, b in ((True, False), (True, True), (False, True), (False, False)):
        bench.firmware.drive(InputPin.ENCODER_A, a)
        bench.firmware.drive(InputPin.ENCODER_B, b)
        watch.hear(bench.session.step())
    bench.firmware.drive(InputPin.PASSED_BEAM, True)
    for events in bench.session.for_s(0.1):
        watch.hear(events)
    told = watch.tell()
    assert told["tick"] == 4
    assert told["inputs_high"] == ["button", "passed_beam"]
    assert told["passed_beam_blocked"] == 1


def test_watch_says_that_the_board_is_lost(bench: Bench) -> None:
    watch = Watch(bench.session)
    bench.firmware.reset("watchdog")
    told = []
    for events in bench.session.for_s(0.02):
        watch.hear(events)
        told.append(watch.tell().get("lost"))
    assert any(why is not None and "was reset (cause: watchdog)" in why for why in told)
    assert told[-1] is None


def test_watch_ends_after_its_time_and_writes_lines_of_json() -> None:
    lines = run("watch", "--port", "virtual", "--seconds", "0.05", "--json").splitlines()
    assert json.loads(lines[0])["tick"] == 0
    assert "ticks per s" in run("watch", "--port", "virtual", "--seconds", "0.05")


def test_monitor_decodes_frames_both_ways(bench: Bench) -> None:
    lines: list[str] = []
    bench.session.board.tap = FrameLog(lines.append, as_json=True, start_s=0.0).hear
    now_s = bench.session.now_s
    bench.session.board.shoot(Shot(item_id=5, channel=1, open_tick=100, close_tick=120), now_s)
    for _ in bench.session.for_s(0.01):
        pass
    frames = [json.loads(line) for line in lines]
    (shot,) = [frame for frame in frames if frame["message"] == "ShotCommand"]
    (ack,) = [frame for frame in frames if frame["message"] == "Ack"]
    assert (shot["way"], shot["item_id"], shot["open_tick"]) == (">", 5, 100)
    assert (ack["way"], ack["seq"]) == ("<", shot["seq"])


def test_monitor_shows_what_is_no_frame_and_what_nobody_knows() -> None:
    lines: list[str] = []
    log = FrameLog(lines.append, as_json=False, start_s=1.0)
    log.hear(False, b"\x05\x01\x02rubbish\x00", 1.5)
    log.hear(True, b"\x05\x02\x02\x2f\x5b\x00", 1.75)
    assert lines == ["    0.5000 < no frame", "    0.7500 > Heartbeat #2"]


def test_monitor_shows_the_virtual_boards_handshake() -> None:
    shown = run("monitor", "--port", "virtual", "--seconds", "0.01")
    assert "> Hello #1 protocol=1 session=1" in shown
    assert "< Identity #1" in shown


class Bootloader:
    """Answers STK500's sync at one speed, on a thread of its own."""

    def __init__(self, speed: int) -> None:
        self._speed = speed
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while (data := os.read(self._master, 64)) != b"\x04":
            if termios.tcgetattr(self._slave)[5] == self._speed and b"0 " in data:
                os.write(self._master, b"\x14\x10")

    def close(self) -> None:
        os.write(self._slave, b"\x04")
        self._thread.join(10)
        os.close(self._master)
        os.close(self._slave)


@pytest.mark.parametrize(
    ("speed", "kind"),
    [(termios.B115200, "nano"), (termios.B57600, "nano-old"), (termios.B9600, None)],
)
def test_the_bootloader_is_told_by_the_speed_at_which_it_answers(
    speed: int, kind: str | None
) -> None:
    bootloader = Bootloader(speed)
    try:
        assert probe_bootloader(bootloader.path, wait=lambda wait_s: None) == kind
    finally:
        bootloader.close()


def test_a_port_that_cannot_be_probed_is_named() -> None:
    with pytest.raises(BoardNotFoundError, match="/dev/no-such-port cannot be opened"):
        probe_bootloader("/dev/no-such-port")
