"""`sorter calibrate` without a machine: the sheet, recordings, the gauge audit, mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from sorter.cli import app
from sorter.config import CameraConfig
from sorter.decision import Decision
from sorter.errors import SorterError
from sorter.records import Records
from sorter.ruler.calibrated import CalibratedRuler
from sorter.ruler.calibration import Calibration, CalibrationError
from sorter.ruler.sheet import PAPERS
from sorter.twin.board_photos import belt_frames, held_photos, write_photos, write_recording
from sorter.twin.optics import TYPICAL_DISTORTION, Optics
from sorter.verdict import Why
from tests.factories import make_item, make_measures, make_verdict

CAMERA = CameraConfig(width=640, height=360, mm_per_px=0.8)
OPTICS = Optics.over(
    CAMERA, distortion=TYPICAL_DISTORTION, tilt_deg=(1.4, -1.1, 0.7), readout_s=0.016
)
TARGET = PAPERS["a4"].target
MM_PER_TICK = 0.48


def calibrate(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["calibrate", *map(str, arguments)])


def refusal(*arguments: object) -> str:
    result = calibrate(*arguments)
    assert isinstance(result.exception, SorterError)
    return str(result.exception)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos, recording and config of one tilted camera whose stamps lag by 12 ms."""
    folder = tmp_path_factory.mktemp("seen")
    write_photos(folder / "lens", held_photos(OPTICS, TARGET))
    frames = belt_frames(OPTICS, TARGET, mm_per_tick=MM_PER_TICK, latency_s=0.012)
    write_recording(folder / "belt", frames)
    (folder / "sorter.yaml").write_text(
        "camera: {width: 640, height: 360, mm_per_px: 0.7}\noutlets: [{name: end, default: true}]\n"
    )
    return folder


def recorded(folder: Path, *more: object) -> list[object]:
    given = ["--config", folder / "sorter.yaml", "--lens", folder / "lens"]
    return [*given, "--belt", folder / "belt", *more]


def test_a_camera_is_calibrated_from_photos_and_a_recording(seen: Path, tmp_path: Path) -> None:
    out = tmp_path / "camera.json"

    result = calibrate(*recorded(seen, "--out", out, "--bar-mm", 100, "--json"))

    told = json.loads(result.stdout)
    assert told["camera"]["calibration"] == str(out)
    assert told["camera"]["mm_per_px"] == pytest.approx(0.8, rel=0.005)
    across = [[319.5, 0], [320.5, 0], [319.5, 359], [320.5, 359]]
    places = OPTICS.belt_mm(np.array(across))
    upper, middle, lower = told["mm_per_px_across"]
    assert upper == pytest.approx(places[1, 0] - places[0, 0], rel=0.005)
    assert middle == told["camera"]["mm_per_px"]
    assert lower == pytest.approx(places[3, 0] - places[2, 0], rel=0.005)
    assert told["belt"]["mm_per_tick"] == pytest.approx(MM_PER_TICK, rel=0.002)
    assert told["latency_ms"] == pytest.approx(12, abs=1.5)
    assert told["readout_ms"] == pytest.approx(16, abs=2)
    assert told["lens_height_mm"] == pytest.approx(460, rel=0.01)
    assert told["tilt_deg"] == pytest.approx(1.8, abs=0.3)
    CalibratedRuler(CAMERA, Calibration.load(out))


def test_the_narrow_mat_does_as_well_as_the_board(seen: Path, tmp_path: Path) -> None:
    mat, out = PAPERS["a4"].mat, tmp_path / "camera.json"
    write_photos(tmp_path / "lens", held_photos(OPTICS, mat))
    frames = belt_frames(OPTICS, mat, mm_per_tick=MM_PER_TICK, latency_s=0.012)
    write_recording(tmp_path / "belt", frames)
    given = ["--config", seen / "sorter.yaml", "--lens", tmp_path / "lens", "--mat"]

    result = calibrate(*given, "--belt", tmp_path / "belt", "--out", out, "--bar-mm", 100, "--json")

    told = json.loads(result.stdout)
    assert told["belt"]["mm_per_tick"] == pytest.approx(MM_PER_TICK, rel=0.0005)
    assert told["latency_ms"] == pytest.approx(12, abs=0.3)
    assert told["tilt_deg"] == pytest.approx(1.8, abs=0.1)
    assert "the mat is seen in 14 different places" in result.stderr
    ruler = CalibratedRuler(CAMERA, Calibration.load(out))
    for along_mm in (-180.0, 0.0, 180.0):
        for across_mm in (40.0, 250.0):
            ends = [[along_mm - 40, across_mm, 17.0], [along_mm + 40, across_mm, 17.0]]
            from_mm, to_mm = ruler.belt_mm(OPTICS.project(np.array(ends)), height_mm=17.0)
            assert np.linalg.norm(to_mm - from_mm) == pytest.approx(80, abs=0.1)


def test_the_operator_is_told_what_to_put_into_the_config(seen: Path, tmp_path: Path) -> None:
    out = tmp_path / "camera.json"

    result = calibrate(*recorded(seen, "--out", out))

    assert f"camera: {{calibration: {out}, mm_per_px: 0.8" in result.stdout
    assert "belt: {mm_per_tick: 0.48" in result.stdout
    assert "give --bar-mm" in result.stderr


def test_a_sheet_that_was_printed_too_small_is_taken_as_small(seen: Path, tmp_path: Path) -> None:
    arguments = recorded(seen, "--out", tmp_path / "c.json", "--bar-mm", 95, "--json")

    told = json.loads(calibrate(*arguments).stdout)

    assert told["camera"]["mm_per_px"] == pytest.approx(0.95 * 0.8, rel=0.005)


def test_a_failed_calibration_leaves_the_old_file_alone(seen: Path, tmp_path: Path) -> None:
    out = tmp_path / "camera.json"
    out.write_text("old")
    few = tmp_path / "few"
    few.mkdir()
    (few / "one.png").write_bytes((seen / "lens" / "photo-000.png").read_bytes())

    sentence = refusal(*recorded(seen, "--out", out), "--lens", few)

    assert "seen in 1 frames, and 8 are needed" in sentence
    assert out.read_text() == "old"


def test_photos_of_another_size_are_refused(seen: Path, tmp_path: Path) -> None:
    config = tmp_path / "sorter.yaml"
    config.write_text("camera: {width: 1280, height: 720}\noutlets: [{name: end, default: true}]")

    assert "640 x 360 pixels, but the config's camera has 1280 x 720" in refusal(
        *recorded(seen), "--config", config
    )


def test_a_recording_without_ticks_says_what_is_missing(seen: Path, tmp_path: Path) -> None:
    folder = tmp_path / "blind"
    folder.mkdir()
    (folder / "a.png").write_bytes((seen / "belt" / "frame-000.png").read_bytes())
    (folder / "frames.csv").write_text("file,time_s,tick\na.png,0,\n")

    assert "has no ticks" in refusal(*recorded(seen), "--belt", folder)


@pytest.mark.parametrize("mat", [(), ("--mat",)])
def test_the_sheet_is_written(tmp_path: Path, mat: tuple[str, ...]) -> None:
    result = calibrate("--print", tmp_path / "board.pdf", "--paper", "a3", *mat)

    assert result.exit_code == 0
    written = (tmp_path / "board.pdf").read_bytes()
    assert written.startswith(b"%PDF")
    assert (b"Cut out the strip" in written) == bool(mat)
    assert "on A3" in result.stdout


@pytest.mark.parametrize("option", ["--print", "--out"])
def test_a_folder_that_is_not_there_is_told_before_anything_is_done(
    tmp_path: Path, option: str
) -> None:
    assert "there is no folder" in refusal(option, tmp_path / "none" / "file")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--lens", "x"], "belong together"),
        (["--outlet", "x", "--beams", "500"], "--outlet and --beams are different jobs"),
        (["--gauge", "100"], "give --lot"),
    ],
)
def test_jobs_that_do_not_go_together_are_refused(
    seen: Path, arguments: list[str], sentence: str
) -> None:
    assert sentence in refusal("--config", seen / "sorter.yaml", *arguments)


def test_an_outlet_that_is_not_there_is_refused(seen: Path) -> None:
    assert "no such outlet; there are: none" in refusal(
        "--config", seen / "sorter.yaml", "--outlet", "first"
    )


@pytest.fixture
def gauged(tmp_path: Path) -> Path:
    """Records of bodies of 100 and 150 mm that passed six times each in two lanes."""
    path = tmp_path / "records.sqlite"
    with Records(path) as records:
        number = 0
        for lane in (0, 1):
            for size_mm in (100.0, 150.0):
                for off_mm in (-0.2, -0.1, 0.0, 0.0, 0.1, 0.2):
                    number += 1
                    records.add(passed(number, lane, size_mm + lane + off_mm))
    return path


def passed(item_id: int, lane: int, length_mm: float, why: Why = Why.STRANGER) -> Decision:
    """A body that came by; the model knows no such thing."""
    measures = make_measures(length_mm=length_mm)
    return Decision(
        item=make_item(item_id, lane=lane, measures=measures),
        verdict=make_verdict(None, why=why),
        outlet="end",
        shot=None,
        lot="gauge",
        time_s=float(item_id),
    )


def test_what_is_none_of_the_bodies_is_left_out_of_the_gauge_audit(gauged: Path) -> None:
    with Records(gauged) as records:
        records.add(passed(1, 0, 60.0))
    result = calibrate("--gauge", "100,150", "--lot", "gauge", "--db", gauged, "--json")

    told = json.loads(result.stdout)
    assert told["left_out"] == 1
    assert [one["passes"] for one in told["readings"]] == [6, 6, 6, 6]


@pytest.mark.parametrize("sizes", ["nan", "100,inf", "ten"])
def test_gauge_sizes_that_are_no_numbers_are_refused(gauged: Path, sizes: str) -> None:
    sentence = "give the bodies' sizes in mm"
    assert sentence in refusal("--gauge", sizes, "--lot", "gauge", "--db", gauged)


def test_the_gauge_audit_reads_a_lot(gauged: Path) -> None:
    result = calibrate("--gauge", "100,150", "--lot", "gauge", "--db", gauged, "--json")

    readings = json.loads(result.stdout)["readings"]
    assert [(one["body_mm"], one["lane"], one["passes"]) for one in readings] == [
        (100, 0, 6),
        (100, 1, 6),
        (150, 0, 6),
        (150, 1, 6),
    ]
    assert [one["offset_mm"] for one in readings] == pytest.approx([0, 1, 0, 1])
    assert all(one["sharpness_mm"] == pytest.approx(0.141, abs=0.001) for one in readings)


def test_the_gauge_audit_prints_a_line_a_body_and_lane(gauged: Path) -> None:
    result = calibrate("--gauge", "100,150", "--lot", "gauge", "--db", gauged)

    assert "    100 mm     1       6     +1.00 ± 0.15 mm    0.14 mm" in result.stdout


def test_what_was_not_seen_whole_is_left_out_and_counted(gauged: Path) -> None:
    with Records(gauged) as records:
        records.add(passed(1, 0, 61, Why.CUT_OFF))
        records.add(passed(2, 0, 250, Why.DOUBLE))

    result = calibrate("--gauge", "100,150", "--lot", "gauge", "--db", gauged, "--json")

    told = json.loads(result.stdout)
    assert told["left_out"] == 2
    assert sum(one["passes"] for one in told["readings"]) == 24


def test_the_gauge_audit_names_the_lots_that_there_are(gauged: Path) -> None:
    assert "there is no lot monday; there are: gauge" in refusal(
        "--gauge", "100", "--lot", "monday", "--db", gauged
    )


def test_sizes_that_are_no_numbers_are_refused(gauged: Path) -> None:
    result = calibrate("--gauge", "100;150", "--lot", "gauge", "--db", gauged)

    assert isinstance(result.exception, CalibrationError)
    assert "--gauge 100,150,200" in str(result.exception)
