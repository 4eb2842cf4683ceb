"""Flash, static memory and the deepest stack of the ELF."""

from __future__ import annotations

import subprocess
from random import Random

from benchmarks.board.host import BenchHost
from benchmarks.report import Report
from firmware_bridge.plant import InputPin
from firmware_bridge.simavr import ELF_PATH, Simavr

FLASH_BYTES = 32_256
"""An ATmega328P's 32 KiB without the bootloader's 512 bytes."""
MEMORY_LIMIT_BYTES = 1_900


def measure(report: Report) -> None:
    """Print what the ELF takes."""
    text, data, bss = sizes()
    stack = worst_stack()
    report.at_most("flash", text + data, "bytes", FLASH_BYTES)
    report.at_most("static RAM", data + bss, "bytes", MEMORY_LIMIT_BYTES)
    report.at_most("worst stack", stack, "bytes", MEMORY_LIMIT_BYTES - data - bss)
    report.at_most("static RAM and worst stack", data + bss + stack, "bytes", MEMORY_LIMIT_BYTES)


def sizes() -> tuple[int, int, int]:
    """Bytes of text, data and bss."""
    done = subprocess.run(["avr-size", str(ELF_PATH)], capture_output=True, text=True, check=True)
    text, data, bss = (int(word) for word in done.stdout.splitlines()[1].split()[:3])
    return text, data, bss


def worst_stack(seeds: int = 4, ticks: int = 30_000) -> int:
    """The deepest of several runs at the fastest belt with the wire full, from power-on on."""
    return max(_run(seed, ticks) for seed in range(1, seeds + 1))


def _run(seed: int, ticks: int) -> int:
    host = BenchHost(sim=Simavr(), random=Random(seed))
    host.connect()
    host.on_tick = lambda: _wave(host)
    host.turn(ticks)
    host.sim.drive(InputPin.ESTOP, True)
    host.turn(20)
    return host.sim.probe().whole_stack


def _wave(host: BenchHost) -> None:
    """A beam changes now and then, so that every interrupt takes part."""
    pin = host.random.choice((InputPin.ENTRY_BEAM, InputPin.PASSED_BEAM))
    host.sim.drive(pin, host.random.random() < 0.5)


def main() -> int:
    """One line for the build; exit code 1 when flash or RAM do not hold it."""
    text, data, bss = sizes()
    stack = worst_stack(seeds=2, ticks=20_000)
    taken = data + bss + stack
    print(
        f"flash {text + data} of {FLASH_BYTES} bytes; static RAM {data + bss} and worst stack "
        f"{stack} (measured in simavr) take {taken} of {MEMORY_LIMIT_BYTES} bytes"
    )
    return int(taken > MEMORY_LIMIT_BYTES or text + data > FLASH_BYTES)
