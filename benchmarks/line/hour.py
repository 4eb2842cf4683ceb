"""An hour of a line's work in a process of its own: prints its memory every few minutes of belt."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from benchmarks.line.belt_film import BeltFilm
from benchmarks.line.machines import one_lane
from benchmarks.line.still_board import StillBoard
from firmware_bridge.board import Board
from sorter.frame import Capture
from sorter.line import Line
from sorter.records import Records
from sorter.twin.demo import with_speed

FPS = 10.0
SPEED_M_PER_S = 0.2
"""A sixth of the full rate, so that the hour takes minutes: the same way from frame to frame."""
ITEMS = 12
SAMPLE_S = 120.0


def main(seconds: float) -> None:
    """Run for so many simulated seconds; print [seconds, RSS in MB] as JSON lines."""
    bench = one_lane()
    config = with_speed(bench.config, SPEED_M_PER_S)
    config = config.model_copy(update={"camera": config.camera.model_copy(update={"fps": FPS})})
    film = BeltFilm(bench, config, items=ITEMS, jpeg=True)
    board: Board = StillBoard(lambda time_s: film.tick(time_s * FPS))
    with tempfile.TemporaryDirectory() as folder, Records(Path(folder) / "r.sqlite") as records:
        line = Line(
            config=config, classifier=bench.classifier, board=board, records=records, lot="hour"
        )
        line.start(0.0)
        line.service(0.0)
        items, next_s = 0, 0.0
        for index in range(int(seconds * FPS)):
            now_s = index / FPS
            capture = Capture(pixels=film.show(index).pixels, time_s=now_s, index=index)
            items += len(line.step(capture, now_s))
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
    main(float(sys.argv[1]))
