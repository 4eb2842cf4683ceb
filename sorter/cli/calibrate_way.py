"""`sorter calibrate --outlet, --beams, --mark`: lengths along the belt, by running it."""

from __future__ import annotations

import numpy as np

from firmware_bridge.board import BoardBeam
from sorter.bundle import Bundle
from sorter.cli.calibrate_station import Station
from sorter.config import SorterConfig
from sorter.finding.finder import Finder
from sorter.finding.from_config import make_finder
from sorter.finding.segmenting import SegmentingFinder
from sorter.frame import Frame
from sorter.item import Item
from sorter.preprocess import Preprocess
from sorter.ruler.calibration import CalibrationError
from sorter.ruler.from_config import ruler_from_config
from sorter.ruler.passes import mm_per_tick
from sorter.tracker import Tracker

TRIES_A_PASS = 3
LONGEST_RUN_S = 60.0
"""A belt that runs for nothing is stopped after this time."""
PHOTO_PX = 64
"""The finder cuts photos; nobody looks at them here."""


def outlet_at_mm(station: Station, config: SorterConfig, name: str, passes: int) -> list[float]:
    """Distance from the reference line to an outlet, once a pass.

    Raises:
        CalibrationError: no pass was whole, or the camera shows nothing.
        BoardError: the board refuses to run the belt, or is lost.
    """
    found: list[float] = []
    for _ in range(TRIES_A_PASS * passes):
        if len(found) == passes:
            break
        station.wait_for_enter(
            f"Pass {len(found) + 1} of {passes}: take everything off the belt. When it runs, lay "
            f"one item on it before the camera, and press Enter again to stop the belt as the "
            f"item's middle comes to {name}."
        )
        items = _watch_items(station, config)
        if config.belt.encoder:
            station.wait_for_enter(
                f"Push the belt by hand until the item's middle is right before {name}."
            )
        if len(items) != 1:
            station.say(f"  the camera saw {len(items)} items, not one; this pass does not count")
            continue
        if items[0].doubt is not None:
            station.say("  the camera was not sure of the item; this pass does not count")
            continue
        at_mm = (station.tick - items[0].reference_tick) * config.belt.mm_per_tick
        if at_mm <= 0:
            station.say("  the item has not yet come by the camera; this pass does not count")
            continue
        found.append(at_mm)
        station.say(f"  {at_mm:.1f} mm")
    return found


def beams_mm_per_tick(station: Station, distance_mm: float, passes: int) -> list[float]:
    """Length of a tick from an item that breaks one beam after the other, once a pass.

    Raises:
        CalibrationError: no item came, or the ticks cannot be used.
        BoardError: the board refuses to run the belt, or is lost.
    """
    station.wait_for_enter(
        f"Take everything off the belt. When it runs, send one item through both beams, and the "
        f"next one when it is through: {passes} times in all."
    )
    found: list[float] = []
    entered: int | None = None
    station.run_belt()
    try:
        until_s = station.session.now_s + LONGEST_RUN_S
        while len(found) < passes:
            if station.session.now_s > until_s:
                raise CalibrationError(
                    f"no item came through both beams in {LONGEST_RUN_S:.0f} s; see with "
                    f"'sorter board watch' that both are wired and counted"
                )
            for event in station.step():
                if not isinstance(event, BoardBeam) or not event.blocked:
                    continue
                if event.beam == "entry":
                    if entered is not None:
                        station.say(
                            "  a second item came before the first was through; not counted"
                        )
                    entered = event.tick
                elif entered is not None:
                    found.append(mm_per_tick(distance_mm, entered, event.tick))
                    station.say(f"  {found[-1]:.5f} mm per tick")
                    entered, until_s = None, station.session.now_s + LONGEST_RUN_S
            station.alive()
    finally:
        station.stop_belt()
    return found


def mark_mm_per_tick(station: Station, distance_mm: float, passes: int) -> list[float]:
    """Length of a tick from a mark on the belt that is moved by hand, once a pass.

    Raises:
        CalibrationError: the ticks cannot be used.
        BoardError: the board is lost.
    """
    found: list[float] = []
    for number in range(1, passes + 1):
        station.wait_for_enter(
            f"Pass {number} of {passes}: bring the mark on the belt to the start of the way."
        )
        start = station.tick
        station.wait_for_enter(f"Move the belt by hand until the mark has come {distance_mm:g} mm.")
        found.append(mm_per_tick(distance_mm, start, station.tick))
        station.say(f"  {found[-1]:.5f} mm per tick")
    return found


def _watch_items(station: Station, config: SorterConfig) -> list[Item]:
    """The items that came by the camera until the operator stopped the belt."""
    camera, belt = config.camera, config.belt
    ruler = ruler_from_config(camera)
    along_px, across_px = camera.field_px
    middle_px = (across_px - 1) / 2
    ends = np.array([[-0.5, middle_px], [along_px - 0.5, middle_px]], np.float32)
    entry_mm, exit_mm = ruler.belt_mm(ends)[:, 0].tolist()
    finder: Finder = (
        SegmentingFinder(camera, belt, Preprocess(size_px=PHOTO_PX), ruler)
        if config.finder.source == "background"
        else make_finder(config, Bundle.load(config.model.path), ruler)
    )
    tracker = Tracker(
        mm_per_tick=belt.mm_per_tick, entry_mm=entry_mm, exit_mm=exit_mm, lane_edges_mm=()
    )
    items: list[Item] = []
    before: Frame | None = None
    station.run_belt()
    try:
        until_s = station.session.now_s + LONGEST_RUN_S
        while not station.pressed():
            if station.session.now_s > until_s:
                raise CalibrationError(
                    f"nobody stopped the belt within {LONGEST_RUN_S:.0f} s; begin again"
                )
            capture = station.next_frame()
            if capture is None:
                continue
            time_s = capture.time_s - ruler.latency_s
            tick = station.tick_at(time_s)
            frame = Frame(
                pixels=capture.pixels,
                time_s=time_s,
                tick=tick,
                index=capture.index,
                speed_mm_per_s=0.0
                if before is None or time_s <= before.time_s
                else (tick - before.tick) * belt.mm_per_tick / (time_s - before.time_s),
            )
            items += tracker.follow(tick, finder.find(frame), blind=finder.blind)
            before = frame
            station.alive()
    finally:
        station.stop_belt()
    return items + tracker.finish()
