from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest
import typer
from typer.testing import CliRunner, Result

from sorter.classifier import Classifier
from sorter.cli.replay import replay
from sorter.config import CameraConfig
from sorter.config_file import ConfigError
from sorter.errors import SorterError
from sorter.records import Records
from sorter.twin.optics import Optics
from tests.factories import StubClassifier, draw_frame
from tests.unit.ruler.test_calibrated import calibration_of

app = typer.Typer()
app.command()(replay)

FPS, SPEED = 30.0, 300.0
MM_PER_FRAME = SPEED / FPS

CONFIG = """\
camera: {source: file, width: 400, height: 200, fps: 30, mm_per_px: 1.0}
outlets:
  - {name: premium, channel: 0, at_mm: 420, grades: [good]}
  - {name: end, default: true}
"""


@pytest.fixture(autouse=True)
def stub_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Classifier, "load", lambda path: StubClassifier())


def belt_frames(folder: Path, *, frames: int = 70, fruits: int = 2) -> Path:
    """Fruit of 60 × 40 mm, 150 mm apart, carried through a field of 400 mm."""
    folder.mkdir()
    for k in range(frames):
        places = [(k * MM_PER_FRAME - 100 - 150 * n, 100, 60, 40) for n in range(fruits)]
        cv2.imwrite(str(folder / f"{k:04}.png"), draw_frame(places).pixels)
    return folder


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["model.sorter", *map(str, arguments)], catch_exceptions=True)


def answer(*arguments: object) -> dict[str, object]:
    result = call(*arguments, "--json")
    assert result.exit_code == 0, result.exception
    found: dict[str, object] = json.loads(result.stdout)
    return found


def refusal(*arguments: object) -> str:
    result = call(*arguments)
    assert result.exit_code != 0
    assert isinstance(result.exception, SorterError)
    return str(result.exception)


SCALE = ("--mm-per-px", 1, "--belt-mm-per-s", SPEED, "--fps", FPS)


def test_each_item_on_the_belt_is_one_line_and_the_counts_come_last(tmp_path: Path) -> None:
    result = call(belt_frames(tmp_path / "f"), *SCALE)

    assert result.exit_code == 0
    first, second, last = result.stdout.splitlines()
    assert first.startswith("item 1  frame 00")
    assert "grade good (good 1.000, class)" in first
    assert first.endswith("outlet end")
    assert second.startswith("item 2  ")
    assert last == "2 items in 70 frames: good 2"


def test_lengths_are_in_millimetres(tmp_path: Path) -> None:
    found = answer(belt_frames(tmp_path / "f", fruits=1), *SCALE)

    (item,) = found["items"]  # type: ignore[misc]
    assert item["length_mm"] == pytest.approx(60, abs=3)
    assert item["width_mm"] == pytest.approx(40, abs=3)


def test_ticks_of_the_recording_are_believed_before_the_belt_speed(tmp_path: Path) -> None:
    folder = belt_frames(tmp_path / "f")
    lines = [f"{k:04}.png,{k / FPS},{1000 + k * MM_PER_FRAME / 0.5}" for k in range(70)]
    (folder / "frames.csv").write_text("\n".join(["file,time_s,tick", *lines]))

    found = answer(folder, "--mm-per-px", 1, "--belt-mm-per-s", 7)

    assert [item["item_id"] for item in found["items"]] == [1, 2]  # type: ignore[attr-defined]
    # Its middle crosses the reference line, 200 mm into the image, after 30 frames of 20 ticks.
    assert found["items"][0]["tick"] == pytest.approx(1600, abs=4)  # type: ignore[index]


def test_a_video_is_replayed_to_its_normal_end(tmp_path: Path) -> None:
    path = tmp_path / "belt.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (400, 200))
    for photo in sorted(belt_frames(tmp_path / "f").iterdir()):
        writer.write(cv2.imread(str(photo)))
    writer.release()

    found = answer(path, "--mm-per-px", 1, "--belt-mm-per-s", SPEED)

    assert (found["frames"], found["counts"]) == (70, {"good": 2})


def test_still_frames_each_show_other_items(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for k in range(3):
        cv2.imwrite(str(folder / f"{k}.png"), draw_frame([(200, 100, 60, 40)]).pixels)

    found = answer(folder, "--still")

    assert [item["frame"] for item in found["items"]] == ["0.png", "1.png", "2.png"]  # type: ignore[attr-defined]


def test_a_config_gives_outlets_and_the_db_keeps_the_rows(tmp_path: Path) -> None:
    config = tmp_path / "sorter.yaml"
    config.write_text(CONFIG)
    db = tmp_path / "r.sqlite"

    found = answer(belt_frames(tmp_path / "f"), "--config", config, "--db", db)

    assert [item["outlet"] for item in found["items"]] == ["premium"] * 2  # type: ignore[attr-defined]
    with Records(db, read_only=True) as records:
        assert [(row.lot, row.outlet) for row in records.items()] == [("f", "premium")] * 2


def test_still_items_are_not_late_for_their_outlets(tmp_path: Path) -> None:
    config = tmp_path / "sorter.yaml"
    config.write_text(CONFIG)
    folder = tmp_path / "photos"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), draw_frame([(300, 100, 60, 40)]).pixels)

    found = answer(folder, "--config", config, "--still")

    assert [item["outlet"] for item in found["items"]] == ["premium"]  # type: ignore[attr-defined]


def test_an_outlet_with_a_grade_that_the_model_does_not_know_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "sorter.yaml"
    config.write_text(CONFIG.replace("[good]", "[great]"))

    result = call(belt_frames(tmp_path / "f", frames=1), "--config", config)

    assert isinstance(result.exception, ConfigError)
    assert "sorter.yaml:3: outlets[0].grades[0]: the model knows no grade great" in str(
        result.exception
    )


def test_assumed_sizes_are_warned_about_on_stderr(tmp_path: Path) -> None:
    folder = belt_frames(tmp_path / "f", frames=1)

    assert "sizes assume 0.4 mm per pixel" in call(folder, "--still").stderr
    assert call(folder, "--still", "--mm-per-px", 1).stderr == ""


def test_what_cannot_be_replayed_ends_in_a_sentence(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    broken = belt_frames(tmp_path / "broken", frames=3)
    (broken / "0002.png").write_bytes(b"-")
    tiny = tmp_path / "tiny"
    tiny.mkdir()
    cv2.imwrite(str(tiny / "a.png"), draw_frame([], size_px=(40, 20)).pixels)

    assert "no frames in this folder" in refusal(empty, "--fps", 30)
    assert "there is no such file or folder" in refusal(tmp_path / "none")
    assert "0002.png: not a readable image" in refusal(broken, "--fps", 30)
    assert "the frames have 40 x 20 pixels" in refusal(tiny, "--still")
    assert "give --fps" in refusal(belt_frames(tmp_path / "f", frames=1))


@pytest.mark.parametrize("option", ["--mm-per-px", "--belt-mm-per-s", "--fps"])
def test_an_option_that_is_no_number_is_refused(tmp_path: Path, option: str) -> None:
    result = call(tmp_path, option, "nan")

    assert result.exit_code == 2
    assert option in result.stderr


def test_sizes_are_those_of_the_calibration_unless_a_scale_is_given(tmp_path: Path) -> None:
    folder = belt_frames(tmp_path / "f", fruits=1)
    camera = CameraConfig(source="file", width=400, height=200, mm_per_px=1.25)
    calibration_of(Optics.over(camera, height_mm=10_000), camera).save(tmp_path / "camera.json")
    (folder / "sorter.yaml").write_text(
        CONFIG.replace("camera: {", f"camera: {{calibration: {tmp_path / 'camera.json'}, ")
    )

    (calibrated,) = answer(folder)["items"]  # type: ignore[misc]
    (scaled,) = answer(folder, "--mm-per-px", 1)["items"]  # type: ignore[misc]

    assert calibrated["length_mm"] == pytest.approx(1.25 * scaled["length_mm"], rel=0.01)


def test_a_calibration_that_cannot_be_used_is_told_at_its_line(tmp_path: Path) -> None:
    folder = belt_frames(tmp_path / "f", frames=1)
    (folder / "sorter.yaml").write_text(
        CONFIG.replace("camera: {", "camera: {calibration: /none/c.json, ")
    )

    assert "sorter.yaml:1: camera.calibration: " in refusal(folder)
