"""What the probe in simavr has measured, in cycles: interrupts, masked stretches, sleep, stack."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

ENTRY_CYCLES = 7
"""From the end of an instruction to an interrupt's first own one: four to enter and three for the
jump. simavr charges the jump alone; all seven are added, on the safe side."""

_VECTORS = 26
_NAMES = {
    1: "INT0",
    2: "INT1",
    3: "PCINT0",
    4: "PCINT1",
    5: "PCINT2",
    7: "TIMER2_COMPA",
    8: "TIMER2_COMPB",
    9: "TIMER2_OVF",
    10: "TIMER1_CAPT",
    11: "TIMER1_COMPA",
    12: "TIMER1_COMPB",
    13: "TIMER1_OVF",
    14: "TIMER0_COMPA",
    15: "TIMER0_COMPB",
    16: "TIMER0_OVF",
    18: "USART_RX",
    19: "USART_UDRE",
    20: "USART_TX",
    22: "EE_READY",
}


class _VectorCounts(ctypes.Structure):
    _fields_ = (
        ("entries", ctypes.c_uint64),
        ("cycles", ctypes.c_uint64),
        ("longest", ctypes.c_uint32),
        ("longest_wait", ctypes.c_uint32),
        ("stack", ctypes.c_uint32),
    )


class ProbeCounts(ctypes.Structure):
    """The head of `struct probe`."""

    _fields_ = (
        ("since", ctypes.c_uint64),
        ("asleep", ctypes.c_uint64),
        ("longest_masked", ctypes.c_uint32),
        ("masked_from", ctypes.c_uint32),
        ("masked_to", ctypes.c_uint32),
        ("main_stack", ctypes.c_uint32),
        ("whole_stack", ctypes.c_uint32),
        ("most_nested", ctypes.c_uint32),
        ("vectors", _VectorCounts * _VECTORS),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InterruptCounts:
    """One interrupt's share."""

    entries: int
    cycles: int
    """Inside its code, without what interrupted it and without entering."""
    longest: int
    longest_wait: int
    """From its flag to its first instruction."""
    stack: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Counts since `Simavr.clear_probe`."""

    cycles: int
    asleep: int
    longest_masked: int
    """Longest stretch in which no interrupt could run, by the main program or in an interrupt."""
    masked_at: tuple[int, int]
    """Byte addresses where that stretch began and ended."""
    main_stack: int
    """Deepest stack of the main program, since power-on."""
    whole_stack: int
    """Deepest stack that occurred, since power-on."""
    most_nested: int
    interrupts: dict[str, InterruptCounts]

    @property
    def interrupt_cycles(self) -> int:
        """Cycles in interrupts, with what entering costs on a real board."""
        return sum(i.cycles + i.entries * ENTRY_CYCLES for i in self.interrupts.values())

    @property
    def busy_share(self) -> float:
        """Share of the time in which the processor was awake, entering interrupts included."""
        entries = sum(counts.entries for counts in self.interrupts.values())
        return 1 - (self.asleep - entries * ENTRY_CYCLES) / self.cycles


def read_probe(counts: ProbeCounts, cycle: int) -> Probe:
    """A copy of the probe's counts at a cycle."""
    return Probe(
        cycles=cycle - counts.since,
        asleep=counts.asleep,
        longest_masked=counts.longest_masked,
        masked_at=(counts.masked_from, counts.masked_to),
        main_stack=counts.main_stack,
        whole_stack=counts.whole_stack,
        most_nested=counts.most_nested,
        interrupts={
            _NAMES.get(number, str(number)): InterruptCounts(
                entries=vector.entries,
                cycles=vector.cycles,
                longest=vector.longest,
                longest_wait=vector.longest_wait,
                stack=vector.stack,
            )
            for number, vector in enumerate(counts.vectors)
            if vector.entries or vector.stack
        },
    )
