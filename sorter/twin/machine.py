"""The machine as it really is, whatever the pipeline's configuration says about it."""

from __future__ import annotations

from dataclasses import dataclass

from sorter.config import SorterConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueOutlet:
    """A shot outlet at its real place."""

    name: str
    channel: int
    at_mm: float
    """From the camera's reference line along the belt."""


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

    @classmethod
    def as_configured(cls, config: SorterConfig) -> Machine:
        """The machine that a configuration describes without any error."""
        return cls(
            mm_per_tick=config.belt.mm_per_tick,
            length_mm=config.belt.length_mm,
            speed_mm_per_s=config.belt.speed_mm_per_s,
            outlets=tuple(
                TrueOutlet(name=outlet.name, channel=outlet.channel, at_mm=outlet.at_mm)
                for outlet in config.outlets
                if outlet.channel is not None and outlet.at_mm is not None
            ),
            end=config.default_outlet.name,
        )
