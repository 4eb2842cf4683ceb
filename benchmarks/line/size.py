"""How far off the sizes are of cucumbers seen in true perspective, after a calibration."""

from __future__ import annotations

import json
import math
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import yaml
from typer.testing import CliRunner

from benchmarks.line.machines import one_lane
from benchmarks.line.scale import scaled
from benchmarks.report import Report
from sorter.cli import app
from sorter.config import SorterConfig
from sorter.config_file import load_config
from sorter.finding.segmenting import SegmentingFinder
from sorter.frame import Frame
from sorter.item import Measures
from sorter.ruler.from_config import ruler_from_config
from sorter.ruler.sheet import PAPERS
from sorter.twin.belt import Belt
from sorter.twin.board_photos import belt_frames, held_photos, write_photos, write_recording
from sorter.twin.crops import CUCUMBERS
from sorter.twin.cucumber import Cucumber
from sorter.twin.demo import Demo, make_board
from sorter.twin.fruit import Fruit
from sorter.twin.lighting import Imaging
from sorter.twin.load import Layout
from sorter.twin.lockstep import Log
from sorter.twin.machine import Machine
from sorter.twin.optics import TYPICAL_DISTORTION, Optics
from sorter.twin.world import World

ITEMS = scaled(300, 60)
SEED = 7
LIMIT_MM = 1.5
TRUE_MM_PER_TICK = 0.4937
"""Not what the config says before the calibration."""
PITCH_MM = 320
"""So that cucumbers lying along the belt do not touch."""
EVERY = 3
"""Frames of which one is measured whole."""
NEAR_MM = 20.0
"""A sighting belongs to a cucumber whose centre is no further away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Read less true, in millimetres."""

    length_mm: float
    bend_mm: float
    width_mm: float
    length_sd_mm: float
    """As stated."""

    @classmethod
    def of(cls, read: Measures, fruit: Fruit) -> Reading:
        """What was read of a cucumber."""
        assert isinstance(fruit, Cucumber)
        return cls(
            length_mm=read.length_mm - fruit.length_mm,
            bend_mm=read.bend_mm - fruit.bend_mm,
            width_mm=read.width_mm - fruit.thickness_mm,
            length_sd_mm=read.length_sd_mm,
        )


def measure(report: Report) -> None:
    """Calibrate through the command, then let cucumbers pass under the tilted lens."""
    config = one_lane().config
    optics = Optics.over(
        config.camera, distortion=TYPICAL_DISTORTION, tilt_deg=(1.5, -1.3, 0.6), readout_s=0.012
    )
    with tempfile.TemporaryDirectory() as name:
        calibrated = calibrate(Path(name), config, optics)
        anywhere = Anywhere(calibrated)
        items, missed = pass_by(calibrated, optics, anywhere)
    for where, readings in (("items", items), ("anywhere in the field", anywhere.readings)):
        for what in ("length", "bend"):
            off = np.array([getattr(one, f"{what}_mm") for one in readings])
            worst = float(np.percentile(np.abs(off), 95))
            report.at_most(f"size: {what} of {where}, p95", round(worst, 2), "mm", LIMIT_MM)
        for what in ("length", "bend", "width"):
            off = np.array([getattr(one, f"{what}_mm") for one in readings])
            print(f"       {what}: {off.mean():+.2f} mm on average, spread {off.std():.2f} mm")
        within = np.mean([abs(one.length_mm) <= 2 * one.length_sd_mm for one in readings])
        print(f"       {len(readings)} readings, {within:.0%} within twice their stated error")
    report.at_most("size: items not measured", missed, "items", 0)


class Anywhere:
    """Measures every whole sighting of some frames, wherever in the field it lies."""

    def __init__(self, config: SorterConfig) -> None:
        """Set up a finder of its own.

        Args:
            config: as calibrated.
        """
        ruler = ruler_from_config(config.camera)
        preprocess = one_lane().classifier.bundle.manifest.preprocess
        self._finder = SegmentingFinder(config.camera, config.belt, preprocess, ruler)
        self._mm_per_tick = config.belt.mm_per_tick
        self._speed_mm_per_s = config.belt.speed_mm_per_s
        self.belt: Belt | None = None
        """Knows what lies where; given once the run is laid out."""
        self.readings: list[Reading] = []

    def see(self, frame: Frame, log: Log) -> None:
        """Take in a frame; every `EVERY`th is measured."""
        assert self.belt is not None
        if frame.index % EVERY:
            return
        running = replace(frame, speed_mm_per_s=self._speed_mm_per_s)
        for sighting in self._finder.find(running):
            at_mm = frame.tick * self._mm_per_tick - sighting.from_reference_mm
            there = [laid.produce for laid in self.belt.on_belt]
            nearest = min(there, key=lambda one: abs(one.at_mm - at_mm), default=None)
            if sighting.complete and nearest and abs(nearest.at_mm - at_mm) < NEAR_MM:
                self.readings.append(Reading.of(sighting.measures, nearest.fruit))


def calibrate(folder: Path, config: SorterConfig, optics: Optics) -> SorterConfig:
    """`sorter calibrate` on rendered photos, and the config that comes of what it says."""
    target = PAPERS["a3"].target
    write_photos(folder / "lens", held_photos(optics, target))
    write_recording(folder / "belt", belt_frames(optics, target, mm_per_tick=TRUE_MM_PER_TICK))
    settings = config.model_dump(mode="json", exclude_unset=True)
    before, after = folder / "before.yaml", folder / "after.yaml"
    before.write_text(yaml.safe_dump(settings), encoding="utf-8")
    command = ["calibrate", "--config", str(before), "--paper", "a3", "--bar-mm", "100"]
    command += ["--lens", str(folder / "lens"), "--belt", str(folder / "belt")]
    command += ["--out", str(folder / "camera.json"), "--json"]
    told = json.loads(CliRunner().invoke(app, command, catch_exceptions=False).stdout)
    shown = {key: value for key, value in told.items() if key not in ("camera", "belt")}
    print(f"       calibration: {told['camera']['mm_per_px']} mm/px, {told['belt']}, {shown}")
    settings["camera"] |= told["camera"]
    settings["belt"] |= told["belt"]
    after.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return load_config(after)


def pass_by(config: SorterConfig, optics: Optics, anywhere: Anywhere) -> tuple[list[Reading], int]:
    """Let cucumbers of all grades pass, lying at any angle, from edge to edge of the field.

    Returns:
        What the records would say of each, and how many items went by unmeasured.
    """
    board = make_board("virtual")
    try:
        demo = Demo(
            config=config,
            classifier=one_lane().classifier,
            board=board,
            items=ITEMS,
            seed=SEED,
            machine=replace(Machine.as_configured(config), mm_per_tick=TRUE_MM_PER_TICK),
            world=World(
                crop=CUCUMBERS,
                layout=Layout(pitch_mm=PITCH_MM, crosswise_deg=90, lateral_mm=math.inf),
                optics=optics,
                imaging=Imaging(exposure_s=0.0003, flicker=0.02),
            ),
            watch=anywhere.see,
        )
        anywhere.belt = demo.belt
        fates = demo.run().score.fates
    finally:
        board.close()
    items = [
        Reading.of(fate.decision.item.measures, fate.produce.fruit)
        for fate in fates
        if fate.decision is not None
    ]
    return items, len(fates) - len(items)
