"""The built firmware in simavr, cycle-exact and without a clock on the wall.

Talks to `simavr_shim/shim.c` through ctypes.
"""

from __future__ import annotations

import ctypes
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from firmware_bridge.board import BoardError
from firmware_bridge.plant import IDLE_LEVELS, InputPin, OutputPin, PinEdge
from firmware_bridge.simavr_probe import Probe, ProbeCounts, read_probe
from firmware_bridge.uno_pins import pin_number
from firmware_bridge.wired_plant import WireFrame

CLOCK_HZ = 16_000_000
CYCLES_PER_US = CLOCK_HZ // 1_000_000
BYTE_CYCLES = 11 * 64
"""simavr charges eleven bits for a byte; a bit takes 64 cycles at 250 000 baud."""

BUILD_FOLDER = Path(__file__).parent / "firmware" / "build"
ELF_PATH = BUILD_FOLDER / "firmware.elf"
SHIM_PATH = BUILD_FOLDER / "libshim.so"

RAM_START = 0x100
RAM_END = 0x900
EEPROM_BYTES = 1024
MCUSR_ADDRESS = 0x54
R2_ADDRESS = 2

_INPUT_NUMBERS = {pin: pin_number(pin) for pin in InputPin}
_OUTPUTS = {pin_number(pin): pin for pin in OutputPin}


class _Edge(ctypes.Structure):
    _fields_ = (("cycle", ctypes.c_uint64), ("pin", ctypes.c_uint8), ("level", ctypes.c_uint8))


class _SentByte(ctypes.Structure):
    _fields_ = (("cycle", ctypes.c_uint64), ("value", ctypes.c_uint8))


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleEdge:
    """An output pin changed its level."""

    cycle: int
    """The processor's cycle count at the change."""
    pin: OutputPin
    level: bool


def _load_shim(path: Path) -> ctypes.CDLL:
    shim = ctypes.CDLL(str(path))
    handle = ctypes.c_void_p
    for name, result, arguments in (
        ("shim_create", handle, (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint32)),
        ("shim_destroy", None, (handle,)),
        ("shim_set_pin", None, (handle, ctypes.c_uint8, ctypes.c_uint8)),
        ("shim_run", ctypes.c_int, (handle, ctypes.c_uint64)),
        ("shim_cycle", ctypes.c_uint64, (handle,)),
        ("shim_reset", None, (handle,)),
        ("shim_send", None, (handle, ctypes.c_char_p, ctypes.c_uint32)),
        ("shim_backlog", ctypes.c_uint32, (handle,)),
        ("shim_take_edges", ctypes.POINTER(_Edge), (handle,)),
        ("shim_byte_count", ctypes.c_uint32, (handle,)),
        ("shim_take_bytes", ctypes.POINTER(_SentByte), (handle,)),
        ("shim_peek", None, (handle, ctypes.c_uint16, ctypes.c_char_p, ctypes.c_uint16)),
        ("shim_poke", None, (handle, ctypes.c_uint16, ctypes.c_char_p, ctypes.c_uint16)),
        ("shim_peek_eeprom", None, (handle, ctypes.c_char_p, ctypes.c_uint16)),
        ("shim_poke_eeprom", None, (handle, ctypes.c_char_p, ctypes.c_uint16)),
        ("shim_jump", None, (handle, ctypes.c_uint32)),
        ("shim_mask_interrupts", None, (handle,)),
        ("shim_resets", ctypes.c_uint32, (handle,)),
        ("shim_reset_at", ctypes.c_uint64, (handle,)),
        ("shim_probe_clear", None, (handle,)),
        ("shim_probe", ctypes.POINTER(ProbeCounts), (handle,)),
    ):
        function = getattr(shim, name)
        function.restype = result
        function.argtypes = arguments
    return shim


class Simavr:
    """An ATmega328P at 16 MHz with the firmware in it, and the host's end of its wire.

    Args:
        elf: the firmware.
        shim: the library that runs it.

    Raises:
        BoardError: one of them is not built, or the ELF is no firmware.
    """

    def __init__(self, elf: Path = ELF_PATH, shim: Path = SHIM_PATH) -> None:
        self._handle: int | None = None
        for path in (elf, shim):
            if not path.is_file():
                raise BoardError(
                    f"{path} is missing; build it with `make firmware`, which needs the Debian "
                    "packages gcc-avr, avr-libc, simavr, libsimavr-dev and libelf-dev"
                )
        try:
            self._shim = _load_shim(shim)
        except OSError as error:
            raise BoardError(
                f"{shim} cannot be loaded ({error}); install simavr and libsimavr-dev and build "
                "it again with `make firmware`"
            ) from error
        self._handle = self._shim.shim_create(str(elf).encode(), b"atmega328p", CLOCK_HZ)
        if self._handle is None:
            raise BoardError(f"{elf} is no AVR firmware; build it again with `make firmware`")
        self._now_us = 0
        self._levels = dict(IDLE_LEVELS)
        self._partial = bytearray()
        self._frames: deque[WireFrame] = deque()
        for pin, level in self._levels.items():
            self._shim.shim_set_pin(self._handle, _INPUT_NUMBERS[pin], level)

    def __del__(self) -> None:
        if self._handle is not None:
            self._shim.shim_destroy(self._handle)

    @property
    def now_us(self) -> int:
        """Microseconds since the board was powered."""
        return self._now_us

    @property
    def cycle(self) -> int:
        """The processor's cycle count; up to one instruction past `now_us`."""
        return int(self._shim.shim_cycle(self._handle))

    def drive(self, pin: InputPin, level: bool) -> None:
        """Set an input pin now."""
        if self._levels[pin] != level:
            self._levels[pin] = level
            self._shim.shim_set_pin(self._handle, _INPUT_NUMBERS[pin], level)

    def advance(self, until_us: int) -> list[PinEdge]:
        """Run up to `until_us` and return the output edges since the last call.

        Raises:
            ValueError: `until_us` lies in the past.
            BoardError: the processor has crashed, or its pins chatter.
        """
        if until_us < self._now_us:
            raise ValueError(f"cannot go back from {self._now_us} µs to {until_us} µs")
        edges = self.run_to(until_us * CYCLES_PER_US)
        return [
            PinEdge(
                at_us=min(edge.cycle // CYCLES_PER_US, until_us), pin=edge.pin, level=edge.level
            )
            for edge in edges
        ]

    def run_to(self, until_cycle: int) -> list[CycleEdge]:
        """Run up to a cycle and return the output edges since the last call, in order.

        Raises:
            BoardError: the processor has crashed, or its pins chatter.
        """
        count = self._shim.shim_run(self._handle, until_cycle)
        if count < 0:
            raise BoardError(f"the firmware has gone astray in simavr at cycle {self.cycle}")
        self._now_us = max(self._now_us, until_cycle // CYCLES_PER_US)
        return self._take_edges(count) if count else []

    def send(self, data: bytes) -> None:
        """Put bytes on the wire to the board, behind those already there."""
        self._shim.shim_send(self._handle, data, len(data))

    @property
    def backlog(self) -> int:
        """Bytes put on the wire to the board that have not got there."""
        return int(self._shim.shim_backlog(self._handle))

    def take(self) -> list[WireFrame]:
        """What has come from the board by now."""
        count = self._shim.shim_byte_count(self._handle)
        sent = self._shim.shim_take_bytes(self._handle)
        for index in range(count):
            self._partial.append(sent[index].value)
            if sent[index].value == 0:
                at_us = -(-(sent[index].cycle + BYTE_CYCLES) // CYCLES_PER_US)
                self._frames.append(WireFrame(at_us=at_us, data=bytes(self._partial)))
                self._partial.clear()
        taken: list[WireFrame] = []
        while self._frames and self._frames[0].at_us <= self._now_us:
            taken.append(self._frames.popleft())
        return taken

    @property
    def resets(self) -> int:
        """How often the processor was reset since it was powered, by whatever."""
        return int(self._shim.shim_resets(self._handle))

    @property
    def reset_at(self) -> int:
        """Cycle of the last reset; power-on is cycle 0."""
        return int(self._shim.shim_reset_at(self._handle))

    def reset(self) -> None:
        """Pull the reset pin."""
        self._shim.shim_reset(self._handle)

    def restart(self, mcusr: int, memory: bytes = b"", *, optiboot: bool = False) -> None:
        """Reset the processor as a dip of its supply, or a bootloader, would.

        Args:
            mcusr: the reset flags.
            memory: what the RAM holds after the dip, from its first byte.
            optiboot: the bootloader ran before the firmware: flags in r2, MCUSR cleared.
        """
        self._shim.shim_reset(self._handle)
        self.poke(R2_ADDRESS, bytes([mcusr if optiboot else 0]))
        self.poke(MCUSR_ADDRESS, bytes([0 if optiboot else mcusr]))
        self.poke(RAM_START, memory)

    def jump(self, address: int) -> None:
        """Derail the program: go on at another byte address of the flash."""
        self._shim.shim_jump(self._handle, address)

    def mask_interrupts(self) -> None:
        """Switch interrupts off, as a program that hangs in one has them."""
        self._shim.shim_mask_interrupts(self._handle)

    def clear_probe(self) -> None:
        """Start the probe's counts anew; its stack depths reach back to power-on."""
        self._shim.shim_probe_clear(self._handle)

    def probe(self) -> Probe:
        """What the processor has done since `clear_probe`."""
        return read_probe(self._shim.shim_probe(self._handle).contents, self.cycle)

    def peek(self, address: int, size: int) -> bytes:
        """Read data memory; addresses as in the ELF, without its 0x800000."""
        data = ctypes.create_string_buffer(size)
        self._shim.shim_peek(self._handle, address, data, size)
        return data.raw

    def poke(self, address: int, data: bytes) -> None:
        """Write data memory, for tests that preset a counter."""
        self._shim.shim_poke(self._handle, address, data, len(data))

    @property
    def eeprom(self) -> bytes:
        """What the EEPROM holds."""
        data = ctypes.create_string_buffer(EEPROM_BYTES)
        self._shim.shim_peek_eeprom(self._handle, data, EEPROM_BYTES)
        return data.raw

    @eeprom.setter
    def eeprom(self, data: bytes) -> None:
        self._shim.shim_poke_eeprom(self._handle, data, len(data))

    def _take_edges(self, count: int) -> list[CycleEdge]:
        edges = self._shim.shim_take_edges(self._handle)
        return [
            CycleEdge(
                cycle=edges[index].cycle,
                pin=_OUTPUTS[edges[index].pin],
                level=bool(edges[index].level),
            )
            for index in range(count)
            if edges[index].pin in _OUTPUTS
        ]
