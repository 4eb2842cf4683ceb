"""An hour of a line's work in a process of its own: prints its memory every few minutes of belt.

Started by `memory`; imports what the daemon needs and nothing of the twin.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from benchmarks.line.still_board import StillBoard
from firmware_bridge.board import Board
from sorter.classifier import Classifier
from sorter.config_file import load_config
from sorter.frame import Capture
from sorter.line import Line
from sorter.record_writer import RecordWriter
from sorter.records import Records
from sorter.warm_up import spare_the_collector

SAMPLE_S = 120.0
APART_TICKS = 10_000
"""Belt between two showings of the film: what the tracker remembers is over by then."""


def main(folder: Path, model: Path, seconds: float) -> None:
    """Show the film in a folder again and again; print [seconds, RSS in MB, items] as JSON lines.

    Args:
        folder: frames in the order of their names, with the machine's `sorter.yaml`.
        model: bundle.
        seconds: of simulated time.
    """
    config = load_config(folder / "sorter.yaml")
    frames = sorted(folder.glob("*.jpg"))
    fps = config.camera.fps
    step_ticks = config.belt.speed_mm_per_s / fps / config.belt.mm_per_tick

    def tick_at(time_s: float) -> float:
        showing, at = divmod(time_s * fps, len(frames))
        return showing * (len(frames) * step_ticks + APART_TICKS) + at * step_ticks

    board: Board = StillBoard(tick_at)
    with (
        tempfile.TemporaryDirectory() as place,
        Records(Path(place) / "r.sqlite") as file,
        RecordWriter(file) as records,
    ):
        line = Line(
            config=config,
            classifier=Classifier.load(model),
            board=board,
            records=records,
            lot="hour",
        )
        line.warm_up()
        spare_the_collector()
        line.start(0.0)
        line.service(0.0)
        items, next_s = 0, 0.0
        for index in range(int(seconds * fps)):
            now_s = index / fps
            coded = np.fromfile(frames[index % len(frames)], np.uint8)
            pixels = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
            items += len(line.step(Capture(pixels=pixels, time_s=now_s, index=index), now_s))
            line.service(now_s)
            if now_s >= next_s:
                next_s += SAMPLE_S
                print(json.dumps([now_s, rss_mb(), items]), flush=True)
        print(json.dumps([seconds, rss_mb(), items]), flush=True)


def rss_mb() -> float:
    """Resident memory of this process, from /proc."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
