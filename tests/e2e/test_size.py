"""From a printed board to millimetres: calibrated by the command, measured by the real pipeline."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from sorter.cli import app
from sorter.config import SorterConfig
from sorter.config_file import load_config
from sorter.ruler.sheet import PAPERS
from sorter.twin.board_photos import belt_frames, held_photos, write_photos, write_recording
from sorter.twin.cucumber import Cucumber
from sorter.twin.demo import Demo, make_board
from sorter.twin.load import Layout
from sorter.twin.optics import TYPICAL_DISTORTION, Optics
from sorter.twin.setup import demo_classifier, demo_config
from sorter.twin.world import World

ITEMS = 8


def optics_over(config: SorterConfig) -> Optics:
    return Optics.over(
        config.camera, distortion=TYPICAL_DISTORTION, tilt_deg=(1.5, -1.2, 0.6), readout_s=0.01
    )


def length_errors_mm(config: SorterConfig, optics: Optics) -> np.ndarray:
    board = make_board("virtual")
    try:
        result = Demo(
            config=config,
            classifier=demo_classifier(),
            board=board,
            items=ITEMS,
            seed=2,
            world=World(layout=Layout(pitch_mm=300), optics=optics),
        ).run()
    finally:
        board.close()
    errors = []
    for fate in result.score.fates:
        assert fate.decision is not None
        assert isinstance(fate.produce.fruit, Cucumber)
        errors.append(fate.decision.item.measures.length_mm - fate.produce.fruit.length_mm)
    return np.array(errors)


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> SorterConfig:
    """The demo's machine under a tilted lens, after `sorter calibrate`."""
    folder: Path = tmp_path_factory.mktemp("calibrated")
    config, target = demo_config(), PAPERS["a4"].target
    optics = optics_over(config)
    write_photos(folder / "lens", held_photos(optics, target))
    ticks = belt_frames(optics, target, mm_per_tick=config.belt.mm_per_tick)
    write_recording(folder / "belt", ticks)
    settings = config.model_dump(mode="json", exclude_unset=True)
    path = folder / "sorter.yaml"
    path.write_text(yaml.safe_dump(settings))
    command = ["calibrate", "--config", path, "--lens", folder / "lens", "--belt", folder / "belt"]
    command += ["--out", folder / "camera.json", "--bar-mm", 100, "--json"]
    told = json.loads(CliRunner().invoke(app, [str(part) for part in command]).stdout)
    settings["camera"] |= told["camera"]
    settings["belt"] |= told["belt"]
    path.write_text(yaml.safe_dump(settings))
    return load_config(path)


def test_a_calibrated_machine_reads_cucumbers_in_true_perspective(calibrated: SorterConfig) -> None:
    errors_mm = length_errors_mm(calibrated, optics_over(demo_config()))

    assert np.abs(errors_mm).max() < 1.5


def test_the_same_machine_without_a_calibration_reads_them_long() -> None:
    config = demo_config()

    errors_mm = length_errors_mm(config, optics_over(config))

    assert errors_mm.mean() > 4
