from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sorter.records import Records
from tests.unit.daemon.stage import Stage


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with Records(tmp_path / "records.sqlite") as records:
        yield records


@pytest.fixture
def stage(records: Records) -> Stage:
    return Stage(records)
