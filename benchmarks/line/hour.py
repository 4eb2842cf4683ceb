"""An hour of the daemon's work in a process of its own: prints its memory every few minutes of it.

Started by `memory`; imports what `sorter run` does and nothing of the twin.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

import sorter.cli  # noqa: F401 - its commands' modules are part of the program
from benchmarks.line.still_board import StillBoard
from firmware_bridge.board import Board
from sorter.camera.health import CameraChange, CameraHealth
from sorter.classifier import Classifier
from sorter.config import SorterConfig
from sorter.config_file import load_config
from sorter.daemon import Daemon
from sorter.frame import Capture
from sorter.line import Line
from sorter.record_writer import RecordWriter
from sorter.records import Records
from sorter.service_notify import ServiceNotify
from sorter.warm_up import spare_the_collector

SAMPLE_S = 60.0
APART_TICKS = 10_000
"""Belt between two showings of the film: what the tracker remembers is over by then."""


class FilmedHour:
    """A camera and a clock that stand still together until the next frame is taken."""

    skipped = lost = 0
    out: CameraChange | None = None
    hanging = False

    def __init__(self, folder: Path, config: SorterConfig, seconds: float) -> None:
        self._files = sorted(folder.glob("*.jpg"))
        self._fps = config.camera.fps
        self._left = int(seconds * self._fps)
        self._next_s = 0.0
        self._step_ticks = config.belt.speed_mm_per_s / self._fps / config.belt.mm_per_tick
        self._taken = 0
        self.now_s = 0.0
        self.watch: Callable[[float], None] = lambda now_s: None
        """Called before each frame."""

    def tick_at(self, time_s: float) -> float:
        """Belt position; far on from one showing of the film to the next."""
        showing, at = divmod(time_s * self._fps, len(self._files))
        return showing * (len(self._files) * self._step_ticks + APART_TICKS) + at * self._step_ticks

    def take(self, wait_s: float = 0.0) -> Capture | None:
        """The next frame, decoded; the clock goes on to its time."""
        if self.ended:
            return None
        self.now_s = self._taken / self._fps
        self.watch(self.now_s)
        coded = np.fromfile(self._files[self._taken % len(self._files)], np.uint8)
        pixels = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
        self._taken += 1
        return Capture(pixels=pixels, time_s=self.now_s, index=self._taken)

    @property
    def ended(self) -> bool:
        """The hour is over."""
        return self._taken == self._left

    def wait(self, wait_s: float) -> None:
        """Let time pass without frames."""
        self.now_s += wait_s

    def distrust(self, why: str | None) -> None:
        """The pictures are as they are."""

    def open(self) -> None:
        """It is there."""

    def close(self) -> None:
        """Nothing to let go of."""


def main(folder: Path, model: Path, seconds: float) -> None:
    """Show the film in a folder again and again; print a JSON line every few minutes of it.

    Each has the seconds, the most memory in MB since the line before (it comes and goes with the
    items in view) and the items decided.

    Args:
        folder: frames in the order of their names, with the machine's `sorter.yaml`.
        model: bundle.
        seconds: of simulated time.
    """
    config = load_config(folder / "sorter.yaml")
    film = FilmedHour(folder, config, seconds)
    board: Board = StillBoard(film.tick_at)
    with (
        tempfile.TemporaryDirectory() as place,
        Records(Path(place) / "r.sqlite") as records,
        RecordWriter(records) as writer,
    ):
        line = Line(
            config=config,
            classifier=Classifier.load(model),
            board=board,
            records=writer,
            lot="hour",
        )
        daemon = Daemon(
            config=config,
            frames=film,
            line=line,
            board=board,
            notify=ServiceNotify(Nobody()),
            say=lambda sentence: print(sentence, file=sys.stderr),
            health=CameraHealth(),
            records=writer,
            clock=lambda: film.now_s,
            wait=film.wait,
        )
        most_mb, next_s = 0.0, SAMPLE_S

        def watch(now_s: float) -> None:
            nonlocal most_mb, next_s
            most_mb = max(most_mb, rss_mb())
            if now_s >= next_s:
                print(json.dumps([now_s, most_mb, line.counts.items]), flush=True)
                most_mb, next_s = 0.0, next_s + SAMPLE_S

        film.watch = watch
        spare_the_collector()
        daemon.run()


class Nobody:
    """There is no service manager."""

    def notify(self, state: str) -> None:
        """Nobody listens."""


def rss_mb() -> float:
    """Resident memory of this process, from /proc."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
