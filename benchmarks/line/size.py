"""How far off the sizes are of cucumbers seen in true perspective, after a calibration."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from typer.testing import CliRunner

from benchmarks.line.machines import one_lane
from benchmarks.line.scale import scaled
from benchmarks.report import Report
from sorter.cli import app
from sorter.config import CameraConfig, SorterConfig
from sorter.config_file import load_config
from sorter.ruler.sheet import PAPERS
from sorter.twin.board_photos import belt_frames, held_photos, write_photos, write_recording
from sorter.twin.crops import CUCUMBERS
from sorter.twin.cucumber import Cucumber
from sorter.twin.demo import Demo, make_board
from sorter.twin.lighting import Imaging
from sorter.twin.load import Layout
from sorter.twin.machine import Machine
from sorter.twin.optics import TYPICAL_DISTORTION, Optics
from sorter.twin.world import World

ITEMS = scaled(300, 60)
SEED = 7
LIMIT_MM = 1.5
TRUE_MM_PER_TICK = 0.4937
"""Not what the config says before the calibration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Read less true, one an item, in millimetres."""

    length_mm: np.ndarray
    bend_mm: np.ndarray
    width_mm: np.ndarray
    length_sd_mm: np.ndarray
    missed: int
    """Items that nothing was read of."""


def measure(report: Report) -> None:
    """Calibrate through the command, then let cucumbers pass under the tilted lens."""
    config = one_lane().config
    camera = CameraConfig(source="twin", width=1280, height=720, fps=60, mm_per_px=0.4)
    optics = Optics.over(
        camera, distortion=TYPICAL_DISTORTION, tilt_deg=(1.5, -1.3, 0.6), readout_s=0.012
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        calibrated = calibrate(folder, config, optics)
        sizes = read_sizes(calibrated, optics)
    for what, off in (("length", sizes.length_mm), ("bend", sizes.bend_mm)):
        worst = float(np.percentile(np.abs(off), 95))
        report.at_most(f"size: {what} error, p95", round(worst, 2), "mm", LIMIT_MM)
    report.at_most("size: items not measured", sizes.missed, "items", 0)
    for what, off in (
        ("length", sizes.length_mm),
        ("bend", sizes.bend_mm),
        ("thickness", sizes.width_mm),
    ):
        print(f"       {what}: {off.mean():+.2f} mm on average, spread {off.std():.2f} mm")
    within = np.mean(np.abs(sizes.length_mm) <= 2 * sizes.length_sd_mm)
    print(f"       {within:.0%} of the lengths within twice their stated uncertainty")


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
    print(f"       calibration: {told}")
    settings["camera"] |= told["camera"]
    settings["belt"] |= told["belt"]
    after.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return load_config(after)


def read_sizes(config: SorterConfig, optics: Optics) -> Sizes:
    """Let cucumbers of all grades pass, lying as they like, and compare what was read."""
    board = make_board("virtual")
    truth = Machine.as_configured(config)
    try:
        result = Demo(
            config=config,
            classifier=one_lane().classifier,
            board=board,
            items=ITEMS,
            seed=SEED,
            machine=truth,
            world=World(
                crop=CUCUMBERS,
                layout=Layout(pitch_mm=260),
                optics=optics,
                imaging=Imaging(exposure_s=0.0003, flicker=0.02),
            ),
        ).run()
    finally:
        board.close()
    rows = []
    for fate in result.score.fates:
        fruit = fate.produce.fruit
        assert isinstance(fruit, Cucumber)
        if fate.decision is not None:
            read = fate.decision.item.measures
            rows.append(
                (
                    read.length_mm - fruit.length_mm,
                    read.bend_mm - fruit.bend_mm,
                    read.width_mm - fruit.thickness_mm,
                    read.length_sd_mm,
                )
            )
    length, bend, width, sd = np.array(rows).T
    return Sizes(
        length_mm=length,
        bend_mm=bend,
        width_mm=width,
        length_sd_mm=sd,
        missed=len(result.score.fates) - len(rows),
    )
