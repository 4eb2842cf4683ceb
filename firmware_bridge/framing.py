"""Frames on the wire: COBS( type, sequence number, payload, CRC-16 ) and a zero byte.

The checksum is CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xFFFF) over everything before it,
sent low byte first.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass

from cobs import cobs

from firmware_bridge.compiled_in import MAX_PAYLOAD
from firmware_bridge.messages import Message
from firmware_bridge.packing import pack

MAX_BODY = 2 + MAX_PAYLOAD + 2
MAX_ENCODED = MAX_BODY + 1
"""COBS adds one byte to a body of less than 255 bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A frame whose checksum was right."""

    kind: int
    seq: int
    payload: bytes
    size: int
    """Bytes it took on the wire, its delimiter included."""


def encode_frame(kind: int, seq: int, payload: bytes) -> bytes:
    """One frame, delimiter included."""
    body = bytes((kind, seq)) + payload
    crc = binascii.crc_hqx(body, 0xFFFF)
    return bytes(cobs.encode(body + crc.to_bytes(2, "little"))) + b"\0"


def encode(message: Message, seq: int) -> bytes:
    """One message as a frame, delimiter included."""
    return encode_frame(message.TYPE, seq, pack(message))


class Deframer:
    """Cuts a byte stream into frames. Never raises; finds its way back at the next delimiter."""

    def __init__(self) -> None:
        self._partial = bytearray()
        self._overlong = False
        self.errors = 0
        """Pieces between two delimiters that were no frame: too long, bad COBS or bad CRC."""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are complete with `data`."""
        frames: list[Frame] = []
        *complete, rest = data.split(b"\0")
        for piece in complete:
            self._collect(piece)
            frame = self._finish()
            if frame is not None:
                frames.append(frame)
        self._collect(rest)
        return frames

    def _collect(self, piece: bytes) -> None:
        if len(self._partial) + len(piece) > MAX_ENCODED:
            self._overlong = True
        else:
            self._partial += piece

    def _finish(self) -> Frame | None:
        encoded, overlong = bytes(self._partial), self._overlong
        self._partial.clear()
        self._overlong = False
        if not encoded and not overlong:
            return None
        frame = None if overlong else _decode(encoded)
        self.errors += frame is None
        return frame


def _decode(encoded: bytes) -> Frame | None:
    try:
        body = bytes(cobs.decode(encoded))
    except cobs.DecodeError:
        return None
    if len(body) < 4 or binascii.crc_hqx(body[:-2], 0xFFFF) != int.from_bytes(body[-2:], "little"):
        return None
    return Frame(kind=body[0], seq=body[1], payload=body[2:-2], size=len(encoded) + 1)
