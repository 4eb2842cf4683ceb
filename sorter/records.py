"""The records: one row an item, written as it is decided."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import NoReturn

from firmware_bridge.board import Outcome, Reason, ShotReport
from sorter.decision import Decision
from sorter.dispatch.delivery import Delivery
from sorter.errors import SorterError
from sorter.record_rows import FaultRecord, ItemRecord, LotRecord
from sorter.records_schema import prepare
from sorter.verdict import Why

PENDING = "pending"
"""Delivery of an item that was shot at and not yet reported on."""
RODE = "rode"
"""Delivery of an item that was not shot: it rides to the default outlet."""
SEEN, NOT_SEEN = "seen", "not_seen"
"""By the downstream beam."""

BUSY_TIMEOUT_S = 5.0
"""How long a write waits for another process that writes or checkpoints."""

_SENTENCES = {
    "not a database": "not a records file (no SQLite); give another file with --db",
    "unable to open": "cannot be opened; check the folder and who may write to it",
    "readonly": "may not be written; run as the user that owns it",
    "is full": "the disk is full; free some space",
    "locked": "another program has kept it locked; close that program",
    "malformed": "is damaged; move it away and restore a copy",
    "UNIQUE": "the item has a row already in this run",
}
"""By what SQLite says; its error codes reach Python only from 3.11 on."""


class RecordsError(SorterError):
    """The records cannot be read or written."""


class Records:
    """The database file. Use as a context manager; one writer, any number of readers."""

    def __init__(
        self,
        path: Path,
        *,
        read_only: bool = False,
        wall_clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        """Open the file; a writer creates it and brings an older one up to date.

        Args:
            path: of the SQLite file.
            read_only: for commands that look while the machine runs.
            wall_clock: gives the labels of rows.

        Raises:
            RecordsError: the file is no SQLite file, not ours, newer, missing or not accessible.
        """
        self.path = path
        self.unmatched_reports = 0
        """Reports on items that have no row with a pending shot in this run."""
        self._wall_clock = wall_clock
        self._run: int | None = None
        self._lots: dict[str, int] = {}
        if read_only and not path.exists():
            raise RecordsError(f"{path}: there are no records yet; give another file with --db")
        with self._sentences():
            mode = "ro" if read_only else "rwc"
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}",
                uri=True,
                timeout=BUSY_TIMEOUT_S,
                isolation_level=None,
                # Opened and closed by one thread, written by another, one after the other.
                check_same_thread=False,
            )
            try:
                self._db.row_factory = sqlite3.Row
                trouble = prepare(self._db, read_only=read_only)
            except sqlite3.Error:
                self._db.close()
                raise
        if trouble is not None:
            self._db.close()
            raise RecordsError(f"{path}: {trouble}")

    def add(self, decision: Decision) -> None:
        """Write one decided item; the row is committed when this returns.

        Raises:
            RecordsError: the disk is full or gone, or the item has a row already.
        """
        item, verdict, shot = decision.item, decision.verdict, decision.shot
        row = {
            "item_id": item.item_id,
            "decided_at": self._wall_clock().isoformat(timespec="milliseconds"),
            "time_s": decision.time_s,
            "tick": item.reference_tick,
            "lane": item.lane,
            "grade": verdict.grade,
            "best_guess": verdict.best_guess,
            "probabilities": json.dumps(verdict.probabilities),
            "reason": verdict.why.value,
            "outlet": decision.outlet,
            "length_mm": item.measures.length_mm,
            "width_mm": item.measures.width_mm,
            "area_mm2": item.measures.area_mm2,
            "bend_mm": item.measures.bend_mm,
            "volume_mm3": item.measures.volume_mm3,
            **dict(zip(("lab_l", "lab_a", "lab_b"), item.measures.lab, strict=True)),
            "length_sd_mm": item.measures.length_sd_mm,
            "width_sd_mm": item.measures.width_sd_mm,
            "bend_sd_mm": item.measures.bend_sd_mm,
            "area_sd_mm2": _finite(item.measures.area_sd_mm2),
            "volume_sd_mm3": _finite(item.measures.volume_sd_mm3),
            "channel": shot and shot.channel,
            "open_tick": shot and shot.open_tick,
            "close_tick": shot and shot.close_tick,
            "delivery": PENDING if shot else RODE,
        }
        with self._sentences(), self._transaction():
            row["run"] = self._this_run()
            row["lot"] = self._lot(decision.lot)
            names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
            self._db.execute(f"INSERT INTO items ({names}) VALUES ({values})", row)

    def deliver(self, report: ShotReport) -> None:
        """Write what the board said about a shot of this run.

        A report that fits no pending shot changes nothing and is counted in `unmatched_reports`.

        Raises:
            RecordsError: the disk is full or gone.
        """
        with self._sentences():
            cursor = self._db.execute(
                "UPDATE items SET delivery = ?, delivery_reason = ?, opened_tick = ?, "
                "closed_tick = ? WHERE run = ? AND item_id = ? AND delivery = ?",
                (
                    report.outcome.value,
                    report.reason.value,
                    report.open_tick,
                    report.close_tick,
                    self._run,
                    report.item_id,
                    PENDING,
                ),
            )
        self.unmatched_reports += cursor.rowcount == 0

    def confirm(self, delivery: Delivery) -> None:
        """Write what became of an item of this run in the end.

        Raises:
            RecordsError: the disk is full or gone.
        """
        seen = delivery.seen
        with self._sentences():
            self._db.execute(
                "UPDATE items SET beam = ?, missort = ? WHERE run = ? AND item_id = ?",
                (
                    None if seen is None else SEEN if seen else NOT_SEEN,
                    None if delivery.missort is None else delivery.missort.value,
                    self._run,
                    delivery.item_id,
                ),
            )

    def fault(self, name: str, active: bool, sentence: str = "") -> None:
        """Write that a fault was raised, or that one of this run was cleared.

        Raises:
            RecordsError: the disk is full or gone.
        """
        with self._sentences(), self._transaction():
            run = self._this_run()
            if active:
                self._db.execute(
                    "INSERT INTO faults (run, name, sentence, raised_at) VALUES (?, ?, ?, ?)",
                    (run, name, sentence, self._now()),
                )
            else:
                self._db.execute(
                    "UPDATE faults SET cleared_at = ? "
                    "WHERE run = ? AND name = ? AND cleared_at IS NULL",
                    (self._now(), run, name),
                )

    def open_lot(self, name: str | None) -> None:
        """Write which lot a person has opened; it stays open when the machine is started again.

        Args:
            name: of the lot, which is listed from now on; None goes back to a lot of the day.

        Raises:
            RecordsError: the disk is full or gone.
        """
        with self._sentences(), self._transaction():
            lot = None if name is None else self._lot(name)
            self._db.execute(
                "INSERT INTO lot_openings (lot, opened_at) VALUES (?, ?)", (lot, self._now())
            )

    def opened_lot(self) -> str | None:
        """The lot that a person opened last; None where it is that of the day."""
        query = (
            "SELECT lots.name FROM lot_openings LEFT JOIN lots ON lots.id = lot_openings.lot "
            "ORDER BY lot_openings.id DESC LIMIT 1"
        )
        with self._sentences():
            found = self._db.execute(query).fetchone()
        return None if found is None else found["name"]

    def check(self) -> None:
        """Nothing: what goes wrong here was raised at once."""

    def faults(self) -> list[FaultRecord]:
        """Every fault, oldest first."""
        query = "SELECT run, name, sentence, raised_at, cleared_at FROM faults ORDER BY id"
        with self._sentences():
            return [FaultRecord(**dict(row)) for row in self._db.execute(query)]

    def items(self, lot: str | None = None) -> Iterator[ItemRecord]:
        """The items of one lot, or all, in the order in which they were decided."""
        query = (
            "SELECT items.*, lots.name AS lot_name FROM items JOIN lots ON lots.id = items.lot "
            "WHERE :lot IS NULL OR lots.name = :lot ORDER BY items.id"
        )
        with self._sentences():
            for row in self._db.execute(query, {"lot": lot}):
                yield _item(row)

    def lots(self) -> list[LotRecord]:
        """Every lot with its counts, oldest first."""
        query = (
            "SELECT name, opened_at, count(items.id) AS items, count(items.open_tick) AS shot, "
            "coalesce(sum(delivery = 'fired'), 0) AS fired, count(items.missort) AS missorts "
            "FROM lots LEFT JOIN items ON items.lot = lots.id GROUP BY lots.id ORDER BY lots.id"
        )
        with self._sentences():
            return [LotRecord(**dict(row)) for row in self._db.execute(query)]

    def taken(self, outlets: Sequence[str], lot: str) -> dict[tuple[str, str], int]:
        """How many items each of some outlets has had of a lot, as (outlet, lot).

        What was shot at and not reported on counts, too.
        """
        if not outlets:
            # The machine waits for this at its start, and a season's lots are long.
            return {}
        query = (
            "SELECT outlet, count(*) AS items FROM items "
            "WHERE lot = (SELECT id FROM lots WHERE name = ?) "
            "AND outlet IN (SELECT value FROM json_each(?)) "
            "AND delivery NOT IN (?, ?, ?) GROUP BY outlet"
        )
        rode = (RODE, Outcome.REFUSED.value, Outcome.CANCELLED.value)
        with self._sentences():
            rows = self._db.execute(query, (lot, json.dumps(list(outlets)), *rode)).fetchall()
        return {(row["outlet"], lot): row["items"] for row in rows}

    def grades(self, lot: str | None = None) -> list[str]:
        """Every grade that has a probability in some item of the lot, or of all."""
        query = (
            "SELECT key FROM items JOIN lots ON lots.id = items.lot, json_each(probabilities) "
            "WHERE :lot IS NULL OR lots.name = :lot "
            "GROUP BY key ORDER BY min(items.id), min(json_each.id)"
        )
        with self._sentences():
            return [str(row["key"]) for row in self._db.execute(query, {"lot": lot})]

    def close(self) -> None:
        """Close the file; a shot of this run that was never reported on ends as unknown."""
        try:
            if self._run is not None:
                with self._sentences():
                    self._give_up("run = ?", self._run)
        finally:
            self._db.close()

    def __enter__(self) -> Records:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _this_run(self) -> int:
        if self._run is None:
            cursor = self._db.execute("INSERT INTO runs (started_at) VALUES (?)", (self._now(),))
            self._run = cursor.lastrowid
            self._give_up("run < ?", self._run)
        assert self._run is not None
        return self._run

    def _give_up(self, where: str, run: int | None) -> None:
        self._db.execute(
            f"UPDATE items SET delivery = ?, delivery_reason = ? WHERE delivery = ? AND {where}",
            (Outcome.UNKNOWN.value, Reason.LINK_LOST.value, PENDING, run),
        )

    def _lot(self, name: str) -> int:
        if name not in self._lots:
            self._db.execute(
                "INSERT INTO lots (name, opened_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (name, self._now()),
            )
            found = self._db.execute("SELECT id FROM lots WHERE name = ?", (name,)).fetchone()
            self._lots[name] = found["id"]
        return self._lots[name]

    def _now(self) -> str:
        return self._wall_clock().isoformat(timespec="milliseconds")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        known = self._run, dict(self._lots)
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            self._run, self._lots = known
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            self._explain(error)

    def _explain(self, error: sqlite3.Error) -> NoReturn:
        said = str(error)
        for part, sentence in _SENTENCES.items():
            if part in said:
                raise RecordsError(f"{self.path}: {sentence}") from error
        raise RecordsError(f"{self.path}: the records cannot be used ({said})") from error


def _item(row: sqlite3.Row) -> ItemRecord:
    values = dict(row)
    del values["id"]
    values["lot"] = values.pop("lot_name")
    values["probabilities"] = json.loads(values["probabilities"])
    values["reason"] = Why(values["reason"])
    return ItemRecord(**values)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
