"""Photos of items kept for teaching: what the classifier saw, with a table for a person's grade."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import datetime, timezone

import cv2

from sorter.config import CollectConfig
from sorter.decision import Decision
from sorter.verdict import Why

ITEMS_CSV = "items.csv"
COLUMNS = ("path", "item", "session", "said", "grade")
"""As `sorter-train import` reads them, one line a photo: `said` is the model's grade, `grade` that
of the person who looks at the photos, empty until then."""
DOUBTFUL = frozenset({Why.UNSURE, Why.STRANGER})
"""Items that the model has most to learn from."""
MB = 1_000_000


class Choice:
    """Which items are kept."""

    def __init__(self, config: CollectConfig) -> None:
        """Take the rule; nothing is chosen where no folder is named."""
        self._config = config
        self._items = 0

    def wants(self, decision: Decision) -> bool:
        """Whether this item is one of them; asked once for each item."""
        if self._config.folder is None:
            return False
        self._items += 1
        doubtful = self._config.doubtful and decision.verdict.why in DOUBTFUL
        return doubtful or self._items % self._config.every == 0


class Collector:
    """Writes photos and table, a folder for each run, up to so many megabytes in all."""

    def __init__(
        self,
        config: CollectConfig,
        *,
        tell: Callable[[str], None],
        wall_clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        """Plan the folder of this run; it is made with the first item.

        Args:
            config: names a folder.
            tell: takes one sentence when no more photos are kept.
            wall_clock: names the folder.
        """
        assert config.folder is not None
        self._root = config.folder
        self._most_bytes = config.most_mb * MB
        self._tell = tell
        self._run = f"{wall_clock():%Y%m%dT%H%M%SZ}"
        self._bytes: int | None = None
        self._over = False

    def keep(self, decision: Decision) -> None:
        """Write the photos of one item, then their lines: a line never names a missing photo.

        What the disk refuses is told once and ends the collecting, not the sorting.
        """
        if self._over:
            return
        try:
            self._keep(decision)
        except OSError as error:
            self._end(f"{error.filename or self._root}: {error.strerror or error}")

    def _keep(self, decision: Decision) -> None:
        if self._bytes is None:
            self._bytes = sum(path.stat().st_size for path in self._root.rglob("*.png"))
        pngs = [cv2.imencode(".png", photo)[1].tobytes() for photo in decision.photos]
        self._bytes += sum(map(len, pngs))
        if self._bytes > self._most_bytes:
            self._end(f"{self._root} holds the {self._most_bytes // MB} MB of collect.most_mb")
            return
        folder = self._root / self._run
        folder.mkdir(parents=True, exist_ok=True)
        item_id, said = decision.item.item_id, decision.verdict.best_guess or ""
        session = f"{self._run} {decision.lot}"
        rows = []
        for number, png in enumerate(pngs, start=1):
            path = folder / f"{item_id:06d}-{number}.png"
            path.write_bytes(png)
            rows.append((path.name, item_id, session, said, ""))
        table = folder / ITEMS_CSV
        new = not table.exists()
        with table.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            if new:
                writer.writerow(COLUMNS)
            writer.writerows(rows)

    def _end(self, why: str) -> None:
        self._over = True
        self._tell(f"no more photos are collected: {why}; the sorting goes on")
