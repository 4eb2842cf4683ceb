"""`sorter board monitor`: the frames on the wire, decoded."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict

from firmware_bridge.framing import Deframer, Frame
from firmware_bridge.packing import MessageError, unpack


class FrameLog:
    """Writes one line a frame.

    Args:
        write: takes a line.
        as_json: lines of JSON instead of text.
        start_s: when the log begins, on the clock of `hear`.
    """

    def __init__(self, write: Callable[[str], None], *, as_json: bool, start_s: float) -> None:
        self._write = write
        self._as_json = as_json
        self._start_s = start_s
        self._deframers = {True: Deframer(), False: Deframer()}

    def hear(self, to_board: bool, data: bytes, at_s: float) -> None:
        """Take bytes that went one way or the other."""
        deframer = self._deframers[to_board]
        errors = deframer.errors
        for frame in deframer.feed(data):
            self._log(to_board, frame, at_s)
        for _ in range(deframer.errors - errors):
            self._line(to_board, at_s, "no frame", None, {})

    def _log(self, to_board: bool, frame: Frame, at_s: float) -> None:
        try:
            message = unpack(frame.kind, frame.payload)
        except MessageError as error:
            self._line(to_board, at_s, str(error), frame.seq, {})
            return
        self._line(to_board, at_s, type(message).__name__, frame.seq, asdict(message))

    def _line(
        self, to_board: bool, at_s: float, name: str, seq: int | None, fields: dict[str, int]
    ) -> None:
        way = ">" if to_board else "<"
        since_s = at_s - self._start_s
        if self._as_json:
            line = {"s": round(since_s, 6), "way": way, "message": name, "seq": seq, **fields}
            self._write(json.dumps(line))
            return
        shown = " ".join(f"{key}={value}" for key, value in fields.items())
        number = "" if seq is None else f" #{seq}"
        self._write(f"{since_s:10.4f} {way} {name}{number} {shown}".rstrip())
