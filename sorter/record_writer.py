"""The records written in a thread of their own, so that no disk delays a shot."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol

from firmware_bridge.board import ShotReport
from sorter.camera.newest import RunningThread, start_thread
from sorter.decision import Decision
from sorter.dispatch.delivery import Delivery
from sorter.errors import SorterError
from sorter.records import Records, RecordsError

WAITING = 4096
"""Rows and changes of rows that may wait: over a minute of four lanes at full rate."""
PHOTOS_WAITING = 32
"""Items whose photos may wait, half a megabyte each. What a disk is too slow for is left out: it
shall neither fill the memory nor end the sorting."""
LONGEST_WAIT_S = 0.25
"""For a place among them; less than the board's time of silence."""
FLUSH_S = 8.0
"""For what waits at the end; less than systemd's patience."""


class RecordSink(Protocol):
    """Where items, reports and faults are written to; `Records` itself is one."""

    def add(self, decision: Decision) -> None:
        """One decided item."""

    def deliver(self, report: ShotReport) -> None:
        """What the board said about a shot."""

    def confirm(self, delivery: Delivery) -> None:
        """What became of an item in the end."""

    def fault(self, name: str, active: bool, sentence: str = "") -> None:
        """A fault was raised or cleared."""

    def open_lot(self, name: str | None) -> None:
        """A person has opened a lot, or gone back to that of the day."""

    def check(self) -> None:
        """Raise what went wrong since the last call."""


class RecordWriter:
    """Takes what has to be written and returns at once; a row is committed some ms later.

    Nothing is lost in silence: what the disk refuses is raised to whoever writes next, or looks by
    `check`, or closes. Use as a context manager.
    """

    def __init__(
        self,
        records: Records,
        *,
        waiting: int = WAITING,
        longest_wait_s: float = LONGEST_WAIT_S,
        collect: Callable[[Decision], None] | None = None,
        start: Callable[[Callable[[], None]], RunningThread | None] = start_thread,
    ) -> None:
        """Take over open records, which belong to the writer's thread until `close`.

        Args:
            records: of this run.
            waiting: most that may wait.
            longest_wait_s: that a caller waits for a place.
            collect: keeps the photos of the decisions that carry some; called by the thread.
            start: starts the thread; a test may hand over nothing and call `write`.
        """
        self._records = records
        self._longest_wait_s = longest_wait_s
        self._collect = collect
        self._photo_places = threading.Semaphore(PHOTOS_WAITING)
        self.photos_left_out = 0
        """Items whose photos were not kept, as too many waited already."""
        self._queue: queue.Queue[Callable[[], None] | None] = queue.Queue(waiting)
        self._error: Exception | None = None
        self._thread = start(self.write)

    @property
    def waiting(self) -> int:
        """What has not been written yet."""
        return self._queue.qsize()

    def add(self, decision: Decision) -> None:
        """See `Records.add`."""
        row = replace(decision, photos=())
        self._put(lambda: self._records.add(row))
        if self._collect is None or not decision.photos:
            return
        if self._photo_places.acquire(blocking=False):
            self._put(partial(self._keep, self._collect, decision))
        else:
            self.photos_left_out += 1

    def deliver(self, report: ShotReport) -> None:
        """See `Records.deliver`."""
        self._put(lambda: self._records.deliver(report))

    def confirm(self, delivery: Delivery) -> None:
        """See `Records.confirm`."""
        self._put(lambda: self._records.confirm(delivery))

    def fault(self, name: str, active: bool, sentence: str = "") -> None:
        """See `Records.fault`."""
        self._put(lambda: self._records.fault(name, active, sentence))

    def open_lot(self, name: str | None) -> None:
        """See `Records.open_lot`."""
        self._put(lambda: self._records.open_lot(name))

    def check(self) -> None:
        """Raise what went wrong.

        Raises:
            RecordsError: a row could not be written.
        """
        if self._error is not None:
            raise self._error

    def write(self) -> None:
        """Write all that comes until `close`; the thread's work."""
        while (job := self._queue.get()) is not None:
            try:
                job()
            except Exception as error:
                # It belongs to the thread that decides; what comes after is not written either,
                # or a row would stand there without those before it.
                self._error = error
                return

    def close(self) -> None:
        """Write what waits and end the thread.

        Raises:
            RecordsError: a row could not be written, or the disk is too slow for the rest.
        """
        try:
            self._queue.put(None, timeout=FLUSH_S)
        except queue.Full:
            self.check()
            raise self._too_slow() from None
        if self._thread is not None:
            self._thread.join(FLUSH_S)
            if self._thread.is_alive():
                raise self._too_slow()
        self.check()

    def __enter__(self) -> RecordWriter:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            self.close()
        except SorterError:
            if error is None:
                raise
            # What ended the run is told; it is this very error, or the cause of both.

    def _keep(self, collect: Callable[[Decision], None], decision: Decision) -> None:
        try:
            collect(decision)
        finally:
            self._photo_places.release()

    def _put(self, job: Callable[[], None]) -> None:
        self.check()
        try:
            self._queue.put(job, timeout=self._longest_wait_s)
        except queue.Full:
            self.check()
            raise self._too_slow() from None

    def _too_slow(self) -> RecordsError:
        return RecordsError(
            f"{self._records.path}: the disk is too slow, {self.waiting} rows wait to be written; "
            f"put the records on another disk"
        )
