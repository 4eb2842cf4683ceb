"""The machine as it really is, whatever the pipeline's configuration says about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sorter.config import SorterConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueOutlet:
    """A shot outlet at its real place."""

    name: str
    channel: int
    at_mm: float
    """From the camera's reference line along the belt."""
    lane: int = 0
    opening_s: float = 0.0
    """From the pin's edge until it pushes."""
    closing_s: float = 0.0
    push_s: float = 0.0
    """How long it has to push an item before that goes over the edge."""
    hold_share: float = 1.0
    """Share of an item's extent, around its middle, that it has to meet: a push at the very end
    of an item only turns it."""
    reach_mm: float = 0.0
    """Its own extent along the belt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The twin's hardware."""

    mm_per_tick: float
    length_mm: float
    """From the reference line to the end of the belt."""
    speed_mm_per_s: float
    """Of the running belt."""
    outlets: tuple[TrueOutlet, ...]
    end: str
    """Bin at the end of the belt."""
    beam_mm: float | None = None
    """Of the downstream beam, from the reference line; None without one."""
    beam_lane: int = 0

    @classmethod
    def as_configured(cls, config: SorterConfig) -> Machine:
        """The machine that a configuration describes without any error."""
        beam = config.board.passed_beam
        return cls(
            mm_per_tick=config.belt.mm_per_tick,
            length_mm=config.belt.length_mm,
            speed_mm_per_s=config.belt.speed_mm_per_s,
            outlets=tuple(
                TrueOutlet(
                    name=outlet.name,
                    channel=outlet.channel,
                    at_mm=outlet.at_mm,
                    lane=outlet.lane,
                    opening_s=outlet.opening_ms / 1000,
                    closing_s=outlet.closing_ms / 1000,
                )
                for outlet in config.outlets
                if outlet.channel is not None and outlet.at_mm is not None
            ),
            end=config.default_outlet.name,
            beam_mm=None if beam is None else beam.at_mm,
            beam_lane=0 if beam is None else beam.lane,
        )

    def with_ejectors(
        self,
        *,
        opening_s: float | None = None,
        closing_s: float | None = None,
        push_s: float | None = None,
        hold_share: float | None = None,
    ) -> Machine:
        """The same machine with other outlets, as far as told; see `TrueOutlet`."""
        told = {
            "opening_s": opening_s,
            "closing_s": closing_s,
            "push_s": push_s,
            "hold_share": hold_share,
        }
        changes: dict[str, Any] = {key: value for key, value in told.items() if value is not None}
        return replace(self, outlets=tuple(replace(outlet, **changes) for outlet in self.outlets))
