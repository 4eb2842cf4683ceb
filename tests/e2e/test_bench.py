"""`sorter bench` as a user sees it, and what the belt may do without harm."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from sorter.classifier import Classifier
from sorter.cli.bench import bench
from sorter.config_file import load_config
from sorter.errors import SorterError
from sorter.preprocess import Preprocess
from sorter.records import Records
from sorter.twin import round_fruit
from tests.factories import StubClassifier, make_manifest
from tests.unit.twin.ruler import ruler_classifier

app = typer.Typer()
app.command()(bench)


@pytest.fixture
def ruler(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measures instead of asking a network."""
    monkeypatch.setattr(Classifier, "load", lambda path: ruler_classifier())


@pytest.fixture
def first_grade(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls every round fruit the first grade: where it falls is a matter of timing alone."""
    names = [grade.name for grade in round_fruit.GRADES]
    manifest = make_manifest(names)
    row = [float(name == "first") for name in names]
    monkeypatch.setattr(
        Classifier, "load", lambda path: StubClassifier(lambda photo: row, manifest)
    )


def invoke(*options: str) -> Result:
    return CliRunner().invoke(app, ["--speed", "0.6", *options])


def answer(*options: str) -> dict[str, Any]:
    result = invoke("--json", *options)
    assert result.exit_code == 0, result.exception
    answered: dict[str, Any] = json.loads(result.stdout)
    return answered


@pytest.mark.usefixtures("ruler")
def test_json_has_the_promised_keys_and_accounts_for_every_item() -> None:
    found = answer("--items", "10")
    endings = ("right", "wrong", "to_default", "lost")
    assert sum(found[ending] for ending in endings) == found["items"] == 10
    assert np.array(found["confusion"]).sum() == 10
    assert sum(found["by_cause"].values()) == 10 - found["right"]
    assert set(found) > {"classifier_accuracy", "delivered_accuracy", "grades", "wrong_by_cause"}


@pytest.mark.usefixtures("ruler")
def test_the_same_seed_gives_the_same_record_of_every_item() -> None:
    disturbed = ("--items", "6", "--drift", "0.1", "--dropped", "0.1", "--noise", "4")
    one, other, another = (answer(*disturbed, "--seed", seed) for seed in ("3", "3", "4"))
    assert one == other
    assert one["record_sha256"] != another["record_sha256"]
    assert one["frames_dropped"] > 0


@pytest.mark.usefixtures("ruler")
@pytest.mark.parametrize(
    "script", ["stop@2:0.6", "reverse@2:100", "slow@2:1.5", "stop@2:0.5,reverse@3.5:60,slow@6:1"]
)
def test_no_item_falls_into_a_bin_that_it_was_not_sent_to_whatever_the_belt_does(
    script: str,
) -> None:
    found = answer("--items", "22", "--script", script)
    assert set(found["wrong_by_cause"]) <= {"misclassified"}
    assert found["strays"] == 0
    assert found["lost"] == 0


def test_the_built_in_model_sorts_lemons_and_tomatoes_on_four_lanes() -> None:
    found = answer("--crop", "round", "--items", "24", "--pitch-mm", "100", "--rolling", "0.2")
    assert found["right"] >= 22
    assert found["lost"] == found["strays"] == 0


@pytest.mark.usefixtures("ruler")
@pytest.mark.parametrize("seed", ["2", "5"])
def test_items_in_clumps_are_split_or_counted_as_doubles_and_none_is_lost(seed: str) -> None:
    found = answer("--items", "24", "--clumps", "0.6", "--seed", seed)
    assert found["lost"] == 0
    assert set(found["wrong_by_cause"]) <= {"misclassified"}
    assert found["by_cause"]["double"] >= 2


@pytest.mark.usefixtures("ruler")
@pytest.mark.parametrize("board", ["virtual", pytest.param("simavr", marks=pytest.mark.hil)])
def test_the_belt_runs_on_after_an_emergency_stop_and_a_press_of_the_start_button(
    board: str, built_firmware: Path
) -> None:
    found = answer("--items", "16", "--script", "estop@2:0.6", "--board", board)
    assert found["lost"] == 0
    assert set(found["wrong_by_cause"]) <= {"misclassified"}
    # What was in sight rides to the end, as does what was on its way to an outlet: hands may have
    # moved it. What came into sight afterwards is sorted.
    assert found["by_cause"]["stopped"] >= 2
    assert found["right"] >= 4


@pytest.mark.usefixtures("ruler")
def test_an_emergency_stop_may_be_pressed_for_longer_than_a_belt_stalls() -> None:
    found = answer("--items", "8", "--script", "estop@2:6")
    assert found["lost"] == 0
    assert found["by_cause"]["shot_estop"] >= 2


@pytest.mark.usefixtures("ruler")
def test_a_belt_that_the_board_stopped_for_good_is_told_with_the_boards_faults() -> None:
    result = invoke("--items", "8", "--dropped", "0.9")
    with pytest.raises(SorterError, match="faults are start_needed, silence") as refused:
        raise result.exception  # type: ignore[misc]
    assert "--board" not in str(refused.value)


@pytest.mark.usefixtures("ruler")
def test_a_camera_that_is_turned_films_the_belt_from_left_to_right(tmp_path: Path) -> None:
    turned = machine(tmp_path, width="rotate_deg: 90, width:")
    upright = answer("--items", "4", *turned)
    assert upright["right"] + upright["by_cause"].get("misclassified", 0) == 4
    frames = tmp_path / "frames"
    lens = ("--lens-mm", "600", "--record", str(frames))
    assert answer("--items", "2", *lens, *turned)["lost"] == 0
    photo = cv2.imread(str(frames / "frame-000000.jpg"))
    assert photo.shape == (640, 480, 3)
    assert load_config(frames / "sorter.yaml").camera.field_px == (480, 640)


@pytest.mark.usefixtures("ruler")
def test_a_machine_without_an_encoder_is_refused_in_one_sentence(tmp_path: Path) -> None:
    without = machine(tmp_path, belt="belt:", mm_per_tick="encoder: false, mm_per_tick:")
    result = invoke("--items", "4", *without)
    with pytest.raises(SorterError, match=r"belt\.encoder: .* has an encoder"):
        raise result.exception  # type: ignore[misc]


@pytest.mark.usefixtures("first_grade")
def test_four_lanes_under_a_lens_deliver_each_into_its_own_lane() -> None:
    found = answer(
        *("--crop", "lemons", "--items", "16", "--pitch-mm", "100"),
        *("--lens-mm", "800", "--tilt-deg", "1", "--readout-ms", "10", "--blur-ms", "0.3"),
    )
    assert found["lost"] == found["strays"] == 0
    by_grade = dict(zip(found["grades"], found["into_bins"], strict=True))
    sent_to = dict(zip(found["bins"], np.sum(list(by_grade.values()), axis=0), strict=True))
    assert sent_to["waste"] == 0
    assert [sent_to[f"best-{lane}"] for lane in range(4)] == [4, 4, 4, 4]


def test_items_out_of_photos_are_sorted_by_the_model_that_knows_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, skin in (("yellow", (40, 190, 220)), ("brown", (30, 60, 90))):
        (tmp_path / name).mkdir()
        photo = np.full((160, 160, 3), (170, 175, 180), np.uint8)
        cv2.ellipse(photo, (80, 80), (55, 40), 15, 0, 360, skin, -1)
        cv2.imwrite(str(tmp_path / name / "0.png"), photo)
    preprocess = Preprocess(size_px=96, window_mm=120.0)
    stub = StubClassifier(
        lambda photo: (
            (1.0, 0.0) if photo[len(photo) // 2, len(photo) // 2, 1] > 120 else (0.0, 1.0)
        ),
        make_manifest(["yellow", "brown"], preprocess=preprocess),
    )
    monkeypatch.setattr(Classifier, "load", lambda path: stub)
    found = answer(
        *("--photos", str(tmp_path), "--photo-mm", "120", "--model", "any.sorter", "--items", "6")
    )
    assert found["grades"] == ["yellow", "brown"]
    assert found["right"] == 6
    assert np.trace(found["confusion"]) == 6


@pytest.mark.hil
@pytest.mark.usefixtures("ruler")
def test_the_firmware_in_simavr_keeps_to_the_plan_of_the_virtual_board(
    built_firmware: Path,
) -> None:
    options = ("--items", "8", "--script", "reverse@2:60")
    one, other = (answer(*options, "--board", board) for board in ("virtual", "simavr"))
    assert one["into_bins"] == other["into_bins"]


@pytest.mark.usefixtures("ruler")
def test_an_outlet_that_opens_late_misses() -> None:
    found = answer("--items", "6", "--opening-ms", "100", "--closing-ms", "100")
    assert found["right"] <= 1
    assert set(found["by_cause"]) == {"missed", "caught"}


def machine(folder: Path, **changes: str) -> tuple[str, str]:
    """The built-in machine with other lines."""
    text = (files("sorter.twin") / "demo.yaml").read_text(encoding="utf-8")
    for old, new in changes.items():
        text = text.replace(f"{old}:", new)
    path = folder / "sorter.yaml"
    path.write_text(text)
    return "--config", str(path)


@pytest.mark.usefixtures("ruler")
def test_a_sample_a_sized_outlet_and_a_quota_are_as_right_as_the_first_that_takes_a_grade(
    tmp_path: Path,
) -> None:
    text = (files("sorter.twin") / "demo.yaml").read_text(encoding="utf-8")
    path = tmp_path / "sorter.yaml"
    path.write_text(
        text[: text.index("outlets:")]
        + """outlets:
  - {name: inspection, channel: 0, at_mm: 450, grades: [2L, L, M, S, 2S], every: 3}
  - {name: few, channel: 1, at_mm: 600, grades: [2S], quota: 1}
  - {name: long, channel: 2, at_mm: 750, grades: [2L, L, M, S, 2S], length_mm: {min: 173}}
  - {name: short, channel: 3, at_mm: 900, grades: [2L, L, M, S, 2S]}
  - {name: bent, channel: 4, at_mm: 1050, grades: [BL, BM, BS]}
  - {name: end, default: true, grades: [C]}
"""
    )
    found = answer("--items", "20", "--config", str(path))
    assert found["bins"] == ["inspection", "few", "long", "short", "bent", "end"]
    # The stub calls what is bent straight; all else is where it belongs.
    sent = dict(zip(found["bins"], np.sum(found["into_bins"], axis=0), strict=True))
    assert sent["inspection"] >= 4
    assert sent["few"] <= 1
    assert set(found["by_cause"]) <= {"misclassified"}
    assert found["decided_accuracy"] >= found["classifier_accuracy"]


@pytest.mark.usefixtures("ruler")
def test_a_belt_that_slips_leaves_every_item_its_own_decision() -> None:
    found = answer("--items", "16", "--script", "slip@3:60")
    undisturbed = answer("--items", "16")
    assert found["confusion"] == undisturbed["confusion"]


@pytest.mark.usefixtures("ruler")
def test_an_outlet_that_is_known_to_open_late_is_ordered_earlier(tmp_path: Path) -> None:
    known = machine(tmp_path, grades="opening_ms: 100, closing_ms: 100, grades:")
    found = answer("--items", "6", *known)
    assert found["delivered_accuracy"] == found["decided_accuracy"]
    assert set(found["by_cause"]) <= {"misclassified"}
    # The twin's outlets take as long as the config says: such as open at once miss.
    quick = answer("--items", "6", *known, "--opening-ms", "0", "--closing-ms", "0")
    assert quick["delivered_accuracy"] < found["delivered_accuracy"]


@pytest.mark.usefixtures("ruler")
@pytest.mark.parametrize(("opening_ms", "missorts"), [(0, set()), (100, {"stayed", "caught"})])
def test_the_downstream_beam_tells_which_items_did_not_go_where_they_were_sent(
    tmp_path: Path, opening_ms: int, missorts: set[str]
) -> None:
    beam = machine(tmp_path, outlets="board: {passed_beam: {at_mm: 1520}}\noutlets:")
    db = tmp_path / "records.sqlite"
    delays = ("--opening-ms", str(opening_ms), "--closing-ms", str(opening_ms))
    answer("--items", "8", "--db", str(db), *beam, *delays)
    with Records(db, read_only=True) as records:
        # The run ends before the belt has carried the last ones' places past the beam.
        rows = [row for row in records.items() if row.beam is not None]
    assert len(rows) >= 2
    if not opening_ms:
        assert [row.beam for row in rows] == [
            "not_seen" if row.delivery == "fired" else "seen" for row in rows
        ]
    found = {row.missort for row in rows} - {None}
    assert found <= missorts
    assert bool(found) == bool(missorts)


@pytest.mark.usefixtures("ruler")
def test_the_report_tells_what_was_delivered() -> None:
    report = invoke("--items", "4").stdout
    assert "fell into the bin of their true grade" in " ".join(report.split())


@pytest.mark.usefixtures("ruler")
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--crop", "pears"), "there is no crop 'pears'; choose one of cucumbers, lemons"),
        (("--crop", "lemons"), "the belt carries lemons of the grades .* give --model"),
        (("--script", "jump@3:1"), "is no step of a belt script"),
        (("--script", "stop@3:5,slow@4:2"), "slow@4 begins before stop@3 is over at 8.0 s"),
        (("--tilt-deg", "1"), "need a lens; give its height: --lens-mm"),
        (("--photos", "."), "--photos needs the bundle of a model that knows them"),
        (("--photos", ".", "--model", "x.sorter"), "no photos; --photos wants a folder"),
    ],
)
def test_a_bad_option_is_refused_in_one_sentence(options: tuple[str, str], sentence: str) -> None:
    result = invoke(*options)
    assert result.exit_code != 0
    with pytest.raises(SorterError, match=sentence):
        raise result.exception  # type: ignore[misc]
