"""Messages as payloads and back, by the annotations of their fields."""

from __future__ import annotations

import struct
from dataclasses import astuple, dataclass, fields
from typing import Any, get_type_hints

from firmware_bridge.compiled_in import PROTOCOL_VERSION
from firmware_bridge.messages import BOARD_MESSAGES, HOST_MESSAGES, Hello, Identity, Message, Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A `Hello` or `Identity` of another protocol version: its first byte is all one can know."""

    kind: int
    protocol: int


class MessageError(ValueError):
    """A sound frame whose type or length is not of this protocol version."""


def wire_fields(message: type[Message]) -> list[tuple[str, Wire]]:
    """Names and wire formats of a message's fields, in their order on the wire."""
    hints = get_type_hints(message, include_extras=True)
    return [(item.name, hints[item.name].__metadata__[0]) for item in fields(message)]


def _packer(message: type[Message]) -> struct.Struct:
    return struct.Struct("<" + "".join(wire.code for _, wire in wire_fields(message)))


_CLASSES: dict[int, type[Message]] = {c.TYPE: c for c in (*HOST_MESSAGES, *BOARD_MESSAGES)}
_NAMES = {kind: tuple(item.name for item in fields(c)) for kind, c in _CLASSES.items()}
_PACKERS = {kind: _packer(c) for kind, c in _CLASSES.items()}


def payload_size(message: type[Message]) -> int:
    """Length of a message's payload in bytes."""
    return _PACKERS[message.TYPE].size


def pack(message: Message) -> bytes:
    """The payload of a message.

    Raises:
        struct.error: a number does not fit its field.
    """
    return _PACKERS[message.TYPE].pack(*astuple(message))


def unpack(kind: int, payload: bytes) -> Message | Foreign:
    """The message in a frame of type `kind`.

    Raises:
        MessageError: the type is unknown or the length is wrong.
    """
    if kind in (Hello.TYPE, Identity.TYPE) and payload and payload[0] != PROTOCOL_VERSION:
        return Foreign(kind=kind, protocol=payload[0])
    message = _CLASSES.get(kind)
    if message is None:
        raise MessageError(f"unknown message type 0x{kind:02x}")
    packer = _PACKERS[kind]
    if len(payload) != packer.size:
        raise MessageError(f"{message.__name__} of {len(payload)} bytes instead of {packer.size}")
    values: dict[str, Any] = dict(zip(_NAMES[kind], packer.unpack(payload), strict=True))
    return message(**values)
