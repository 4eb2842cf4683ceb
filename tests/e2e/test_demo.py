"""`sorter demo` as a user sees it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from sorter.classifier import Classifier
from sorter.cli.demo import demo
from sorter.errors import SorterError
from sorter.records import Records
from tests.unit.twin.ruler import ruler_classifier

app = typer.Typer()
app.command()(demo)

ENDINGS = ("right", "wrong", "to_default", "lost")


@pytest.fixture
def ruler(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measures instead of asking a network: the demo's own model may be trained anew any time."""
    monkeypatch.setattr(Classifier, "load", lambda path: ruler_classifier())


def invoke(*options: str) -> Result:
    return CliRunner().invoke(app, ["--speed", "1", *options])


def answer(*options: str) -> dict[str, Any]:
    result = invoke("--json", *options)
    assert result.exit_code == 0, result.output
    answered: dict[str, Any] = json.loads(result.stdout)
    return answered


def test_the_built_in_model_puts_nine_of_ten_into_their_bins() -> None:
    found = answer("--items", "100", "--speed", "0.3", "--seed", "2")
    assert found["right"] >= 90
    assert found["lost"] == 0
    assert found["classifier_accuracy"] >= 0.9


@pytest.mark.usefixtures("ruler")
def test_json_accounts_for_every_item() -> None:
    found = answer("--items", "12")
    assert sum(found[ending] for ending in ENDINGS) == found["items"] == 12
    assert sum(map(sum, found["confusion"])) == sum(map(sum, found["into_bins"])) == 12
    assert sum(found["by_cause"].values()) == 12 - found["right"]
    assert found["grades"] == ["2L", "L", "M", "S", "2S", "BL", "BM", "BS", "C"]
    assert (found["seed"], found["board"], found["speed_m_per_s"]) == (1, "virtual", 1.0)


@pytest.mark.usefixtures("ruler")
def test_json_is_the_same_each_time() -> None:
    assert invoke("--json", "--items", "5").stdout == invoke("--json", "--items", "5").stdout


@pytest.mark.usefixtures("ruler")
def test_the_report_names_every_ending_and_shows_the_confusion_matrix() -> None:
    report = invoke("--items", "5").stdout
    for words in ("confusion matrix", "right bin", "wrong bin", "to the default outlet", "lost"):
        assert words in report
    assert "\x1b" not in report


@pytest.mark.usefixtures("ruler")
def test_the_records_are_kept_where_asked(tmp_path: Path) -> None:
    answer("--items", "5", "--db", str(tmp_path / "demo.sqlite"))
    with Records(tmp_path / "demo.sqlite", read_only=True) as records:
        assert [row.item_id for row in records.items("demo")] == [1, 2, 3, 4, 5]


@pytest.mark.usefixtures("ruler")
def test_the_frames_are_kept_with_their_belt_positions(tmp_path: Path) -> None:
    found = answer("--items", "2", "--record", str(tmp_path / "frames"))
    lines = (tmp_path / "frames" / "frames.csv").read_text().splitlines()
    assert lines[0] == "file,time_s,tick"
    assert len(lines) - 1 == found["frames"]
    assert float(lines[-1].split(",")[2]) <= found["ticks"] + 1
    assert len(list((tmp_path / "frames").glob("*.jpg"))) == found["frames"]


@pytest.mark.usefixtures("ruler")
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--speed", "3"), r"--speed 3 is outside 0\.05 … 2 m/s"),
        (("--speed", "0"), r"--speed 0 is outside 0\.05 … 2 m/s"),
        (("--items", "0"), r"--items 0 is outside 1 … 100000"),
        (("--record", "/dev/null"), "/dev/null: .*; give --record another folder"),
    ],
)
def test_a_bad_option_is_refused_in_one_sentence(options: tuple[str, str], sentence: str) -> None:
    result = invoke(*options)
    assert isinstance(result.exception, SorterError)
    assert result.exit_code != 0
    with pytest.raises(SorterError, match=sentence):
        raise result.exception


def test_a_missing_bundle_is_refused_in_one_sentence(tmp_path: Path) -> None:
    result = invoke("--model", str(tmp_path / "none.sorter"))
    assert isinstance(result.exception, SorterError)
    assert "give the path of a bundle" in str(result.exception)
