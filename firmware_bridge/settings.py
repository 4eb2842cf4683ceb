"""What a board keeps in its EEPROM: its outlets and its machine."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class OutletKind(enum.Enum):
    """What hangs on a channel; each has ceilings of its own, compiled into the firmware."""

    OFF = "off"
    SOLENOID = "solenoid"
    VALVE = "valve"
    SERVO = "servo"


class InputFunction(enum.Enum):
    """What the free input tells."""

    NONE = "none"
    JAM = "jam"
    BIN_FULL = "bin_full"
    COVER = "cover"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletSettings:
    """One outlet. A setting may be stricter than what is compiled in, never laxer."""

    channel: int
    kind: OutletKind
    duty_percent: int
    """Share of time that the outlet may be open in the long run."""
    max_on_ms: int
    """Longest time that it may be open at a stretch."""
    min_cycle_ms: int
    """Least time from one opening to the next."""
    closed_us: int = 1_000
    """Length of a servo's pulses when closed."""
    open_us: int = 2_000
    """Length of a servo's pulses when open."""
    delay_us: int = 0
    """How long the outlet takes to open, for the host to plan with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSettings:
    """The machine around the board."""

    silence_ms: int
    """Silence of the host after which the board stops everything."""
    encoder_dead_ms: int
    """Time without a tick, belt commanded, after which the encoder is dead."""
    jam_ticks: int
    """Ticks for which a beam may be blocked; 0 for no limit."""
    entry_beam: bool
    """There is a beam at the entry."""
    passed_beam: bool
    """There is a beam behind the outlets."""
    input_function: InputFunction
    auto_restart: bool
    """A routine order restarts the belt after silence or a reset, stack light first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardSettings:
    """All that a board keeps."""

    outlets: tuple[OutletSettings, ...]
    """By channel."""
    machine: MachineSettings
