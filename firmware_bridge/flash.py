"""Writes the firmware to a board with avrdude, through the board's bootloader."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from firmware_bridge.board import BoardError

SHIPPED_HEX = Path(__file__).parent / "firmware" / "firmware.hex"
"""The firmware that belongs to this program."""
FLASH_WITHIN_S = 120.0
"""32 kB at 57 600 baud, read back, take half a minute."""
MAX_HEX_BYTES = 200_000
"""A full ATmega328P in Intel hex is 90 kB."""
END_OF_HEX = b":00000001FF"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootloader:
    """How a board takes a new firmware."""

    protocol: str
    """avrdude's name for it."""
    baud: int
    what: str


BOOTLOADERS = {
    "uno": Bootloader(protocol="arduino", baud=115_200, what="Arduino Uno (Optiboot)"),
    "nano": Bootloader(protocol="arduino", baud=115_200, what="Arduino Nano since 2018 (Optiboot)"),
    "nano-old": Bootloader(
        protocol="arduino", baud=57_600, what="Arduino Nano before 2018 and many copies"
    ),
}
"""By the name that `sorter board flash --board` takes."""

OLD_NANO_WARNING = (
    "the old Nano bootloader does not switch the watchdog off: after a watchdog reset the board "
    "loops in its bootloader and stays dead until it is unplugged; burn Optiboot with an ISP "
    "programmer (in the Arduino IDE: board Nano, Burn Bootloader)"
)


class FlashError(BoardError):
    """The board was not flashed; the message says why and what to do."""


def avrdude_command(bootloader: Bootloader, port: str, hex_file: Path) -> list[str]:
    """The command that writes `hex_file` and reads it back; it does not touch the EEPROM."""
    return [
        "avrdude",
        *("-p", "atmega328p"),
        *("-c", bootloader.protocol),
        *("-P", port),
        *("-b", str(bootloader.baud)),
        "-D",
        *("-U", f"flash:w:{hex_file}:i"),
    ]


def check_hex(hex_file: Path) -> None:
    """See that a file is Intel hex, as far as one can tell without loading it.

    Raises:
        FlashError: it is missing, too big, or something else.
    """
    if not hex_file.is_file():
        raise FlashError(f"{hex_file}: there is no such firmware; build it with `make firmware`")
    if hex_file.stat().st_size > MAX_HEX_BYTES:
        raise FlashError(f"{hex_file}: too big for an ATmega328P; give an Intel hex file")
    lines = hex_file.read_bytes().split()
    if not lines or any(not line.startswith(b":") for line in lines) or lines[-1] != END_OF_HEX:
        raise FlashError(f"{hex_file}: no Intel hex file, or not all of one")


def flash(
    command: list[str],
    *,
    run: Callable[..., subprocess.CompletedProcess[str]] = subprocess.run,
    which: Callable[[str], str | None] = shutil.which,
) -> str:
    """Run avrdude; what it said.

    Args:
        command: from `avrdude_command`.
        run: runs a program.
        which: finds a program.

    Raises:
        FlashError: avrdude is missing, or failed.
    """
    if which(command[0]) is None:
        raise FlashError("avrdude is not installed; run `sudo apt-get install avrdude`")
    try:
        done = run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=FLASH_WITHIN_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise FlashError(
            f"avrdude has not finished in {FLASH_WITHIN_S:g} s; unplug the board and try again"
        ) from error
    if done.returncode != 0:
        raise FlashError(_failure(done.stdout))
    return done.stdout


def _failure(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = next((line for line in reversed(lines) if "error" in line.lower()), "")
    if "cannot open port" in said:
        why = said.split("cannot open port", 1)[1].splitlines()[0].strip()
        return f"avrdude cannot open {why}; look for the port with `sorter board list`"
    if "not in sync" in said or "not responding" in said:
        return (
            "the board's bootloader does not answer avrdude; choose its kind with --board "
            f"({', '.join(BOOTLOADERS)}; most Nano copies are nano-old)"
        )
    return f"avrdude failed: {last or 'it said nothing'}"
