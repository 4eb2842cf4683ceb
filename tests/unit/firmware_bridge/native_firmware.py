"""The firmware's C core, built for this machine, in the place of the Python one."""

import ctypes
from pathlib import Path

from firmware_bridge.board_core import Core
from firmware_bridge.codes import RESET_CAUSES
from firmware_bridge.compiled_in import CHANNELS
from firmware_bridge.virtual_firmware import VirtualFirmware

u8, u16, u32 = ctypes.c_uint8, ctypes.c_uint16, ctypes.c_uint32


class Host(ctypes.Structure):
    """`struct host` of host/host.h."""

    _fields_ = (
        ("now_us", u32),
        ("inputs", u8),
        ("outlets", u8),
        ("servos", u8),
        ("belt", ctypes.c_bool),
        ("stack_light", ctypes.c_bool),
        ("status_led", ctypes.c_bool),
        ("virtual_ticks", ctypes.c_bool),
        ("virtual_mticks_s", u32),
        ("eeprom", u8 * 256),
        ("eeprom_cut", u16),
        ("eeprom_torn", u8),
        ("eeprom_dead", ctypes.c_bool),
        ("wire", u8 * 1024),
        ("wire_length", u16),
    )


class NativeCore:
    """One at a time: the library has one board."""

    def __init__(self, library: Path, *, inputs: int, boot_nonce: int, cause: str, tick: int):
        self._core = ctypes.CDLL(str(library))
        self._core.host_boot.restype = ctypes.c_void_p
        self._core.host_pulse_us.restype = u16
        self._host = Host.in_dll(self._core, "host")
        self._host.inputs = inputs
        code = RESET_CAUSES.index(cause)
        self._board = ctypes.c_void_p(
            self._core.host_boot(u32(boot_nonce), u32(0), u8(code), u32(tick))
        )

    @property
    def outlets(self) -> int:
        return int(self._host.outlets)

    @property
    def belt(self) -> bool:
        return bool(self._host.belt)

    @property
    def stack_light(self) -> bool:
        return bool(self._host.stack_light)

    @property
    def status_led(self) -> bool:
        return bool(self._host.status_led)

    @property
    def virtual_mticks_s(self) -> int:
        return int(self._host.virtual_mticks_s) if self._host.virtual_ticks else 0

    @property
    def servos(self) -> int:
        return int(self._host.servos)

    def pulse_us(self, channel: int) -> int:
        assert channel < CHANNELS
        return int(self._core.host_pulse_us(self._board, u8(channel)))

    def look(self, now_us: int, inputs: int) -> None:
        self._host.now_us = now_us % 2**32
        self._host.inputs = inputs

    def receive(self, data: bytes) -> None:
        for byte in data:
            self._core.board_receive(self._board, u8(byte))

    def on_step(self, step: int) -> None:
        self._core.host_step(self._board, ctypes.c_int8(step))

    def on_skipped(self) -> None:
        self._core.host_skip(self._board)

    def on_storm(self) -> None:
        self._core.board_on_storm(self._board)

    def on_estop(self) -> None:
        self._core.board_on_estop(self._board)

    def on_beam(self, beam: int, blocked: bool) -> None:
        self._core.host_note_beam(self._board, u8(beam), ctypes.c_bool(blocked))

    def on_timer(self) -> None:
        self._core.board_on_timer(self._board)

    def tell(self) -> list[bytes]:
        self._core.board_tell(self._board)
        wire = bytes(self._host.wire[: self._host.wire_length])
        self._host.wire_length = 0
        return [piece + b"\0" for piece in wire.split(b"\0")[:-1]]


class NativeFirmware(VirtualFirmware):
    """The simulated board around the C core, with a new EEPROM."""

    def __init__(self, library: Path, *, start_tick: int = 0) -> None:
        self._library = library
        host = Host.in_dll(ctypes.CDLL(str(library)), "host")
        ctypes.memset(host.eeprom, 0xFF, 256)
        super().__init__(start_tick=start_tick)

    def make_core(self, boot_nonce: int, cause: str) -> Core:
        return NativeCore(
            self._library,
            inputs=self._input_bits(),
            boot_nonce=boot_nonce,
            cause=cause,
            tick=self._start_tick,
        )
