"""What other programs may ask of the running sorter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sorter.control_socket import Answer, Request
from sorter.errors import SorterError
from sorter.line import Line
from sorter.lot_names import lot_name, lot_of_the_day
from sorter.record_writer import RecordSink


class ControlDesk:
    """Carries out requests between two frames."""

    def __init__(
        self,
        *,
        line: Line,
        records: RecordSink | None,
        state: Callable[[], dict[str, Any]],
        tell: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        """Join the parts.

        Args:
            line: that lots are opened on.
            records: where it is written that a lot was opened; None keeps nothing.
            state: of the machine, ready for JSON.
            tell: takes what the operator should read.
            clock: monotonic, seconds.
        """
        self._line = line
        self._records = records
        self._state = state
        self._tell = tell
        self._clock = clock

    def obey(self, request: Request) -> Answer:
        """Carry out one request.

        `{"do": "open_lot", "name": "field-7"}` opens a lot, `"name": null` that of the day;
        `{"do": "state"}` tells how the machine is.

        Raises:
            SorterError: it cannot be carried out; the sentence says why.
        """
        what = request.get("do")
        if what == "state":
            return self._state()
        if what == "open_lot":
            return self._open_lot(request.get("name"))
        raise SorterError(f"this sorter does not know how to {what!r}; it may be an older version")

    def _open_lot(self, asked: object) -> Answer:
        if asked is not None and not isinstance(asked, str):
            raise SorterError("a lot's name has to be text")
        name = lot_of_the_day() if asked is None else lot_name(asked)
        before = self._line.lot
        # Written first: what is told as refused must not be open.
        if self._records is not None:
            self._records.open_lot(None if asked is None else name)
        self._line.open_lot(name, self._clock())
        self._tell(f"lot {name} is open: it takes what comes into view from now on")
        return {"lot": name, "before": before}
