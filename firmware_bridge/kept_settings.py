"""What a machine's owner may set on the board; the virtual board's twin of `core/settings.c`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from firmware_bridge.board import Reason
from firmware_bridge.codes import BEAMS, INPUT_FUNCTIONS, OUTLET_KINDS
from firmware_bridge.compiled_in import (
    CEILINGS,
    CHANNELS,
    ENCODER_DEAD_MS,
    NEW_OUTLET_KIND,
    SERVO_PULSE_US,
    SILENCE_US,
)
from firmware_bridge.messages import MachineSettings, MachineWrite, OutletSettings, OutletWrite
from firmware_bridge.packing import payload_size

LEAST_TIME_MS = 50
"""Shortest silence, and shortest time until an encoder is dead, that may be set."""

_OUTLET_BYTES = payload_size(OutletSettings) - 1
SETTINGS_BYTES = 1 + CHANNELS * _OUTLET_BYTES + payload_size(MachineSettings) + 2
"""In the EEPROM: a format, the outlets, the machine, a CRC; written one byte a round."""


def new_outlet(channel: int, kind: str = NEW_OUTLET_KIND) -> OutletSettings:
    """An outlet at its kind's ceilings."""
    ceiling = CEILINGS[kind]
    return OutletSettings(
        channel=channel,
        kind=OUTLET_KINDS.index(kind),
        duty_percent=ceiling.duty_percent,
        max_on_ms=ceiling.max_on_ms,
        min_cycle_ms=ceiling.min_cycle_ms,
        closed_us=0,
        open_us=0,
        delay_us=0,
    )


def new_machine() -> MachineSettings:
    """The machine of a board with an empty EEPROM."""
    return MachineSettings(
        silence_ms=SILENCE_US // 1_000,
        encoder_dead_ms=ENCODER_DEAD_MS,
        jam_ticks=0,
        beams=(1 << len(BEAMS)) - 1,
        input_function=0,
        auto_restart=0,
    )


def judge_outlet(wanted: OutletWrite) -> Reason:
    """NONE, or why the board refuses this setting."""
    if wanted.channel >= CHANNELS:
        return Reason.CHANNEL
    if wanted.kind >= len(OUTLET_KINDS):
        return Reason.SETTINGS
    kind = OUTLET_KINDS[wanted.kind]
    if kind == "off":
        return Reason.NONE
    ceiling = CEILINGS[kind]
    allowed = (
        0 < wanted.duty_percent <= ceiling.duty_percent
        and 0 < wanted.max_on_ms <= ceiling.max_on_ms
        and wanted.min_cycle_ms >= ceiling.min_cycle_ms
    )
    if kind == "servo":
        shortest_us, longest_us = SERVO_PULSE_US
        pulses = (wanted.closed_us, wanted.open_us)
        allowed = allowed and all(shortest_us <= pulse <= longest_us for pulse in pulses)
    return Reason.NONE if allowed else Reason.SETTINGS


def judge_machine(wanted: MachineWrite) -> Reason:
    """NONE, or why the board refuses these settings."""
    allowed = (
        LEAST_TIME_MS <= wanted.silence_ms <= SILENCE_US // 1_000
        and LEAST_TIME_MS <= wanted.encoder_dead_ms <= ENCODER_DEAD_MS
        and wanted.beams < 1 << len(BEAMS)
        and wanted.input_function < len(INPUT_FUNCTIONS)
        and wanted.auto_restart <= 1
    )
    return Reason.NONE if allowed else Reason.SETTINGS


def _new_outlets() -> list[OutletSettings]:
    return [new_outlet(channel) for channel in range(CHANNELS)]


@dataclass(slots=True, kw_only=True)
class KeptSettings:
    """The settings in force."""

    outlets: list[OutletSettings] = field(default_factory=_new_outlets)
    machine: MachineSettings = field(default_factory=new_machine)
    sound: bool = True
    """The EEPROM holds them whole: not while they are written, nor after a reset meanwhile."""

    @classmethod
    def damaged(cls) -> KeptSettings:
        """What a board goes by whose EEPROM has a bad CRC: every outlet is off."""
        outlets = [new_outlet(channel, "off") for channel in range(CHANNELS)]
        return cls(outlets=outlets, sound=False)

    def write_outlet(self, wanted: OutletWrite) -> None:
        """Put a judged setting in force; it has to be saved."""
        self.sound = False
        self.outlets[wanted.channel] = OutletSettings(**asdict(wanted))

    def write_machine(self, wanted: MachineWrite) -> None:
        """Put judged settings in force; they have to be saved."""
        self.sound = False
        self.machine = MachineSettings(**asdict(wanted))

    def kind(self, channel: int) -> str:
        """What an outlet is: one of `OUTLET_KINDS`."""
        return OUTLET_KINDS[self.outlets[channel].kind]
