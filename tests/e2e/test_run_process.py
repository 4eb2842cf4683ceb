"""`sorter run` as systemd starts it: a process with signals, a serial port, a video and records."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import pytest

from firmware_bridge.plant import OutputPin, PinEdge
from firmware_bridge.virtual_firmware import VirtualFirmware
from firmware_bridge.virtual_port import VirtualPort
from sorter.config_file import load_config
from sorter.control_socket import ask, control_path
from sorter.records import Records
from sorter.twin.belt import Belt
from sorter.twin.machine import Machine
from tests.factories import draw_frame

ROOT = Path(__file__).parents[2]
FPS, SPEED_MM_PER_S = 30.0, 300.0
GIVE_UP_S = 60.0
"""After this a process that hangs is killed, so that the test fails instead of hanging."""

MAIN = """
from sorter.classifier import Classifier
from sorter.cli import main
from tests.factories import StubClassifier
Classifier.load = lambda path: StubClassifier()
main()
"""
"""The real command with a stub for the model alone: what it answers is not what is tested here."""

CONFIG = """\
camera: {{source: file, device: {video}, width: 400, height: 200, mm_per_px: 1.0}}
belt: {{mm_per_tick: 0.5, speed_mm_per_s: 300}}
board: {{port: {port}}}
records: {{path: {db}}}
outlets:
  - {{name: premium, channel: 0, at_mm: 420, grades: [good]}}
  - {{name: second, channel: 1, at_mm: 620, grades: [fair]}}
  - {{name: end, default: true, grades: [poor]}}
"""


def write_video(path: Path, frames: int) -> None:
    """Two fruits, 150 mm apart; the first enters after a second."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (400, 200))
    for k in range(frames):
        first = k * SPEED_MM_PER_S / FPS - 330
        fruits = [(first - 150 * n, 100, 60, 40) for n in range(2)]
        writer.write(draw_frame(fruits).pixels)
    writer.release()


def write_config(folder: Path, *, port: str, frames: int) -> Path:
    write_video(folder / "belt.avi", frames)
    config = folder / "sorter.yaml"
    config.write_text(
        CONFIG.format(video=folder / "belt.avi", port=port, db=folder / "records.sqlite")
    )
    return config


@contextmanager
def running(
    config: Path, *options: str, program: str = MAIN, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", program, "run", "--config", str(config), "--lot", "e2e", *options],
        cwd=ROOT,
        env=os.environ | environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    killer = threading.Timer(GIVE_UP_S, process.kill)
    killer.start()
    try:
        yield process
    finally:
        killer.cancel()
        process.kill()
        process.wait()


class Bench(threading.Thread):
    """A board at a pseudo-terminal with a belt around it, in real time as hardware has it."""

    def __init__(self, config: Path) -> None:
        super().__init__(daemon=True)
        self.firmware = VirtualFirmware()
        self.port = VirtualPort(self.firmware)
        self.edges: list[PinEdge] = []
        self._config = config
        self._over = threading.Event()

    def run(self) -> None:
        belt = Belt(Machine.as_configured(load_config(self._config)), iter(()), self)
        started_s = time.monotonic()
        while not self._over.wait(0.002):
            belt.run(round((time.monotonic() - started_s) * 1e6))
            self.port.pump()

    @property
    def now_us(self) -> int:
        return self.firmware.now_us

    def drive(self, pin: object, level: bool) -> None:
        self.firmware.drive(pin, level)  # type: ignore[arg-type]

    def advance(self, until_us: int) -> list[PinEdge]:
        edges = self.firmware.advance(until_us)
        self.edges += edges
        return edges

    def belt_edges(self) -> list[bool]:
        return [edge.level for edge in self.edges if edge.pin is OutputPin.BELT]

    def end(self) -> None:
        self._over.set()
        self.join()


def test_a_recording_at_the_virtual_board_ends_with_every_item_delivered(tmp_path: Path) -> None:
    config = write_config(tmp_path, port="virtual", frames=95)
    notify = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(notify))
        with running(config, NOTIFY_SOCKET=str(notify)) as process:
            _, said = process.communicate()
        manager.setblocking(False)
        heard = manager.recv(1000)
        while heard.startswith(b"STATUS="):
            heard = manager.recv(1000)

    assert process.returncode == 0, said
    assert heard == b"READY=1"
    with Records(tmp_path / "records.sqlite", read_only=True) as records:
        rows = [(row.lot, row.grade, row.outlet, row.delivery) for row in records.items()]
    assert rows == [("e2e", "good", "premium", "fired")] * 2


def test_sigterm_stops_the_belt_of_a_serial_board_and_ends_well(tmp_path: Path) -> None:
    config = tmp_path / "sorter.yaml"
    bench = Bench(config)
    write_config(tmp_path, port=bench.port.path, frames=3000)
    bench.start()
    with running(config, "--start-belt") as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        while process.poll() is None and not bench.belt_edges():
            threading.Event().wait(0.01)
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate()
    bench.end()

    assert "the board is connected" in said
    assert process.returncode == 0, rest
    assert bench.belt_edges() == [True, False]


@pytest.mark.parametrize("port", ["/dev/none", "{folder}/plain"])
def test_a_board_that_is_not_there_ends_in_a_sentence(tmp_path: Path, port: str) -> None:
    (tmp_path / "plain").touch()
    config = write_config(tmp_path, port=port.format(folder=tmp_path), frames=10)

    with running(config) as process:
        _, said = process.communicate()

    assert process.returncode == 1
    assert said.splitlines()[-1].startswith("sorter: the board's port")
    assert "Traceback" not in said


def test_what_is_wrong_with_a_config_is_told_in_lines_without_a_traceback(tmp_path: Path) -> None:
    config = tmp_path / "sorter.yaml"
    config.write_text("camera: {fsp: 60}\nbelt: {length_mm: 0}\noutlets: []\n")

    done = subprocess.run(
        [sys.executable, "-c", "from sorter.cli import main; main()", "check", "--config", config],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (1, "")
    said = done.stderr.splitlines()
    assert said[0].startswith(f"sorter: {config}:1: camera.fsp: unknown key (value 60)")
    assert said[1].startswith(f"{config}:2: belt.length_mm: found 0")
    assert said[2].startswith(f"{config}:3: outlets: ")
    assert len(said) == 3


def test_a_calibration_that_cannot_be_used_is_told_at_its_line(tmp_path: Path) -> None:
    config = write_config(tmp_path, port="virtual", frames=2)
    config.write_text(config.read_text().replace("camera: {", "camera: {calibration: /none, "))

    with running(config) as process:
        _, said = process.communicate()

    assert process.returncode == 1
    assert said.startswith(f"sorter: {config}:1: camera.calibration: /none: the calibration cannot")


TWIN = """\
camera: {{source: twin, width: 640, height: 360, fps: 20, mm_per_px: 0.8}}
belt: {{mm_per_tick: 0.5, length_mm: 1500, speed_mm_per_s: 600}}
board: {{port: virtual}}
model: {{path: {model}}}
records: {{path: {db}}}
outlets: [{{name: best, channel: 0, at_mm: 600, grades: [2L]}}, {{name: end, default: true}}]
"""


def sorter(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from sorter.cli import main; main()", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_lot_is_opened_at_the_running_machine_and_goes_on_after_a_restart(
    tmp_path: Path,
) -> None:
    config, db = tmp_path / "sorter.yaml", tmp_path / "records.sqlite"
    config.write_text(TWIN.format(model=ROOT / "sorter" / "twin" / "demo.sorter", db=db))

    def items() -> int:
        return int(ask(control_path(db), {"do": "state"})["counts"]["items"])

    with running(config, program="from sorter.cli import main; main()") as process:
        while process.poll() is None and not control_path(db).exists():
            threading.Event().wait(0.05)
        while items() < 2:
            threading.Event().wait(0.05)
        opened = sorter("lots", "open", "field-7", "--config", str(config))
        before = items()
        # What was in view still belongs to the first lot: two or three fruits.
        while items() < before + 4:
            threading.Event().wait(0.05)
        told = sorter("status", "--config", str(config))
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate()

    assert opened.stdout == "lot field-7 is open, after e2e\n", opened.stderr
    assert "lot field-7" in told.stdout.splitlines()[0], told.stderr
    assert process.returncode == 0, said
    assert not control_path(db).exists()
    with Records(db, read_only=True) as records:
        lots = [row.lot for row in sorted(records.items(), key=lambda row: row.tick)]
        assert records.opened_lot() == "field-7"
    changed = lots.index("field-7")
    assert changed >= 2
    assert set(lots[:changed]) == {"e2e"} and set(lots[changed:]) == {"field-7"}
    missing = sorter("lots", "open", "field-8", "--config", str(config))
    assert missing.returncode == 1
    assert missing.stderr.startswith("sorter: no 'sorter run' with these records is running")
