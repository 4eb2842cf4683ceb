"""The tables of the records and how an older file is brought up to date."""

from __future__ import annotations

import sqlite3

APPLICATION_ID = 0x65646765
"""In the file's header, so that another program's database is never written to ("edge")."""

CACHE_KIB = 256
"""Of a writer. SQLite's own 2 MB would fill within half an hour's sorting and look like a leak, and
what was written is hardly read again."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            started_at TEXT NOT NULL
        ) STRICT
        """,
        """
        CREATE TABLE lots (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            opened_at TEXT NOT NULL
        ) STRICT
        """,
        """
        CREATE TABLE items (
            id INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES runs (id),
            item_id INTEGER NOT NULL,
            lot INTEGER NOT NULL REFERENCES lots (id),
            decided_at TEXT NOT NULL,
            time_s REAL NOT NULL,
            tick REAL NOT NULL,
            lane INTEGER NOT NULL,
            grade TEXT,
            best_guess TEXT,
            probabilities TEXT NOT NULL,
            reason TEXT NOT NULL,
            outlet TEXT NOT NULL,
            length_mm REAL NOT NULL,
            width_mm REAL NOT NULL,
            area_mm2 REAL NOT NULL,
            channel INTEGER,
            open_tick INTEGER,
            close_tick INTEGER,
            delivery TEXT NOT NULL,
            delivery_reason TEXT,
            opened_tick INTEGER,
            closed_tick INTEGER,
            UNIQUE (run, item_id)
        ) STRICT
        """,
        "CREATE INDEX items_by_lot ON items (lot)",
        "CREATE INDEX items_pending ON items (run) WHERE delivery = 'pending'",
    ),
    (
        "ALTER TABLE items ADD COLUMN bend_mm REAL",
        "ALTER TABLE items ADD COLUMN volume_mm3 REAL",
        "ALTER TABLE items ADD COLUMN lab_l REAL",
        "ALTER TABLE items ADD COLUMN lab_a REAL",
        "ALTER TABLE items ADD COLUMN lab_b REAL",
        "ALTER TABLE items ADD COLUMN length_sd_mm REAL",
        "ALTER TABLE items ADD COLUMN width_sd_mm REAL",
        "ALTER TABLE items ADD COLUMN bend_sd_mm REAL",
        "ALTER TABLE items ADD COLUMN beam TEXT",
        "ALTER TABLE items ADD COLUMN missort TEXT",
    ),
    (
        """
        CREATE TABLE faults (
            id INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES runs (id),
            name TEXT NOT NULL,
            sentence TEXT NOT NULL,
            raised_at TEXT NOT NULL,
            cleared_at TEXT
        ) STRICT
        """,
        "CREATE INDEX faults_standing ON faults (run, name) WHERE cleared_at IS NULL",
    ),
    (
        """
        CREATE TABLE lot_openings (
            id INTEGER PRIMARY KEY,
            lot INTEGER REFERENCES lots (id),
            opened_at TEXT NOT NULL
        ) STRICT
        """,
    ),
    (
        "ALTER TABLE items ADD COLUMN area_sd_mm2 REAL",
        "ALTER TABLE items ADD COLUMN volume_sd_mm3 REAL",
    ),
)
"""Statements that lead from version k to k + 1; a released one is never changed."""


def prepare(db: sqlite3.Connection, *, read_only: bool) -> str | None:
    """Check that the file is ours and bring it up to date; returns what is wrong, as a sentence.

    Raises:
        sqlite3.Error: it cannot be read or written.
    """
    version = _number(db, "user_version")
    tables = _number(db, "schema_version")
    if _number(db, "application_id") != APPLICATION_ID and (tables or read_only):
        return "the database of another program; give another file with --db"
    if version > len(MIGRATIONS):
        return (
            f"its format {version} is newer than this version reads ({len(MIGRATIONS)}); "
            f"update the sorter"
        )
    if read_only:
        if version < len(MIGRATIONS):
            return "an older format; start the sorter once to bring it up to date"
        return None
    db.execute("PRAGMA journal_mode = WAL")
    # With WAL, NORMAL survives a crash of the program whole; a power cut may cost the last rows.
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    for target, statements in enumerate(MIGRATIONS[version:], start=version + 1):
        db.execute("BEGIN IMMEDIATE")
        try:
            for statement in statements:
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {target}")
            db.execute("COMMIT")
        except sqlite3.Error:
            db.execute("ROLLBACK")
            raise
    return None


def _number(db: sqlite3.Connection, pragma: str) -> int:
    return int(db.execute(f"PRAGMA {pragma}").fetchone()[0])
