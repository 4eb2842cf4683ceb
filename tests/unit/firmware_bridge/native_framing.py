"""The C core's framing, built for this machine, behind the interface of the Python one."""

import ctypes
from pathlib import Path

from firmware_bridge.framing import MAX_ENCODED

u8 = ctypes.c_uint8


class CFrame(ctypes.Structure):
    _fields_ = (("type", u8), ("seq", u8), ("payload", ctypes.POINTER(u8)), ("length", u8))


class CDeframer(ctypes.Structure):
    _fields_ = (
        ("buffer", u8 * MAX_ENCODED),
        ("length", u8),
        ("overlong", ctypes.c_bool),
        ("errors", ctypes.c_uint16),
        ("frame", CFrame),
    )


class NativeFraming:
    def __init__(self, library: Path) -> None:
        core = ctypes.CDLL(str(library))
        self._take = core.deframer_take
        self._take.restype = ctypes.POINTER(CFrame)
        self._encode = core.frame_encode
        self._encode.restype = u8
        self._deframer = CDeframer()

    @property
    def errors(self) -> int:
        return int(self._deframer.errors)

    def feed(self, data: bytes) -> list[tuple[int, int, bytes]]:
        frames = []
        for byte in data:
            got = self._take(ctypes.byref(self._deframer), u8(byte))
            if got:
                frame = got.contents
                frames.append((frame.type, frame.seq, bytes(frame.payload[: frame.length])))
        return frames

    def encode(self, kind: int, seq: int, payload: bytes) -> bytes:
        wire = (u8 * (MAX_ENCODED + 1))()
        length = self._encode(wire, u8(kind), u8(seq), payload, u8(len(payload)))
        return bytes(wire[:length])
