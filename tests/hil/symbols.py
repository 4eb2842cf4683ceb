"""Addresses in the firmware: of variables and code from its ELF, of fields from its headers."""

import functools
import subprocess
from pathlib import Path

from firmware_bridge.simavr import ELF_PATH

SOURCES = ELF_PATH.parents[1] / "src"
CRASHED_AT = "__stop_program"
"""The endless loop behind `main`."""


@functools.cache
def address_of(name: str, elf: Path = ELF_PATH) -> int:
    """Where a variable or a label lies, whatever suffix the linker gave it."""
    listing = subprocess.run(["avr-nm", str(elf)], capture_output=True, text=True, check=True)
    found = [
        int(address, 16)
        for address, _, symbol in (
            line.split() for line in listing.stdout.splitlines() if len(line.split()) == 3
        )
        if symbol.split(".")[0] == name
    ]
    assert len(found) == 1, f"{name}: {found}"
    return found[0] & 0xFFFF


@functools.cache
def offset_of(field: str, *, structure: str = "struct board", header: str = "board.h") -> int:
    """Bytes before a field of a C structure, asked of the compiler."""
    place = f"offsetof({structure}, {field})"
    source = f"#include <stddef.h>\n#include <{header}>\nchar at[1 + {place}];"
    folders = [f"-I{SOURCES / layer}" for layer in ("core", "avr")]
    options = ["-mmcu=atmega328p", "-std=gnu11", "-fno-common", *folders]
    done = subprocess.run(
        ["avr-gcc", *options, "-S", "-x", "c", "-", "-o", "-"],
        input=source,
        capture_output=True,
        text=True,
        check=True,
    )
    sizes = [line.split(",")[-1] for line in done.stdout.splitlines() if ".size" in line]
    assert len(sizes) == 1, done.stdout
    return int(sizes[0]) - 1


def tick_address() -> int:
    """Of the belt's tick count, 32 bits."""
    return address_of("the_board") + offset_of("tick")


def u32(value: int) -> bytes:
    return value.to_bytes(4, "little")
