"""A board that knows where the belt is and takes every shot: the host alone is measured."""

from __future__ import annotations

from collections.abc import Callable

from firmware_bridge.board import (
    BeltTick,
    BoardConnected,
    BoardEvent,
    BoardIdentity,
    Outcome,
    Shot,
    ShotReport,
)

IDENTITY = BoardIdentity(
    protocol=1,
    firmware="0.0.0",
    channels=8,
    boot_nonce=1,
    clock_hz=16_000_000,
    reset_cause="power_on",
)


class StillBoard:
    """See `firmware_bridge.board.Board`.

    Args:
        tick_at: where the belt is at a time.
        sent: told every shot as it is handed over.
    """

    def __init__(
        self, tick_at: Callable[[float], float], sent: Callable[[Shot], None] = lambda shot: None
    ) -> None:
        self.tick_at = tick_at
        self._sent = sent
        self._events: list[BoardEvent] = []
        self.identity: BoardIdentity | None = None

    def open(self, now_s: float) -> None:
        """It is there at once."""
        self.identity = IDENTITY
        self._events.append(BoardConnected(identity=IDENTITY))

    def service(self, now_s: float) -> list[BoardEvent]:
        """What has happened."""
        events, self._events = self._events, []
        return events

    def shoot(self, shot: Shot, now_s: float) -> None:
        """Fires it at once."""
        self._sent(shot)
        for item_id in shot.items:
            self._events.append(
                ShotReport(
                    item_id=item_id,
                    channel=shot.channel,
                    outcome=Outcome.FIRED,
                    open_tick=shot.open_tick,
                    close_tick=shot.close_tick,
                )
            )

    def position_at(self, time_s: float) -> BeltTick:
        """To the tick."""
        return BeltTick(tick=self.tick_at(time_s), error_ticks=1.0)

    def set_belt(self, running: bool, now_s: float, *, by_operator: bool = False) -> None:
        """The belt runs all the time."""

    def heartbeat(self, now_s: float) -> None:
        """It needs none."""

    def cancel(self, item_id: int, now_s: float) -> None:
        """Nothing is ever waiting."""

    def flush(self, now_s: float) -> None:
        """Nothing is ever waiting."""

    def clear_estop(self, step: int, now_s: float) -> None:
        """There is none."""

    def close(self) -> None:
        """Nothing to let go of."""
