"""What a board says on the wire, and when again; the virtual board's twin of `core/telling.c`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from firmware_bridge.beam_book import KeptEdge
from firmware_bridge.codes import FAULT_BITS
from firmware_bridge.compiled_in import REPORT_RESEND_US
from firmware_bridge.framing import encode
from firmware_bridge.messages import Fault, Identity, Message
from firmware_bridge.shot_queue import Slot

_RESEND_MS = REPORT_RESEND_US // 1_000


class Telling:
    """Frames on their way to the host.

    Args:
        identity: who the board is, outside a session.
    """

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._event_seq = 0
        self._ms = 0
        self._faults_told = FAULT_BITS["silence"]
        self._sent: list[bytes] = []
        self.identity(session=0, seq=0)

    def pass_ms(self) -> None:
        """A millisecond has passed."""
        self._ms = (self._ms + 1) & 0xFF

    def identity(self, *, session: int, seq: int) -> None:
        """Say who the board is."""
        self.answer(replace(self._identity, session=session), seq)

    def answer(self, message: Message, seq: int) -> None:
        """Send the answer to the frame of this number."""
        self._sent.append(encode(message, seq))

    def faults(self, bits: int) -> None:
        """Tell the fault bits if they have changed."""
        if bits != self._faults_told:
            self._faults_told = bits
            self._event(Fault(faults=bits))

    def reports(self, ended: Iterable[Slot]) -> None:
        """Tell, or tell again, how shots have ended."""
        for slot in ended:
            if self._is_time(slot.told_ms):
                slot.told_ms = self._ms
                self._event(slot.report)

    def beams(self, kept: Iterable[KeptEdge]) -> None:
        """Tell, or tell again, edges of the beams."""
        for edge in kept:
            if self._is_time(edge.told_ms):
                edge.told_ms = self._ms
                self._event(edge.edge)

    def take(self) -> list[bytes]:
        """The frames since the last call."""
        sent, self._sent = self._sent, []
        return sent

    def _is_time(self, told_ms: int | None) -> bool:
        return told_ms is None or (self._ms - told_ms) & 0xFF >= _RESEND_MS

    def _event(self, message: Message) -> None:
        self._event_seq = (self._event_seq + 1) & 0xFF
        self.answer(message, self._event_seq)
