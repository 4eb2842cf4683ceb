"""Edges of the beams until the host has them; the virtual board's twin of `core/beams.c`."""

from __future__ import annotations

from dataclasses import dataclass

from firmware_bridge.codes import BEAMS
from firmware_bridge.compiled_in import EVENTS_KEPT
from firmware_bridge.messages import BeamEdge
from firmware_bridge.wrapping import ahead


@dataclass(slots=True, kw_only=True)
class KeptEdge:
    """An edge that the host has not acknowledged."""

    edge: BeamEdge
    told_ms: int | None = None


class BeamBook:
    """The beams' levels and their edges."""

    def __init__(self, blocked: tuple[bool, bool]) -> None:
        self._blocked = list(blocked)
        self._since_tick = [0] * len(BEAMS)
        self._number = 0
        self._kept: list[KeptEdge | None] = [None] * EVENTS_KEPT

    @property
    def kept(self) -> list[KeptEdge]:
        """The edges in the order of their places."""
        return [kept for kept in self._kept if kept is not None]

    def note(self, beam: int, blocked: bool, tick: int, now_us: int) -> None:
        """A beam has this level now. A level that is known already is no edge."""
        if self._blocked[beam] == blocked:
            return
        self._blocked[beam] = blocked
        self._since_tick[beam] = tick
        self._number = (self._number + 1) & 0xFFFF
        if None in self._kept:
            edge = BeamEdge(
                number=self._number, beam=beam, blocked=blocked, tick=tick, board_us=now_us
            )
            self._kept[self._kept.index(None)] = KeptEdge(edge=edge)

    def are_jammed(self, mask: int, tick: int, ticks: int) -> bool:
        """Whether a beam in `mask` has been blocked for more than `ticks`."""
        return any(
            mask >> beam & 1 and blocked and abs(ahead(tick, self._since_tick[beam])) > ticks
            for beam, blocked in enumerate(self._blocked)
        )

    def acknowledge(self, number: int) -> None:
        """The host has this edge."""
        self._kept = [k if k and k.edge.number != number else None for k in self._kept]

    def forget(self) -> None:
        """A new session."""
        self._kept = [None] * EVENTS_KEPT
