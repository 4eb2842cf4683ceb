"""What the sorter asks of an actuation board, whichever it is."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Protocol

from firmware_bridge.compiled_in import ITEMS_PER_SHOT
from firmware_bridge.settings import BoardSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """Open one channel while the belt is in `[open_tick, close_tick)`, for one item or a few."""

    item_id: int
    """1 … 2³²-1. An id that was shot at before is not shot at again."""
    channel: int
    open_tick: int
    """Belt position as the host counts it: unwrapped, the link folds it to 32 bits."""
    close_tick: int
    mates: tuple[int, ...] = ()
    """Up to three further items that share the window; each ends in a report of its own."""

    @property
    def items(self) -> tuple[int, ...]:
        """All items of the shot, the first one first."""
        return (self.item_id, *self.mates)

    def __post_init__(self) -> None:
        for item_id in self.items:
            if not 0 < item_id < 2**32:
                raise ValueError(f"item_id {item_id} is outside 1 … 4294967295")
        if len(self.items) > ITEMS_PER_SHOT or len(set(self.items)) < len(self.items):
            raise ValueError(f"a shot is for 1 … {ITEMS_PER_SHOT} items, all different")
        if not self.open_tick < self.close_tick:
            raise ValueError(f"empty window [{self.open_tick}, {self.close_tick})")


class Outcome(enum.Enum):
    """How a shot ended."""

    FIRED = "fired"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    """The board was lost or reset while the shot may have been open."""


class Reason(enum.Enum):
    """Why a shot was not (or not wholly) carried out."""

    NONE = "none"
    LATE = "late"
    FULL = "full"
    HORIZON = "horizon"
    CHANNEL = "channel"
    WINDOW = "window"
    NOT_READY = "not_ready"
    ESTOP = "estop"
    SILENCE = "silence"
    FLUSH = "flush"
    REVERSE = "reverse"
    ENCODER = "encoder"
    RESET = "reset"
    LINK_LOST = "link_lost"
    ON_TIME = "on_time"
    """The compiled-in ceiling on the on-time closed the outlet before its window ended."""
    DUTY = "duty"
    """The outlet has been open for too much of the time."""
    MIN_CYCLE = "min_cycle"
    """The outlet's last opening was too short a time ago."""
    STALE = "stale"
    """Meant for the board before its reset, or sent by an earlier session."""
    CANCEL = "cancel"
    """The host took its last item out."""
    DUPLICATE = "duplicate"
    """Another shot on the board names one of its items."""
    SETTINGS = "settings"
    """The outlet is off or the board's settings are damaged; or a setting is not allowed."""
    JAM = "jam"
    COVER = "cover"
    START_NEEDED = "start_needed"
    """After a stop that nobody ordered: the start button or an operator's order is needed."""
    BUSY = "busy"
    """Not while the belt runs or shots are on the board."""
    NO_SHOT = "no_shot"
    """No shot on the board names the item."""
    CROWDED = "crowded"
    """The host's own: the open outlet would have met an item that goes elsewhere."""
    SLID = "slid"
    """The host's own: the item, once decided, did not stay in its place on the belt."""
    CAMERA = "camera"
    """The host's own: a fault of the camera was noticed only after the item was decided."""
    STOPPED = "stopped"
    """The host's own: hands may have moved the items while the belt stood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotReport:
    """The one report that ends a shot for one of its items."""

    item_id: int
    channel: int
    outcome: Outcome
    reason: Reason = Reason.NONE
    open_tick: int | None = None
    """The tick at which the outlet really opened, unwrapped; None unless it opened."""
    close_tick: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardIdentity:
    """What the board says it is, from the handshake."""

    protocol: int
    firmware: str
    """Firmware version, `major.minor.patch`."""
    channels: int
    boot_nonce: int
    """Counts the boots: no two boots of a board share it."""
    clock_hz: int
    reset_cause: str
    build_hash: int = 0
    """Of the firmware's sources."""
    slots: int = 0
    """Shots that the board holds."""
    capabilities: frozenset[str] = frozenset()
    """Names of what this firmware can do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardStatus:
    """What the board last said of itself."""

    tick: int
    """Unwrapped."""
    outlets: frozenset[int]
    """Channels that are open."""
    faults: frozenset[str]
    flags: frozenset[str]
    inputs: frozenset[str]
    """Names of the input pins that are high."""
    free_slots: int
    encoder_errors: int
    """Encoder transitions that skipped a state, and glitches; 16 bits, wraps."""
    frame_errors: int
    """Frames from the host that the board had to drop; 16 bits, wraps."""
    ticks_back: int
    """Ticks backward since boot; 16 bits, wraps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeltTick:
    """Where the belt is or was."""

    tick: float
    """Unwrapped."""
    error_ticks: float
    """Bound on the error of `tick`; infinite where nothing is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardConnected:
    """The handshake is done; shots are accepted from now on."""

    identity: BoardIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardLost:
    """The board stopped answering, was unplugged or was reset."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardFault:
    """The board raised or cleared a fault, or `start_needed`: it waits for its start button."""

    name: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardBeam:
    """A beam was interrupted or is free again. Edges may come out of order after a bad frame."""

    beam: str
    """`entry` or `passed`."""
    blocked: bool
    tick: int
    """Unwrapped."""
    time_s: float | None
    """Host time of the edge; None when the clocks are not tied yet."""
    error_s: float
    """Bound on the error of `time_s`."""


class Order(enum.Enum):
    """What the board was told to do, shots and their cancellation apart."""

    BELT = "belt"
    CLEAR_ESTOP = "clear_estop"
    PULSE = "pulse"
    READ_SETTINGS = "read_settings"
    WRITE_SETTINGS = "write_settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardAnswer:
    """What became of an order. A belt order that a newer one has replaced gets no answer."""

    order: Order
    reason: Reason
    """NONE: obeyed. NOT_READY: there was no board. LINK_LOST: it may or may not have obeyed."""


BoardEvent = (
    ShotReport | BoardConnected | BoardLost | BoardFault | BoardBeam | BoardAnswer | BoardSettings
)


class BoardError(Exception):
    """The board cannot be used; the message is one sentence for the user that says what to do."""


class BoardNotFoundError(BoardError):
    """There is no board at the configured port."""


class BoardProtocolError(BoardError):
    """The board answers, but speaks another protocol version."""


class BoardSilentError(BoardError):
    """The port is open, but nothing on it has answered once."""


class Board(Protocol):
    """An actuation board. No method blocks; `now_s` is the caller's monotonic clock in seconds.

    Use: `open`, then call `service` often (every few milliseconds) for as long as the board is
    used; everything that happened comes back from it as events.
    """

    @property
    def identity(self) -> BoardIdentity | None:
        """None until the handshake is done."""
        ...

    def open(self, now_s: float) -> None:
        """Start talking to the board.

        Raises:
            BoardNotFoundError: nothing is there.
        """
        ...

    def service(self, now_s: float) -> list[BoardEvent]:
        """Move bytes both ways and return what has happened since the last call.

        Raises:
            BoardProtocolError: the board speaks another protocol version.
            BoardSilentError: the port is open, but no board has ever answered.
        """
        ...

    def shoot(self, shot: Shot, now_s: float) -> None:
        """Hand a shot to the board. Its end comes as exactly one `ShotReport` from `service`.

        A shot for several items ends in one `ShotReport` for each of them.

        Raises:
            ValueError: a shot for one of its items was handed over before.
        """
        ...

    def cancel(self, item_id: int, now_s: float) -> None:
        """Take an item out of its shot, which still ends in one `ShotReport` for it.

        Too late for an outlet that has opened; for an item that has ended nothing happens.
        """
        ...

    def flush(self, now_s: float) -> None:
        """Close every outlet and cancel every shot that has not ended."""
        ...

    def set_belt(self, running: bool, now_s: float, *, by_operator: bool = False) -> None:
        """Command the belt motor.

        Args:
            running: whether it has to run.
            now_s: the caller's clock.
            by_operator: a person has looked and wants it to run; without that the board refuses
                to start after a stop that nobody ordered (`Reason.START_NEEDED`).
        """
        ...

    def clear_estop(self, step: int, now_s: float) -> None:
        """Step 1, then step 2 within some seconds, clear a latched emergency stop.

        Each step is an operator's own act; answered by `BoardAnswer`.
        """
        ...

    def heartbeat(self, now_s: float) -> None:
        """Tell the board that the pipeline makes progress. Silence stops the belt."""
        ...

    def tick_at(self, time_s: float) -> float | None:
        """Belt position in unwrapped ticks at a recent host time; None before the first state."""
        ...

    def position_at(self, time_s: float) -> BeltTick | None:
        """The same with a bound on its error."""
        ...

    def close(self) -> None:
        """Let go of the board. It stops by its own silence rule."""
        ...
