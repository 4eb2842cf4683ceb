"""How soon a fresh process decides about its first item."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from benchmarks.report import Report
from firmware_bridge.virtual_board import VirtualBoard
from sorter.frame import Frame
from sorter.records import Records, RecordsError
from sorter.twin import demo as twin_demo
from sorter.twin import setup
from sorter.twin.demo import Demo, with_speed
from sorter.twin.lockstep import Log
from sorter.twin.recorder import FrameRecorder

ATTEMPTS = 5
SPEED_M_PER_S = 2.0
"""The first item passes within a dozen frames."""
MODEL = Path(twin_demo.__file__).with_name("demo.sorter")
PATIENCE_S = 20.0
LOOK_S = 0.005
PROGRAM = [sys.executable, "-c", "from sorter.cli import main; main()"]


def measure(report: Report) -> None:
    """The best of some starts, for the disk may be cold, and the median beside it.

    Of a replay and of the machine itself.
    """
    config = with_speed(setup.demo_config(), SPEED_M_PER_S)
    with tempfile.TemporaryDirectory() as folder:
        frames = Path(folder) / "frames"
        with FrameRecorder(frames, config) as recorder:

            def keep(frame: Frame, log: Log) -> None:
                recorder.add(frame)

            Demo(
                config=config,
                classifier=setup.demo_classifier(),
                board=VirtualBoard(),
                items=2,
                seed=1,
                watch=keep,
            ).run()
        found = {
            "replay": [first_line_s(frames) for _ in range(ATTEMPTS)],
            "run": [first_row_s(frames) for _ in range(ATTEMPTS)],
        }
    for what, starts_s in found.items():
        name = f"start to first decision, {what}"
        report.at_most(name, round(min(starts_s), 2), "s", 2.0)
        report.beside(f"{name}, median", round(statistics.median(starts_s), 2), "s")


def first_line_s(frames: Path) -> float:
    """Start `sorter replay` and wait for its first line."""
    started_s = time.monotonic()
    with subprocess.Popen(
        [*PROGRAM, "replay", str(MODEL), str(frames)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        passed_s = time.monotonic() - started_s
        process.kill()
    if not line.startswith("item"):
        raise RuntimeError(f"sorter replay said '{line.strip()}' in the place of an item")
    return passed_s


def first_row_s(frames: Path) -> float:
    """Start `sorter run` on the frames at their own pace and wait for the first of its records."""
    with tempfile.TemporaryDirectory() as folder:
        machine, rows = Path(folder) / "sorter.yaml", Path(folder) / "records.sqlite"
        settings = yaml.safe_load((frames / "sorter.yaml").read_text(encoding="utf-8"))
        settings["camera"] |= {"source": "file", "device": str(frames)}
        settings |= {
            "board": {"port": "virtual"},
            "model": {"path": str(MODEL)},
            "records": {"path": str(rows)},
        }
        machine.write_text(yaml.safe_dump(settings), encoding="utf-8")
        started_s = time.monotonic()
        with subprocess.Popen(
            [*PROGRAM, "run", "--config", str(machine)], stderr=subprocess.PIPE, text=True
        ) as process:
            while not (found := _items(rows)) and process.poll() is None:
                if time.monotonic() - started_s > PATIENCE_S:
                    break
                time.sleep(LOOK_S)
            passed_s = time.monotonic() - started_s
            process.terminate()
            said = process.communicate()[1]
    if not found:
        raise RuntimeError(f"sorter run recorded no item, but said '{said.strip()}'")
    return passed_s


def _items(path: Path) -> int:
    try:
        with Records(path, read_only=True) as records:
            return sum(lot.items for lot in records.lots())
    except RecordsError:
        # The file is being made.
        return 0
