"""Settings as messages and back."""

from __future__ import annotations

import struct
from typing import TypeVar

from firmware_bridge import messages, packing
from firmware_bridge.codes import BEAMS, INPUT_FUNCTIONS, OUTLET_KINDS
from firmware_bridge.messages import MachineWrite, OutletWrite
from firmware_bridge.settings import (
    BoardSettings,
    InputFunction,
    MachineSettings,
    OutletKind,
    OutletSettings,
)

_ENTRY, _PASSED = (1 << BEAMS.index(name) for name in ("entry", "passed"))


def outlet_write(outlet: OutletSettings) -> OutletWrite:
    """The command that sets an outlet.

    Raises:
        ValueError: a number does not fit its field.
    """
    command = OutletWrite(
        channel=outlet.channel,
        kind=OUTLET_KINDS.index(outlet.kind.value),
        duty_percent=outlet.duty_percent,
        max_on_ms=outlet.max_on_ms,
        min_cycle_ms=outlet.min_cycle_ms,
        closed_us=outlet.closed_us,
        open_us=outlet.open_us,
        delay_us=outlet.delay_us,
    )
    return _fitting(command)


def machine_write(machine: MachineSettings) -> MachineWrite:
    """The command that sets the machine.

    Raises:
        ValueError: a number does not fit its field.
    """
    command = MachineWrite(
        silence_ms=machine.silence_ms,
        encoder_dead_ms=machine.encoder_dead_ms,
        jam_ticks=machine.jam_ticks,
        beams=_ENTRY * machine.entry_beam | _PASSED * machine.passed_beam,
        input_function=INPUT_FUNCTIONS.index(machine.input_function.value),
        auto_restart=int(machine.auto_restart),
    )
    return _fitting(command)


_Write = TypeVar("_Write", OutletWrite, MachineWrite)


def _fitting(command: _Write) -> _Write:
    try:
        packing.pack(command)
    except struct.error as error:
        raise ValueError(f"a setting is negative or too large: {error}") from error
    return command


class SettingsReading:
    """Puts the parts of the settings together as they come."""

    def __init__(self) -> None:
        self._outlets: dict[int, OutletSettings] = {}
        self._machine: MachineSettings | None = None

    def take(self, part: messages.OutletSettings | messages.MachineSettings) -> None:
        """Note one part.

        Raises:
            ValueError: it has a code that this program does not know.
        """
        try:
            if isinstance(part, messages.OutletSettings):
                self._outlets[part.channel] = _outlet(part)
            else:
                self._machine = _machine(part)
        except IndexError as error:
            raise ValueError("a setting that this program does not know") from error

    def finish(self, channels: int) -> BoardSettings | None:
        """The whole; None until every part is there."""
        if self._machine is None or not all(k in self._outlets for k in range(channels)):
            return None
        outlets = tuple(self._outlets[k] for k in range(channels))
        return BoardSettings(outlets=outlets, machine=self._machine)


def _outlet(part: messages.OutletSettings) -> OutletSettings:
    return OutletSettings(
        channel=part.channel,
        kind=OutletKind(OUTLET_KINDS[part.kind]),
        duty_percent=part.duty_percent,
        max_on_ms=part.max_on_ms,
        min_cycle_ms=part.min_cycle_ms,
        closed_us=part.closed_us,
        open_us=part.open_us,
        delay_us=part.delay_us,
    )


def _machine(part: messages.MachineSettings) -> MachineSettings:
    return MachineSettings(
        silence_ms=part.silence_ms,
        encoder_dead_ms=part.encoder_dead_ms,
        jam_ticks=part.jam_ticks,
        entry_beam=bool(part.beams & _ENTRY),
        passed_beam=bool(part.beams & _PASSED),
        input_function=InputFunction(INPUT_FUNCTIONS[part.input_function]),
        auto_restart=bool(part.auto_restart),
    )
