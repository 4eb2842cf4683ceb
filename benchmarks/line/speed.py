"""1280 × 720 at 60 frames/s from memory at the full rates, on the clock of the wall.

A train of items without a gap, so that the rates are those of the whole run; the camera is watched
as the daemon watches it. The board takes every shot at once: its link is measured with the board.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.line.belt_film import BeltFilm
from benchmarks.line.machines import Bench, benches
from benchmarks.line.scale import scaled
from benchmarks.line.still_board import StillBoard
from benchmarks.report import Report
from firmware_bridge.board import Board, Shot
from sorter.camera.health import CameraHealth
from sorter.camera.newest import NewestFrame
from sorter.decision import Decision
from sorter.frame import Capture
from sorter.line import Line
from sorter.record_writer import RecordWriter
from sorter.records import Records
from sorter.twin.score import match
from sorter.verdict import Why
from sorter.warm_up import spare_the_collector

ITEMS_PER_LANE = 24
"""On the stretch of belt that comes again and again; the frames take half a gigabyte."""
STRETCHES = scaled(20, 3)
WARM_UP_S = 1.0
SERVICE_S = 0.002
"""As the daemon."""


class FilmCamera:
    """A camera that gives a film's frames at their time, whether anybody is ready or not."""

    def __init__(self, film: BeltFilm, fps: float, clock_0_s: float) -> None:
        self._film = film
        self._frame_s = 1 / fps
        self._start_s = clock_0_s
        self.produced = 0

    def open(self) -> None:
        """It runs."""

    def read(self) -> Capture | None:
        """Wait for the next frame's time, and decode it where it is coded."""
        if self.produced == self._film.frames:
            return None
        index, self.produced = self.produced, self.produced + 1
        due_s = self._start_s + index * self._frame_s
        if (wait_s := due_s - time.monotonic()) > 0:
            time.sleep(wait_s)
        shown = self._film.show(index)
        return Capture(pixels=shown.pixels, time_s=due_s, index=index)

    def close(self) -> None:
        """Nothing to let go of."""

    def __enter__(self) -> FilmCamera:
        return self

    def __exit__(self, *exception: object) -> None:
        pass


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What one run at full rate came to."""

    decisions: list[Decision] = field(default_factory=list)
    shot_s: list[float] = field(default_factory=list)
    """From a frame's time to its shots sent, of each frame that brought any."""
    sent_s: list[float] = field(default_factory=list)
    """The same from the frame that decided an item; shots may wait for neighbours."""
    unfired: dict[str, int] = field(default_factory=dict)
    """Shots that were given up after the decision, by their reason."""
    produced: int = 0
    stepped: int = 0
    skipped: int = 0
    cores: list[float] = field(default_factory=list)
    """Share of each core that was busy, with whatever."""
    own: float = 0.0
    """Cores that this process used."""


def measure(report: Report) -> None:
    """Both machines, with raw frames and with frames to decode."""
    for bench in benches():
        for jpeg in (False, True):
            _measure(report, bench, jpeg)


def _measure(report: Report, bench: Bench, jpeg: bool) -> None:
    name = f"{bench.name}, MJPEG" if jpeg else bench.name
    film = BeltFilm(
        bench, bench.config, items_per_lane=ITEMS_PER_LANE, stretches=STRETCHES, jpeg=jpeg
    )
    outcome = run(bench, film)
    laid = len(film.produce)
    mm_per_tick = bench.config.belt.mm_per_tick
    matched, strays = match(film.produce, outcome.decisions, lambda tick: tick * mm_per_tick)
    why = [decision.verdict.why for decision in outcome.decisions]
    missing = abs(outcome.produced - outcome.stepped - outcome.skipped)
    late = why.count(Why.TOO_LATE) + sum(outcome.unfired.values())
    report.at_most(f"{name}: items undecided", laid - len(matched), "items", 0)
    report.at_most(f"{name}: decisions without an item", strays, "items", 0)
    report.at_most(f"{name}: too late, or given up", late, "items", 0)
    report.at_most(f"{name}: frames not accounted for", missing, "frames", 0)
    p99_ms = 1000 * float(np.percentile(outcome.shot_s, 99)) if outcome.shot_s else 1e9
    report.at_most(f"{name}: frame to shot sent, p99", round(p99_ms, 1), "ms", 25)
    for share in (50, 99):
        wait_ms = 1000 * float(np.percentile(outcome.sent_s, share)) if outcome.sent_s else 1e9
        report.beside(f"{name}: with waiting for neighbours, p{share}", round(wait_ms, 1), "ms")
    report.beside(f"{name}: frames skipped", outcome.skipped, "frames")
    for core, busy in enumerate(outcome.cores):
        report.beside(f"{name}: core {core} busy", round(100 * busy), "%")
    report.beside(f"{name}: this process alone", round(100 * outcome.own), "% of a core")
    shots = len(outcome.shot_s)
    print(
        f"       {laid} items at {bench.items_per_s:g}/s, {outcome.stepped} frames, "
        f"{shots} of them with shots; {dict(outcome.unfired)}"
    )


def run(bench: Bench, film: BeltFilm) -> Outcome:
    """Show a film at its speed to a line with records on disk."""
    outcome = Outcome()
    start_s = time.monotonic() + WARM_UP_S
    fps = bench.config.camera.fps
    mm_per_tick = bench.config.belt.mm_per_tick
    camera = FilmCamera(film, fps, start_s)
    handed: list[float] = []
    sent_s: dict[int, float] = {}

    def sent(shot: Shot) -> None:
        handed.append(time.monotonic())
        sent_s.update(dict.fromkeys(shot.items, handed[-1]))

    board: Board = StillBoard(lambda time_s: film.tick((time_s - start_s) * fps), sent)
    health = CameraHealth()
    with (
        tempfile.TemporaryDirectory() as folder,
        Records(Path(folder) / "r.sqlite") as file,
        RecordWriter(file) as records,
    ):
        line = Line(
            config=bench.config,
            classifier=bench.classifier,
            board=board,
            records=records,
            lot="speed",
        )
        line.warm_up()
        spare_the_collector()
        line.start(time.monotonic())
        line.service(time.monotonic())
        frames = NewestFrame(camera)
        busy = core_times()
        used_s, since_s = time.process_time(), time.monotonic()
        frames.open()
        while not frames.ended:
            capture = frames.take(SERVICE_S)
            if capture is not None:
                handed.clear()
                outcome.decisions += line.step(capture, time.monotonic())
                outcome.stepped += 1
                if handed:
                    outcome.shot_s.append(handed[-1] - capture.time_s)
                travel_mm = film.tick((capture.time_s - start_s) * fps) * mm_per_tick
                health.look(capture.pixels, capture.time_s, travel_mm, line.light)
            line.service(time.monotonic())
        wall_s = time.monotonic() - since_s
        outcome.own = (time.process_time() - used_s) / wall_s
        outcome.cores = [
            (after[0] - before[0]) / max(1, after[1] - before[1])
            for before, after in zip(busy, core_times(), strict=True)
        ]
        outcome.decisions += line.finish(time.monotonic())
        outcome.sent_s = [
            sent_s[one.item.item_id] - one.time_s
            for one in outcome.decisions
            if one.item.item_id in sent_s
        ]
        outcome.unfired = dict(line.counts.unfired)
        outcome.skipped, outcome.produced = frames.skipped, camera.produced
        frames.close()
    return outcome


def core_times() -> list[tuple[int, int]]:
    """Busy and all jiffies of each core since the start of the machine, from /proc/stat."""
    cores = []
    for row in Path("/proc/stat").read_text(encoding="ascii").splitlines():
        name, *counts = row.split()
        if name.startswith("cpu") and name != "cpu":
            jiffies = [int(count) for count in counts[:8]]
            cores.append((sum(jiffies) - jiffies[3] - jiffies[4], sum(jiffies)))
    return cores
