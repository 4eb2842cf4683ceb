"""What the sorter asks of an actuation board, whichever it is."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """Open one channel while the belt is in `[open_tick, close_tick)`, for one item."""

    item_id: int
    """1 … 2³²-1; the key under which the board reports. A repeated id is not fired twice."""
    channel: int
    open_tick: int
    """Belt position as the host counts it: unwrapped, the link folds it to 32 bits."""
    close_tick: int

    def __post_init__(self) -> None:
        if not 0 < self.item_id < 2**32:
            raise ValueError(f"item_id {self.item_id} is outside 1 … 4294967295")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotReport:
    """The one report that ends a shot."""

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
    clock_hz: int
    reset_cause: str


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
    """The board raised or cleared a fault."""

    name: str
    active: bool


BoardEvent = ShotReport | BoardConnected | BoardLost | BoardFault


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

        Raises:
            ValueError: a shot with this id was handed over before.
        """
        ...

    def set_belt(self, running: bool, now_s: float) -> None:
        """Command the belt motor."""
        ...

    def heartbeat(self, now_s: float) -> None:
        """Tell the board that the pipeline makes progress. Silence stops the belt."""
        ...

    def tick_at(self, time_s: float) -> float | None:
        """Belt position in unwrapped ticks at a recent host time; None before the first state."""
        ...

    def close(self) -> None:
        """Let go of the board. It stops by its own silence rule."""
        ...
