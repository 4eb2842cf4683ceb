from __future__ import annotations

import json
from pathlib import Path

import pytest

import benchmarks.report
from benchmarks.report import Report


def test_a_benchmark_that_is_broken_off_leaves_no_numbers_of_an_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmarks.report, "RESULTS", tmp_path)
    first = Report(name="speed")
    first.at_most("time", 3, "s", 4)
    assert first.save()
    assert json.loads((tmp_path / "speed.json").read_text())[0]["ok"]
    Report(name="speed").at_most("time", 3, "s", 4)
    assert not list(tmp_path.iterdir())
