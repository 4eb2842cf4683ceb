"""The layouts of the messages; the C header is generated from them.

All numbers are little-endian. A field's place and width come from its annotation, in the order of
the class. `docs/protocol.md` tells what each message means; `packing` turns messages into payloads
and `framing` puts them on the wire.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, TypeAlias


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
    """Host to board: arms one window for up to four items. Answered by `Ack`, ended by a `Report`.

    `item_id` is the shot's key: a repeat of it is acknowledged and not carried out again.
    """

    TYPE: ClassVar[int] = 0x04
    boot_nonce: U32
    """The board's boot that the shot is meant for; of another one it is refused as stale."""
    session: U32
    """The host's session, likewise."""
    item_id: U32
    mate_1: U32
    """Further items in the same window; 0 for none."""
    mate_2: U32
    mate_3: U32
    channel: U8
    open_tick: U32
    close_tick: U32


@dataclass(frozen=True, slots=True, kw_only=True)
class BeltCommand:
    """Host to board: runs or stops the belt. Answered by `Ack`."""

    TYPE: ClassVar[int] = 0x05
    boot_nonce: U32
    session: U32
    order_id: U32
    """Counts the belt orders of a session from 1: a repeat is answered and not carried out again,
    an older one than the last is stale."""
    run: U8
    """A code of `BELT_ORDERS`: 0 stop, 1 run, 2 run by an operator's order, which alone (or the
    start button) ends the stand after a stop that nobody ordered."""
    virtual_mticks_s: U32
    """Thousandths of a tick per second that the board makes itself, for a machine without an
    encoder; 0 where an encoder counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flush:
    """Host to board: closes every outlet and cancels every shot. Answered by `Ack`."""

    TYPE: ClassVar[int] = 0x06


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAck:
    """Host to board: the report on this shot has arrived; its slot is free."""

    TYPE: ClassVar[int] = 0x07
    item_id: U32
    """The shot's key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Host to board: takes one item out of its armed shot; the last one cancels the shot.

    Answered by `Ack`: `late` when the outlet has opened, `no_shot` when no shot names the item.
    """

    TYPE: ClassVar[int] = 0x08
    item_id: U32


@dataclass(frozen=True, slots=True, kw_only=True)
class EventAck:
    """Host to board: this `BeamEdge` has arrived."""

    TYPE: ClassVar[int] = 0x09
    number: U16


@dataclass(frozen=True, slots=True, kw_only=True)
class EstopClear:
    """Host to board: one of the two steps that clear a latched emergency stop.

    Answered by `Ack`: `estop` while the chain is open, or for a second step without a first one.
    """

    TYPE: ClassVar[int] = 0x0A
    boot_nonce: U32
    session: U32
    step: U8
    """1 arms, 2 clears within `ESTOP_CLEAR_US`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """Host to board: opens an outlet by hand, by time, while the belt stands. Answered by `Ack`."""

    TYPE: ClassVar[int] = 0x0B
    boot_nonce: U32
    session: U32
    pulse_id: U32
    """Its key: a repeat of the last one is acknowledged and not carried out again."""
    channel: U8
    duration_ms: U16


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsRead:
    """Host to board: asks for `OutletSettings` (part 0 … 7) or `MachineSettings` (part 8)."""

    TYPE: ClassVar[int] = 0x0C
    part: U8


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletWrite:
    """Host to board: sets an outlet, kept in EEPROM. Answered by `Ack`.

    Refused as `settings` above a ceiling or out of range, as `busy` unless the belt stands and
    every slot is free.
    """

    TYPE: ClassVar[int] = 0x0D
    channel: U8
    kind: U8
    """A code of `OUTLET_KINDS`."""
    duty_percent: U8
    """Share of time that the outlet may be open in the long run."""
    max_on_ms: U16
    min_cycle_ms: U16
    """Least time from one opening to the next."""
    closed_us: U16
    """Length of a servo's pulses when closed and when open."""
    open_us: U16
    delay_us: U16
    """How long the outlet takes to open, for the host to plan with; the board only keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineWrite:
    """Host to board: sets the machine, kept in EEPROM. Answered as `OutletWrite`."""

    TYPE: ClassVar[int] = 0x0E
    silence_ms: U16
    encoder_dead_ms: U16
    jam_ticks: U16
    """Ticks for which a beam may be blocked; 0 for no limit."""
    beams: U8
    """Beams that the machine has: 1 entry, 2 passed."""
    input_function: U8
    """What the free input tells: a code of `INPUT_FUNCTIONS`."""
    auto_restart: U8
    """1: a routine run order restarts the belt after silence or a reset, light first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Board to host: the answer to `Hello`, to anything sent outside a session, and at boot."""

    TYPE: ClassVar[int] = 0x81
    protocol: U8
    version_major: U8
    version_minor: U8
    version_patch: U8
    boot_nonce: U32
    """How often this board has booted: no two boots share it."""
    session: U32
    """The session that the board is in; 0 for none."""
    clock_hz: U32
    build_hash: U32
    channels: U8
    slots: U8
    reset_cause: U8
    capabilities: U16


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
    faults: U16
    flags: U8
    inputs: U8
    outlets: U8
    """Outlets that are open, one bit a channel."""
    free_slots: U8
    encoder_errors: U16
    """Quadrature transitions that skipped a state, and glitches."""
    frame_errors: U16
    """Frames from the host that the board had to drop."""
    ticks_back: U16
    """Ticks backward since boot; wraps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Board to host: how a shot ended. Sent again until acknowledged."""

    TYPE: ClassVar[int] = 0x84
    item_id: U32
    """The shot's key."""
    items: U8
    """Which of its items it stood for at its end: bit 0 the key, bits 1 … 3 the mates; an item
    that was taken out by `Cancel` has none."""
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
    faults: U16


@dataclass(frozen=True, slots=True, kw_only=True)
class BeamEdge:
    """Board to host: a beam was interrupted or is free again. Sent again until acknowledged."""

    TYPE: ClassVar[int] = 0x86
    number: U16
    """Counts edges since boot; a gap is an edge for which there was no room."""
    beam: U8
    """A code of `BEAMS`."""
    blocked: U8
    tick: U32
    board_us: U32


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletSettings:
    """Board to host: the answer to `SettingsRead`; fields as in `OutletWrite`."""

    TYPE: ClassVar[int] = 0x87
    channel: U8
    kind: U8
    duty_percent: U8
    max_on_ms: U16
    min_cycle_ms: U16
    closed_us: U16
    open_us: U16
    delay_us: U16


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSettings:
    """Board to host: the answer to `SettingsRead`; fields as in `MachineWrite`."""

    TYPE: ClassVar[int] = 0x88
    silence_ms: U16
    encoder_dead_ms: U16
    jam_ticks: U16
    beams: U8
    input_function: U8
    auto_restart: U8


HostMessage: TypeAlias = (
    Hello
    | Heartbeat
    | Query
    | ShotCommand
    | BeltCommand
    | Flush
    | ReportAck
    | Cancel
    | EventAck
    | EstopClear
    | Pulse
    | SettingsRead
    | OutletWrite
    | MachineWrite
)
BoardMessage: TypeAlias = (
    Identity | Ack | State | Report | Fault | BeamEdge | OutletSettings | MachineSettings
)
Message: TypeAlias = HostMessage | BoardMessage

HOST_MESSAGES: tuple[type[HostMessage], ...] = (
    Hello,
    Heartbeat,
    Query,
    ShotCommand,
    BeltCommand,
    Flush,
    ReportAck,
    Cancel,
    EventAck,
    EstopClear,
    Pulse,
    SettingsRead,
    OutletWrite,
    MachineWrite,
)
BOARD_MESSAGES: tuple[type[BoardMessage], ...] = (
    Identity,
    Ack,
    State,
    Report,
    Fault,
    BeamEdge,
    OutletSettings,
    MachineSettings,
)
