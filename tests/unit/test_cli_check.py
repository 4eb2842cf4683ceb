from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from sorter.bundle import Bundle, Golden, Grade, Manifest, Promise, TrainingData
from sorter.cli.check import check
from sorter.config import CameraConfig
from sorter.config_file import ConfigError
from sorter.preprocess import Preprocess
from sorter.twin.optics import Optics
from tests.unit.ruler.test_calibrated import calibration_of

app = typer.Typer()
app.command()(check)

CONFIG = """\
model: {{path: {model}}}
outlets:
  - {{name: premium, channel: 0, at_mm: 420, grades: [{grades}]}}
  - {{name: recheck, default: true, grades: [{lowest}]}}
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "m.sorter"
    Bundle(
        manifest=Manifest(
            name="m",
            grades=[Grade(name="A", worth=2), Grade(name="B", worth=1), Grade(name="C")],
            preprocess=Preprocess(size_px=32),
            training_data=TrainingData(fingerprint="0", photos=1),
            promise=Promise(
                accuracy=1, accuracy_low=0.5, accuracy_high=1, n=1, split="none", method="none"
            ),
        ),
        golden=Golden(inputs=np.zeros((1, 32, 32, 3), np.int8), outputs=np.zeros((1, 3), np.int8)),
        models={"classifier": b"-"},
    ).save(path)
    return path


def write(model: Path, grades: str, lowest: str = "") -> list[str]:
    path = model.with_name("sorter.yaml")
    path.write_text(CONFIG.format(model=model, grades=grades, lowest=lowest))
    return ["--config", str(path)]


def problems(arguments: list[str]) -> list[str]:
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, ConfigError)
    return [f"{p.line} {p.key} {p.sentence}" for p in result.exception.problems]


def test_a_valid_config_is_summed_up(model: Path) -> None:
    result = CliRunner().invoke(app, write(model, "A, B", "C"))

    assert result.exit_code == 0
    assert "sorter.yaml: ok: line-1, camera v4l2, model " in result.stdout
    assert "outlets premium (A B), recheck (C)" in result.stdout
    assert result.stderr == ""


def test_a_grade_that_no_outlet_takes_is_a_warning(model: Path) -> None:
    result = CliRunner().invoke(app, write(model, "A"))

    assert result.exit_code == 0
    assert "sorter.yaml:2: outlets: no outlet takes B; it rides to recheck" in result.stderr


def test_a_grade_that_the_model_does_not_know_is_an_error(model: Path) -> None:
    assert problems(write(model, "A, D")) == [
        "3 outlets[0].grades[1] the model knows no grade D; allowed: A, B, C"
    ]


def test_the_default_outlet_takes_only_the_lowest_grade(model: Path) -> None:
    assert problems(write(model, "A", "C, B")) == [
        "4 outlets[1].grades[1] the default outlet may only take the lowest grade (C)"
    ]


def test_a_model_that_is_not_there_yet_is_a_warning(model: Path) -> None:
    arguments = write(model, "anything")
    model.unlink()

    result = CliRunner().invoke(app, arguments)

    assert result.exit_code == 0
    assert "yet, so the grades were not checked" in result.stderr


def test_a_damaged_model_is_an_error_at_its_line(model: Path) -> None:
    model.write_bytes(b"no bundle")

    (problem,) = problems(write(model, "A"))

    assert problem.startswith("1 model.path ")
    assert "not a model bundle" in problem


def test_a_simulated_belt_at_a_real_board_is_an_error_at_its_line(model: Path) -> None:
    arguments = write(model, "A, B", "C")
    config = Path(arguments[1])
    config.write_text(f"camera: {{source: twin}}\nboard: {{port: vitual}}\n{config.read_text()}")

    (problem,) = problems(arguments)

    assert problem.startswith("2 board.port found 'vitual'")
    assert "wants 'virtual'" in problem


def calibrated(model: Path, *, width: int = 1280, mm_per_tick: float = 0.5) -> list[str]:
    """A config of 0.4 mm per pixel with a calibration file beside it."""
    camera = CameraConfig(width=width, height=720, mm_per_px=0.4)
    path = model.with_name("camera.json")
    calibration = calibration_of(Optics.over(camera), camera)
    calibration.model_copy(update={"mm_per_tick": mm_per_tick}).save(path)
    arguments = write(model, "A, B", "C")
    config = Path(arguments[1])
    config.write_text(f"camera: {{calibration: {path}}}\n{config.read_text()}")
    return arguments


def test_a_calibration_that_agrees_with_the_config_is_no_news(model: Path) -> None:
    result = CliRunner().invoke(app, calibrated(model, mm_per_tick=0.504))

    assert (result.exit_code, result.stderr) == (0, "")


def test_a_tick_that_was_measured_otherwise_is_a_warning(model: Path) -> None:
    arguments = calibrated(model, mm_per_tick=0.51)
    config = Path(arguments[1])
    config.write_text(f"belt: {{mm_per_tick: 0.5}}\n{config.read_text()}")

    result = CliRunner().invoke(app, arguments)

    assert result.exit_code == 0
    assert "sorter.yaml:1: belt.mm_per_tick: is 0.5, but" in result.stderr
    assert "was measured with 0.51" in result.stderr


def test_a_scale_that_was_measured_otherwise_is_a_warning(model: Path) -> None:
    arguments = calibrated(model)
    config = Path(arguments[1])
    config.write_text(config.read_text().replace("camera: {", "camera: {mm_per_px: 0.41, "))

    result = CliRunner().invoke(app, arguments)

    assert result.exit_code == 0
    assert "sorter.yaml:1: camera.mm_per_px: is 0.41, but" in result.stderr


def test_a_calibration_for_frames_of_another_size_is_an_error(model: Path) -> None:
    (problem,) = problems(calibrated(model, width=1024))

    assert problem.startswith("1 camera.calibration the calibration is for frames of 1024x720")


def test_an_unreadable_calibration_is_an_error_at_its_line(model: Path) -> None:
    arguments = calibrated(model)
    model.with_name("camera.json").write_text("{}")

    (problem,) = problems(arguments)

    assert problem.startswith("1 camera.calibration ")
    assert "run 'sorter calibrate' again" in problem


def test_scripts_read_json(model: Path) -> None:
    good = CliRunner().invoke(app, [*write(model, "A"), "--json"])
    assert json.loads(good.stdout)["ok"] is True
    assert [w["key"] for w in json.loads(good.stdout)["warnings"]] == ["outlets", "outlets"]

    bad = CliRunner().invoke(app, [*write(model, "D"), "--json"])
    assert bad.exit_code != 0
    assert json.loads(bad.stdout)["errors"][0]["line"] == 3


def test_the_schema_for_editors_knows_every_section() -> None:
    result = CliRunner().invoke(app, ["--schema"])

    assert set(json.loads(result.stdout)["properties"]) == {
        "machine",
        "camera",
        "belt",
        "board",
        "model",
        "faults",
        "finder",
        "records",
        "collect",
        "outlets",
    }


def test_an_outlet_that_is_always_too_late_is_a_warning_at_its_line(model: Path) -> None:
    arguments = write(model, "A, B", "C")
    config = Path(arguments[1])
    config.write_text(config.read_text().replace("at_mm: 420", "at_mm: 120"))

    result = CliRunner().invoke(app, arguments)

    assert result.exit_code == 0
    assert "sorter.yaml:3: outlets[0].at_mm: premium is reached before" in result.stderr
