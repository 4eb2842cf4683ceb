"""The one source of the message layouts; the C header is generated from it.

All numbers are little-endian. A field's place and width come from its annotation, in the order of
the class. `docs/protocol.md` tells what each message means; `framing` puts messages on the wire.
"""

from __future__ import annotations

import struct
from dataclasses import astuple, dataclass, fields
from typing import Annotated, Any, ClassVar, TypeAlias, get_type_hints

from firmware_bridge.board import Outcome, Reason

PROTOCOL_VERSION = 1
CHANNELS = 8
SHOT_SLOTS = 32
"""Shots that the board holds: armed, open, or ended and not yet acknowledged."""
VERDICTS_KEPT = 16
"""Ended or refused shots that the board remembers to answer repeats alike. More than the host's
window of outstanding commands, or a repeat on its way could be judged anew."""
HORIZON_TICKS = 1 << 20
"""Farthest opening ahead, and longest window, that the board takes."""
SILENCE_US = 500_000
MAX_ON_US = 2_000_000
"""Compiled-in ceiling on an outlet's uninterrupted on-time."""
REPORT_RESEND_US = 50_000
MAX_PAYLOAD = 40


@dataclass(frozen=True, slots=True)
class Wire:
    """How a field lies on the wire."""

    code: str
    c_type: str


U8: TypeAlias = Annotated[int, Wire("B", "uint8_t")]
U16: TypeAlias = Annotated[int, Wire("H", "uint16_t")]
U32: TypeAlias = Annotated[int, Wire("I", "uint32_t")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """Host to board: opens a session. A new session number flushes the board's shots."""

    TYPE: ClassVar[int] = 0x01
    protocol: U8
    session: U32


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """Host to board: the pipeline makes progress. Answered by `State`."""

    TYPE: ClassVar[int] = 0x02


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Host to board: asks for `State` without feeding the silence timer."""

    TYPE: ClassVar[int] = 0x03


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotCommand:
    """Host to board: arms one window. Answered by `Ack`, ended by one `Report`."""

    TYPE: ClassVar[int] = 0x04
    item_id: U32
    channel: U8
    open_tick: U32
    close_tick: U32


@dataclass(frozen=True, slots=True, kw_only=True)
class BeltCommand:
    """Host to board: runs (1) or stops (0) the belt. Answered by `Ack`."""

    TYPE: ClassVar[int] = 0x05
    run: U8


@dataclass(frozen=True, slots=True, kw_only=True)
class Flush:
    """Host to board: closes every outlet and cancels every shot. Answered by `Ack`."""

    TYPE: ClassVar[int] = 0x06


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAck:
    """Host to board: the report on this item has arrived; its slot is free."""

    TYPE: ClassVar[int] = 0x07
    item_id: U32


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Board to host: the answer to `Hello`, to anything sent outside a session, and at boot."""

    TYPE: ClassVar[int] = 0x81
    protocol: U8
    version_major: U8
    version_minor: U8
    version_patch: U8
    boot_nonce: U32
    session: U32
    """The session that the board is in; 0 for none."""
    clock_hz: U32
    build_hash: U32
    channels: U8
    slots: U8
    reset_cause: U8


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """Board to host: a command was taken (status 0) or refused (a reason code)."""

    TYPE: ClassVar[int] = 0x82
    command: U8
    """Type of the command answered; its sequence number is that of this frame."""
    status: U8


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Board to host: the answer to `Heartbeat` and `Query`, under their sequence number."""

    TYPE: ClassVar[int] = 0x83
    tick: U32
    board_us: U32
    """The board's clock at the moment of `tick`; wraps every 71.6 minutes."""
    faults: U8
    flags: U8
    inputs: U8
    free_slots: U8
    encoder_errors: U16
    """Quadrature transitions that skipped a state."""
    frame_errors: U16
    """Frames from the host that the board had to drop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Board to host: how a shot ended. Sent again until acknowledged."""

    TYPE: ClassVar[int] = 0x84
    item_id: U32
    channel: U8
    outcome: U8
    reason: U8
    opened: U8
    """1 if the outlet opened for this shot; the ticks mean something only then."""
    open_tick: U32
    close_tick: U32


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Board to host: the fault bits have changed. `State` carries them too, so one may be lost."""

    TYPE: ClassVar[int] = 0x85
    faults: U8


HostMessage: TypeAlias = Hello | Heartbeat | Query | ShotCommand | BeltCommand | Flush | ReportAck
BoardMessage: TypeAlias = Identity | Ack | State | Report | Fault
Message: TypeAlias = HostMessage | BoardMessage

HOST_MESSAGES: tuple[type[HostMessage], ...] = (
    Hello,
    Heartbeat,
    Query,
    ShotCommand,
    BeltCommand,
    Flush,
    ReportAck,
)
BOARD_MESSAGES: tuple[type[BoardMessage], ...] = (Identity, Ack, State, Report, Fault)

OUTCOME_CODES = {Outcome.FIRED: 0, Outcome.REFUSED: 1, Outcome.CANCELLED: 2}
REASON_CODES = {
    Reason.NONE: 0,
    Reason.LATE: 1,
    Reason.FULL: 2,
    Reason.HORIZON: 3,
    Reason.CHANNEL: 4,
    Reason.WINDOW: 5,
    Reason.ESTOP: 6,
    Reason.SILENCE: 7,
    Reason.FLUSH: 8,
    Reason.REVERSE: 9,
    Reason.ENCODER: 10,
    Reason.ON_TIME: 11,
}
OUTCOMES = {code: outcome for outcome, code in OUTCOME_CODES.items()}
REASONS = {code: reason for reason, code in REASON_CODES.items()}

FAULT_BITS = {"estop": 0x01, "silence": 0x02}
FLAG_BITS = {"belt_running": 0x01}
INPUT_BITS = {"estop": 0x01, "entry_beam": 0x02, "passed_beam": 0x04, "button": 0x08, "aux": 0x10}
RESET_CAUSES = ("unknown", "power_on", "external", "brown_out", "watchdog")


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
