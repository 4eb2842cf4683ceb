from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sorter.record_writer import RecordWriter
from sorter.records import Records, RecordsError
from tests.unit.test_records import FIRED, decided


def no_thread(work: Callable[[], None]) -> None:
    return None


def test_everything_is_written_in_order_and_all_of_it_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite"
    with Records(path) as records, RecordWriter(records) as writer:
        for item_id in range(1, 300):
            writer.add(decided(item_id))
        writer.deliver(FIRED)
        writer.fault("camera_dark", True, "look for the lamp")
        writer.fault("camera_dark", False)

    with Records(path, read_only=True) as records:
        rows = list(records.items())
        (fault,) = records.faults()
    assert [row.item_id for row in rows] == list(range(1, 300))
    assert rows[0].delivery == "fired"
    assert (fault.name, fault.sentence) == ("camera_dark", "look for the lamp")
    assert fault.cleared_at is not None


def test_a_row_is_there_for_other_programs_soon_after_it_was_decided(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite"
    with Records(path) as records, RecordWriter(records) as writer:
        writer.add(decided())
        while not list(Records(path, read_only=True).items()):
            writer.check()


def test_what_the_disk_refuses_is_raised_to_whoever_comes_next(tmp_path: Path) -> None:
    with Records(tmp_path / "records.sqlite") as records:
        writer = RecordWriter(records, start=no_thread)
        writer.add(decided(1))
        writer.add(decided(1))
        writer.add(decided(2))
        writer.write()

        for act in (writer.check, lambda: writer.add(decided(3)), writer.close):
            with pytest.raises(RecordsError, match="has a row already in this run"):
                act()
        assert [row.item_id for row in records.items()] == [1]


def test_a_disk_that_is_too_slow_is_an_error_after_a_bounded_wait(tmp_path: Path) -> None:
    with Records(tmp_path / "records.sqlite") as records:
        writer = RecordWriter(records, waiting=2, longest_wait_s=0.0, start=no_thread)
        writer.add(decided(1))
        writer.add(decided(2))

        with pytest.raises(RecordsError, match="disk is too slow, 2 rows wait"):
            writer.add(decided(3))


def test_an_error_at_the_end_is_raised_unless_something_else_ended_the_run(tmp_path: Path) -> None:
    def twice(writer: RecordWriter) -> None:
        writer._queue.put(lambda: records.add(decided(1)))
        writer._queue.put(lambda: records.add(decided(1)))

    with Records(tmp_path / "records.sqlite") as records:
        with pytest.raises(RecordsError, match="a row already"), RecordWriter(records) as writer:
            twice(writer)
        with pytest.raises(KeyError, match="first"), RecordWriter(records) as writer:
            twice(writer)
            raise KeyError("first")


def test_faults_outlive_the_run_and_are_cleared_only_in_their_own(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite"
    with Records(path) as records:
        records.fault("bin_full", True)
    with Records(path) as records:
        records.fault("bin_full", True)
        records.fault("bin_full", False)
        first, second = records.faults()

    assert (first.run, first.cleared_at) == (1, None)
    assert second.run == 2 and second.cleared_at is not None
