"""Addresses of the firmware's variables, so that tests can preset counters."""

import subprocess
from pathlib import Path

from firmware_bridge.messages import CHANNELS, SHOT_SLOTS, VERDICTS_KEPT

_SLOT_BYTES = 20
_QUEUE_BYTES = SHOT_SLOTS * _SLOT_BYTES + 6 + CHANNELS + VERDICTS_KEPT * 5 + 1
_DEFRAMER_BYTES = 45 + 1 + 1 + 2 + 5
TICK_OFFSET = _QUEUE_BYTES + _DEFRAMER_BYTES
"""Of `tick` in `struct board`; an AVR structure has no gaps. Tests peek before they poke."""


def address_of(elf: Path, name: str) -> int:
    """Address in data memory of a variable, whatever suffix the linker gave it."""
    listing = subprocess.run(["avr-nm", str(elf)], capture_output=True, text=True, check=True)
    found = [
        int(address, 16) & 0xFFFF
        for address, _, symbol in (
            line.split() for line in listing.stdout.splitlines() if len(line.split()) == 3
        )
        if symbol.split(".")[0] == name
    ]
    assert len(found) == 1, f"{name}: {found}"
    return found[0]


def u32(value: int) -> bytes:
    return value.to_bytes(4, "little")
