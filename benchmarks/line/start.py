"""How soon a fresh process decides about its first item."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import Report
from firmware_bridge.virtual_board import VirtualBoard
from sorter.frame import Frame
from sorter.twin import demo as twin_demo
from sorter.twin import setup
from sorter.twin.demo import Demo, with_speed
from sorter.twin.lockstep import Log
from sorter.twin.recorder import FrameRecorder

ATTEMPTS = 3
SPEED_M_PER_S = 2.0
"""The first item passes within a dozen frames."""
MODEL = Path(twin_demo.__file__).with_name("demo.sorter")


def measure(report: Report) -> None:
    """From `sorter replay` to its first line, the best of some starts: the disk may be cold."""
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
        seconds = min(first_line_s(frames) for _ in range(ATTEMPTS))
    report.at_most("start to first decision", round(seconds, 2), "s", 2.0)


def first_line_s(frames: Path) -> float:
    """Start the program and wait for its first item."""
    command = "from sorter.cli import main; main()"
    started_s = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-c", command, "replay", str(MODEL), str(frames)],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        passed_s = time.monotonic() - started_s
        process.kill()
    if not line.startswith("item"):
        raise RuntimeError(f"sorter replay said '{line.strip()}' in the place of an item")
    return passed_s
