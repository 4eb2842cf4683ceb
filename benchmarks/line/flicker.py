"""A cheap lamp over a camera that exposes its rows one after the other: what is seen that is not.

Finder and tracker alone, without a model: a band of light must make no item, lose none and part
none. 120 Hz and 60 frames/s make bands that stand still, and are learnt with the belt; so 119 Hz,
which a camera's clock may make of it, is shown too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
from numpy.random import default_rng

from benchmarks.line.machines import Bench, benches
from benchmarks.line.scale import scaled
from benchmarks.report import Report
from sorter.finding.segmenting import SegmentingFinder
from sorter.frame import Frame
from sorter.item import Item
from sorter.preprocess import Preprocess
from sorter.ruler.linear import LinearRuler
from sorter.tracker import Tracker
from sorter.twin.demo import RUN_UP_MM
from sorter.twin.lighting import Imaging
from sorter.twin.load import load
from sorter.twin.optics import Optics
from sorter.twin.placed import Laid
from sorter.twin.scene import Scene

DEPTH = 0.3
"""That is promised."""
BESIDE = scaled((0.15, 0.4), ())
FREQUENCIES_HZ = (100.0, 119.0, 120.0)
READOUTS_MS = (0.0, 8.0, 15.0, 30.0)
"""The first is a global shutter."""
ITEMS = scaled(4, 3)
"""In each lane."""
SEED = 3
NEAR_MM = 25.0
"""An item is of the fruit in its lane that lies no farther from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What finder and tracker made of a run."""

    wrong: int
    """Items too many or too few, and items in doubt."""
    glints: int
    blind: int


def measure(report: Report) -> None:
    """Show each machine's load under every lamp."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        for bench in benches():
            _measure(report, bench)
    finally:
        cv2.setNumThreads(threads)


def _measure(report: Report, bench: Bench) -> None:
    wrong = blind = 0
    for hertz in FREQUENCIES_HZ:
        for readout_ms in READOUTS_MS:
            seen = run(bench, DEPTH, hertz, readout_ms)
            print(f"       {bench.name}, {DEPTH:.0%}, {hertz:g} Hz, {readout_ms:g} ms: {seen}")
            wrong += seen.wrong + seen.glints
            blind += seen.blind
    for depth in BESIDE:
        seen = run(bench, depth, 100.0, 15.0)
        print(f"       {bench.name}, {depth:.0%}, 100 Hz, 15 ms: {seen}")
    report.at_most(f"{bench.name}: ghosts, lost, parted at {DEPTH:.0%}", wrong, "items", 0)
    report.at_most(f"{bench.name}: blind at {DEPTH:.0%}", blind, "frames", 0)


def run(bench: Bench, depth: float, hertz: float, readout_ms: float) -> Seen:
    """One short load from the first item in sight to the last one out of it.

    Args:
        bench: the machine.
        depth: share by which the lamp rises and falls.
        hertz: how often.
        readout_ms: from the first row to the last.
    """
    config, rng = bench.at(0.8), default_rng(SEED)
    camera, belt = config.camera, config.belt
    field_mm = camera.width * camera.mm_per_px
    items = ITEMS * bench.lanes
    laid = list(
        load(
            [bench.mix[k % len(bench.mix)] for k in range(items)],
            camera,
            rng,
            first_mm=camera.reference_mm + RUN_UP_MM,
            crop=bench.world.crop,
            layout=bench.world.layout,
        )
    )
    scene = Scene(
        camera,
        rng,
        optics=Optics.over(camera, height_mm=800, readout_s=readout_ms / 1000),
        imaging=Imaging(exposure_s=0.0003, flicker=depth, flicker_hz=hertz),
    )
    finder = SegmentingFinder(camera, belt, Preprocess(size_px=96), LinearRuler(camera))
    tracker = Tracker(
        mm_per_tick=belt.mm_per_tick,
        entry_mm=-camera.reference_mm,
        exit_mm=field_mm - camera.reference_mm,
        lane_edges_mm=[
            camera.height * camera.mm_per_px * k / bench.lanes for k in range(1, bench.lanes)
        ],
    )
    step_mm = belt.speed_mm_per_s / camera.fps
    followed, blind = [], 0
    for index in range(int((laid[-1].produce.at_mm + field_mm) / step_mm)):
        travel_mm, time_s = index * step_mm, index / camera.fps
        near = [one.placed for one in laid if abs(travel_mm - one.produce.at_mm) < field_mm]
        frame = Frame(
            pixels=scene.render(travel_mm, time_s, near, belt.speed_mm_per_s),
            time_s=time_s,
            tick=travel_mm / belt.mm_per_tick,
            index=index,
            speed_mm_per_s=belt.speed_mm_per_s,
        )
        sightings = finder.find(frame)
        blind += finder.blind
        followed += tracker.follow(frame.tick, sightings, blind=finder.blind)
    followed += tracker.finish()
    doubtful = sum(item.doubt is not None for item in followed)
    wrong = _unmatched(laid, followed, belt.mm_per_tick) + doubtful
    return Seen(wrong=wrong, glints=tracker.glints, blind=blind)


def _unmatched(laid: Sequence[Laid], followed: Sequence[Item], mm_per_tick: float) -> int:
    """Fruit without an item in its lane and place, and items without a fruit."""
    left, lost = list(followed), 0
    for one in laid:
        for item in left:
            off_mm = item.reference_tick * mm_per_tick - one.produce.at_mm
            if item.lane == one.produce.lane and abs(off_mm) < NEAR_MM:
                left.remove(item)
                break
        else:
            lost += 1
    return lost + len(left)
