"""A run of the twin that was recorded is replayed: the pipeline says the same again."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sorter.classifier import Classifier
from sorter.cli import app
from sorter.record_rows import ItemRecord
from sorter.records import Records
from tests.unit.twin.ruler import ruler_classifier


def rows(db: Path) -> list[ItemRecord]:
    with Records(db, read_only=True) as records:
        return list(records.items())


def test_a_recorded_demo_is_replayed_with_the_same_verdicts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Classifier, "load", lambda path: ruler_classifier())
    ran, again, frames = tmp_path / "ran.sqlite", tmp_path / "again.sqlite", tmp_path / "frames"
    for command in (
        ["demo", "--items", "12", "--record", frames, "--db", ran, "--json"],
        ["replay", "any.sorter", frames, "--db", again],
    ):
        result = CliRunner().invoke(app, [str(word) for word in command])
        assert result.exit_code == 0, result.output

    first, second = rows(ran), rows(again)
    assert len(first) == 12
    assert [(row.item_id, row.grade, row.outlet) for row in second] == [
        (row.item_id, row.grade, row.outlet) for row in first
    ]
    # The host knows the belt's position from the board's reports, the recording from the belt.
    assert [row.tick for row in second] == pytest.approx([row.tick for row in first], abs=4)
