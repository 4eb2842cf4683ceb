"""Tells new beam edges from repeats, by the board's count of them."""

from __future__ import annotations

from firmware_bridge.board import BoardBeam
from firmware_bridge.codes import BEAMS
from firmware_bridge.compiled_in import EVENTS_KEPT
from firmware_bridge.messages import BeamEdge
from firmware_bridge.position import BeltPosition

_SPAN = 1 << 16
WAIT_FOR = 64
"""An edge that is still missing so many edges later will not come any more."""


class BeamLog:
    """Which edges have come; the board repeats each until it is acknowledged."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._missing: set[int] = set()
        self._earlier: set[int] = set()
        """Edges before the first that came: the board may still hold them, or none."""
        self.missed = 0
        """Edges that never came: the board had no room for them."""

    def take(self, edge: BeamEdge, position: BeltPosition) -> BoardBeam | None:
        """The event of an edge, its counts unwrapped by `position`; None for a repeat."""
        if not self.is_new(edge.number):
            return None
        time_s = position.host_s(edge.board_us)
        return BoardBeam(
            beam=BEAMS[edge.beam],
            blocked=bool(edge.blocked),
            tick=position.unfold(edge.tick),
            time_s=time_s,
            error_s=float("inf") if time_s is None else position.clock.error_s(time_s),
        )

    def is_new(self, folded: int) -> bool:
        """Note the edge of this number; False for a repeat.

        Args:
            folded: the board's count, 16 bits.
        """
        if self._next is None:
            self._next = folded
            self._earlier = set(range(folded - EVENTS_KEPT, folded))
        ahead = (folded - self._next + _SPAN // 2) % _SPAN - _SPAN // 2
        number = self._next + ahead
        if ahead < 0:
            new = number in self._missing or number in self._earlier
            self._missing.discard(number)
            self._earlier.discard(number)
            return new
        self.missed += max(0, ahead - WAIT_FOR)
        self._missing.update(range(max(self._next, number - WAIT_FOR), number))
        self._next = number + 1
        overdue = {late for late in self._missing if late < number - WAIT_FOR}
        self.missed += len(overdue)
        self._missing -= overdue
        return True
