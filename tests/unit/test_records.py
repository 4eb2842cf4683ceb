from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from firmware_bridge.board import Outcome, Reason, Shot, ShotReport
from sorter import records_schema
from sorter.decision import Decision
from sorter.dispatch.delivery import Delivery, Missort
from sorter.item import Item
from sorter.records import PENDING, RODE, Records, RecordsError
from sorter.verdict import Verdict, Why
from tests.factories import make_measures

NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "records.sqlite"


@pytest.fixture
def records(path: Path) -> Iterator[Records]:
    with Records(path, wall_clock=lambda: NOON) as records:
        yield records


def decided(
    item_id: int = 1, *, lot: str = "monday", shot: bool = True, seen: bool = True
) -> Decision:
    return Decision(
        item=Item(
            item_id=item_id,
            lane=0,
            reference_tick=100.5,
            extent_mm=60,
            measures=make_measures(length_mm=201.5, width_mm=31.0, area_mm2=5000.0),
        ),
        verdict=Verdict(
            grade="2L" if shot else None,
            best_guess="2L" if seen else None,
            probabilities={"2L": 0.75, "L": 0.25} if seen else {},
            why=Why.CLASS if shot else Why.UNSURE if seen else Why.CUT_OFF,
        ),
        outlet="premium" if shot else "recheck",
        shot=Shot(item_id=item_id, channel=3, open_tick=900, close_tick=980) if shot else None,
        lot=lot,
        time_s=12.25,
    )


FIRED = ShotReport(item_id=1, channel=3, outcome=Outcome.FIRED, open_tick=901, close_tick=979)


def test_a_shot_item_leaves_one_whole_row(records: Records) -> None:
    records.add(decided())

    (row,) = records.items()
    assert (row.run, row.item_id, row.lot) == (1, 1, "monday")
    assert row.decided_at == "2026-05-01T12:00:00.000+00:00"
    assert (row.time_s, row.tick, row.lane) == (12.25, 100.5, 0)
    assert (row.grade, row.best_guess, row.reason) == ("2L", "2L", Why.CLASS)
    assert row.probabilities == {"2L": 0.75, "L": 0.25}
    assert (row.outlet, row.channel, row.open_tick, row.close_tick) == ("premium", 3, 900, 980)
    assert (row.length_mm, row.width_mm, row.area_mm2) == (201.5, 31, 5000)
    assert (row.delivery, row.delivery_reason) == (PENDING, None)


def test_an_item_that_is_not_shot_rode(records: Records) -> None:
    records.add(decided(shot=False))

    (row,) = records.items()
    assert (row.grade, row.reason, row.outlet) == (None, Why.UNSURE, "recheck")
    assert (row.delivery, row.channel, row.open_tick) == (RODE, None, None)


def test_an_item_that_was_never_seen_whole_has_no_guess(records: Records) -> None:
    records.add(decided(shot=False, seen=False))

    (row,) = records.items()
    assert (row.best_guess, row.probabilities, row.reason) == (None, {}, Why.CUT_OFF)


def test_a_shot_on_channel_0_keeps_its_channel(records: Records) -> None:
    decision = decided()
    shot = Shot(item_id=1, channel=0, open_tick=0, close_tick=5)
    records.add(Decision(**{**_fields(decision), "shot": shot}))

    (row,) = records.items()
    assert (row.channel, row.open_tick, row.close_tick) == (0, 0, 5)


def _fields(decision: Decision) -> dict[str, object]:
    return {name: getattr(decision, name) for name in Decision.__dataclass_fields__}


def test_a_report_completes_the_row(records: Records) -> None:
    records.add(decided())
    records.deliver(FIRED)

    (row,) = records.items()
    assert (row.delivery, row.delivery_reason) == ("fired", "none")
    assert (row.opened_tick, row.closed_tick) == (901, 979)


def test_a_refused_shot_keeps_the_reason(records: Records) -> None:
    records.add(decided())
    records.deliver(ShotReport(item_id=1, channel=3, outcome=Outcome.REFUSED, reason=Reason.LATE))

    (row,) = records.items()
    assert (row.delivery, row.delivery_reason, row.opened_tick) == ("refused", "late", None)


def test_only_the_first_report_counts(records: Records) -> None:
    records.add(decided())
    records.deliver(FIRED)
    records.deliver(ShotReport(item_id=1, channel=3, outcome=Outcome.CANCELLED))

    (row,) = records.items()
    assert row.delivery == "fired"
    assert records.unmatched_reports == 1


def test_a_report_on_an_unknown_item_is_counted(records: Records) -> None:
    records.deliver(FIRED)

    assert records.unmatched_reports == 1
    assert list(records.items()) == []


def test_item_ids_of_two_runs_do_not_collide(path: Path) -> None:
    with Records(path) as first:
        first.add(decided())
        first.deliver(FIRED)
    with Records(path) as second:
        second.add(decided())
        second.deliver(ShotReport(item_id=1, channel=3, outcome=Outcome.CANCELLED))
        rows = list(second.items())

    assert [(row.run, row.item_id, row.delivery) for row in rows] == [
        (1, 1, "fired"),
        (2, 1, "cancelled"),
    ]


def test_a_shot_that_was_never_reported_on_ends_as_unknown(path: Path) -> None:
    with Records(path) as first:
        first.add(decided())
    with Records(path, read_only=True) as reader:
        (row,) = reader.items()

    assert (row.delivery, row.delivery_reason) == ("unknown", "link_lost")


def test_a_second_row_for_an_item_is_refused_and_the_first_stays(records: Records) -> None:
    records.add(decided())

    with pytest.raises(RecordsError, match="has a row already"):
        records.add(decided(shot=False))
    assert [row.delivery for row in records.items()] == [PENDING]
    records.add(decided(2))
    assert len(list(records.items())) == 2


def test_items_and_counts_of_a_lot(records: Records) -> None:
    records.add(decided(1, lot="monday"))
    records.deliver(FIRED)
    records.add(decided(2, lot="tuesday", shot=False))
    records.add(decided(3, lot="monday"))

    assert [row.item_id for row in records.items("monday")] == [1, 3]
    assert [row.item_id for row in records.items()] == [1, 2, 3]
    assert [(lot.name, lot.items, lot.shot, lot.fired) for lot in records.lots()] == [
        ("monday", 2, 2, 1),
        ("tuesday", 1, 0, 0),
    ]
    assert records.grades() == ["2L", "L"]
    assert records.grades("wednesday") == []


def test_a_row_survives_the_death_of_the_process(path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; sys.path.insert(0, sys.argv[2])\n"
        "from tests.unit.test_records import decided; from sorter.records import Records\n"
        "Records(Path(sys.argv[1])).add(decided())\n"
        "os._exit(9)"
    )
    here = str(Path(__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", code, str(path), here], check=False)

    assert done.returncode == 9
    with Records(path, read_only=True) as reader:
        assert [row.item_id for row in reader.items()] == [1]


def test_another_connection_reads_while_it_is_written(records: Records, path: Path) -> None:
    records.add(decided(1))
    with Records(path, read_only=True) as reader:
        rows = reader.items()
        assert next(rows).item_id == 1
        records.add(decided(2))
        assert [row.item_id for row in reader.items()] == [1, 2]


def test_the_file_is_in_wal_mode(records: Records, path: Path) -> None:
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert records._db.execute("PRAGMA synchronous").fetchone()[0] == 1


@pytest.mark.parametrize("read_only", [False, True])
def test_a_file_that_is_no_database_is_refused(path: Path, read_only: bool) -> None:
    path.write_bytes(b"a,b,c\n" * 1000)

    with pytest.raises(RecordsError, match=r"not a records file \(no SQLite\)"):
        Records(path, read_only=read_only)


@pytest.mark.parametrize("read_only", [False, True])
def test_the_database_of_another_program_is_left_alone(path: Path, read_only: bool) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE bookmarks (url)")
    before = path.read_bytes()

    with pytest.raises(RecordsError, match="database of another program"):
        Records(path, read_only=read_only)
    assert path.read_bytes() == before


@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_format_is_refused(path: Path, read_only: bool) -> None:
    Records(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")

    with pytest.raises(RecordsError, match="format 99 is newer than this version reads"):
        Records(path, read_only=read_only)


def test_a_reader_does_not_create_the_file(path: Path) -> None:
    with pytest.raises(RecordsError, match="there are no records yet"):
        Records(path, read_only=True)
    assert not path.exists()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="cannot be opened; check the folder"):
        Records(tmp_path / "none" / "records.sqlite")


def test_a_damaged_file_ends_in_a_sentence(path: Path) -> None:
    with Records(path) as records:
        for item_id in range(1, 200):
            records.add(decided(item_id))
    data = bytearray(path.read_bytes())
    data[4096:] = b"\x55" * (len(data) - 4096)
    path.write_bytes(bytes(data))

    with pytest.raises(RecordsError, match="records\\.sqlite: "), Records(path) as records:
        list(records.items())


def test_a_failed_migration_leaves_the_file_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Records(path).close()
    more = (*records_schema.MIGRATIONS, ("ALTER TABLE lots ADD COLUMN note TEXT", "nonsense"))
    monkeypatch.setattr(records_schema, "MIGRATIONS", more)

    with pytest.raises(RecordsError):
        Records(path)
    monkeypatch.undo()
    with Records(path) as records:
        records.add(decided())
        assert len(records.lots()) == 1


def test_all_measures_and_their_uncertainties_are_kept(records: Records) -> None:
    records.add(decided())

    (row,) = records.items()
    measures = make_measures()
    assert (row.bend_mm, row.volume_mm3) == (measures.bend_mm, measures.volume_mm3)
    assert (row.lab_l, row.lab_a, row.lab_b) == measures.lab
    assert (row.length_sd_mm, row.width_sd_mm, row.bend_sd_mm) == (0.5, 0.5, 0.4)
    assert (row.area_sd_mm2, row.volume_sd_mm3) == pytest.approx((93.05, 3126.6), rel=1e-4)
    assert (row.beam, row.missort) == (None, None)


def test_a_size_of_which_nothing_is_known_has_no_uncertainty_in_the_records(
    records: Records,
) -> None:
    whole = decided()
    item = replace(whole.item, measures=make_measures(width_mm=0.0))
    records.add(replace(whole, item=item))

    (row,) = records.items()
    assert (row.area_sd_mm2, row.volume_sd_mm3) == (None, None)


def test_a_missort_is_written_beside_its_item_and_counted_with_its_lot(records: Records) -> None:
    records.add(decided())
    records.add(decided(2, shot=False))
    records.confirm(Delivery(item_id=1, seen=True, missort=Missort.STAYED))
    records.confirm(Delivery(item_id=2, seen=True, missort=None))

    assert [(row.beam, row.missort) for row in records.items()] == [
        ("seen", "stayed"),
        ("seen", None),
    ]
    assert [lot.missorts for lot in records.lots()] == [1]


def test_the_rows_of_an_older_version_are_kept_without_what_it_did_not_measure(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(records_schema, "MIGRATIONS", records_schema.MIGRATIONS[:1])
        Records(path).close()
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO runs (started_at) VALUES ('2026-05-01')")
        db.execute("INSERT INTO lots (name, opened_at) VALUES ('monday', '2026-05-01')")
        db.execute(
            "INSERT INTO items (run, item_id, lot, decided_at, time_s, tick, lane, probabilities, "
            "reason, outlet, length_mm, width_mm, area_mm2, delivery) "
            "VALUES (1, 1, 1, '2026-05-01', 1.0, 2.0, 0, '{}', 'unsure', 'end', 200, 30, 5000, "
            "'rode')"
        )

    with Records(path) as records:
        records.add(decided())
        old, new = records.items()
    assert (old.length_mm, old.bend_mm, old.missort) == (200, None, None)
    assert (new.length_mm, new.bend_mm) == (201.5, 3.0)


def test_what_an_outlet_has_had_of_a_lot_is_known_at_the_next_start(path: Path) -> None:
    with Records(path) as records:
        for item_id, lot in enumerate(["monday", "monday", "friday", "monday", "monday"], start=1):
            records.add(decided(item_id, lot=lot, shot=item_id != 4))
        records.deliver(FIRED)
        refused = ShotReport(item_id=2, channel=3, outcome=Outcome.REFUSED, reason=Reason.LATE)
        records.deliver(refused)
    with Records(path) as records:
        # Of the fifth and of that of Friday nobody knows whether they got there.
        assert records.taken(["premium"], "monday") == {("premium", "monday"): 2}
        assert records.taken(["premium"], "friday") == {("premium", "friday"): 1}
        assert records.taken(["premium"], "sunday") == records.taken(["other"], "monday") == {}
        assert records.taken([], "monday") == {}


def test_at_a_start_no_more_than_the_lot_that_is_open_is_counted(path: Path) -> None:
    with Records(path) as records:
        plans: list[str] = []
        records._db.set_trace_callback(plans.append)
        records.taken([], "monday")
        assert plans == []
        records.taken(["premium"], "monday")
        records._db.set_trace_callback(None)
        (query,) = plans
        steps = [row["detail"] for row in records._db.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert any("items USING INDEX items_by_lot" in step for step in steps)
    assert not any("SCAN items" in step for step in steps)


def test_the_lot_that_a_person_opened_is_listed_at_once_and_known_at_the_next_start(
    path: Path,
) -> None:
    with Records(path) as records:
        assert records.opened_lot() is None
        records.open_lot("field-7")
        records.open_lot("field-8")
        records.open_lot("field-7")
    with Records(path) as records:
        assert [(lot.name, lot.items) for lot in records.lots()] == [("field-7", 0), ("field-8", 0)]
        assert records.opened_lot() == "field-7"
        records.open_lot(None)
        assert records.opened_lot() is None


def test_what_a_writer_holds_in_memory_does_not_grow_with_the_file(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        assert records_schema.prepare(db, read_only=False) is None
        (kib,) = db.execute("PRAGMA cache_size").fetchone()
    assert kib == -records_schema.CACHE_KIB
