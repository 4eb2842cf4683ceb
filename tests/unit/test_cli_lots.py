from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from firmware_bridge.board import Outcome, ShotReport
from sorter.cli.lots import lots_app
from sorter.errors import SorterError
from sorter.records import Records
from tests.unit.test_records import decided


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "records.sqlite"
    with Records(path) as records:
        records.add(decided(1, lot="monday"))
        records.deliver(
            ShotReport(item_id=1, channel=3, outcome=Outcome.FIRED, open_tick=901, close_tick=979)
        )
        records.add(decided(2, lot="=cmd|'/c calc'!A1", shot=False, seen=False))
    return path


def run(*arguments: str) -> str:
    result = CliRunner().invoke(lots_app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def exported(*arguments: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(run("export", *arguments))))


def test_export_writes_one_row_an_item(db: Path) -> None:
    first, second = exported("--db", str(db))

    assert first["lot"] == "monday"
    assert first["reason"] == "class"
    assert first["length_mm"] == "201.500"
    assert (first["delivery"], first["opened_tick"]) == ("fired", "901")
    assert (first["p_2L"], first["p_L"]) == ("0.7500", "0.2500")
    assert (second["grade"], second["p_2L"], second["delivery"]) == ("", "", "rode")


def test_a_name_that_a_spreadsheet_would_run_is_made_harmless(db: Path) -> None:
    assert exported("--db", str(db))[1]["lot"] == "'=cmd|'/c calc'!A1"


def test_export_of_one_lot_to_a_file(db: Path) -> None:
    out = db.with_name("monday.csv")

    result = CliRunner().invoke(
        lots_app, ["export", "--db", str(db), "--lot", "monday", "--out", str(out)]
    )

    assert result.exit_code == 0
    assert result.stdout == ""
    assert "monday.csv: 1 items" in result.stderr
    assert len(out.read_text().splitlines()) == 2
    assert list(db.parent.glob("partial.*")) == []


def test_the_records_are_found_through_the_config(db: Path) -> None:
    config = db.with_name("sorter.yaml")
    config.write_text(f"records: {{path: {db}}}\noutlets: [{{name: end, default: true}}]\n")

    assert len(exported("--config", str(config))) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--lot", "friday"], "there is no lot friday; there are: monday, ="),
        (["--out", "/none/x.csv"], "cannot be written"),
    ],
)
def test_what_cannot_be_exported_ends_in_a_sentence(
    db: Path, arguments: list[str], sentence: str
) -> None:
    with pytest.raises(SorterError, match=sentence):
        run("export", "--db", str(db), *arguments)


def test_list_counts_each_lot(db: Path) -> None:
    lots = json.loads(run("list", "--db", str(db), "--json"))

    assert [(lot["name"], lot["items"], lot["fired"]) for lot in lots] == [
        ("monday", 1, 1),
        ("=cmd|'/c calc'!A1", 1, 0),
    ]
    assert "monday" in run("list", "--db", str(db))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "give the lot's name, or --today"),
        (["field-7", "--today"], "give the lot's name, or --today"),
        (["  "], "a lot's name has 1 to 64 characters"),
        (["field-7"], "no 'sorter run' with these records is running"),
    ],
)
def test_a_lot_that_cannot_be_opened_ends_in_a_sentence(
    db: Path, arguments: list[str], sentence: str
) -> None:
    with pytest.raises(SorterError, match=sentence):
        run("open", *arguments, "--db", str(db))
