"""What the shot queue must do, told the plainest way: look at every shot at every tick."""

from dataclasses import dataclass, field

from firmware_bridge.messages import CHANNELS, HORIZON_TICKS, SHOT_SLOTS


@dataclass
class PlainShot:
    channel: int
    first: int
    end: int
    opened_at: int | None = None
    ended: tuple[str, str, int] | None = None
    """Outcome, reason, tick."""


@dataclass
class PlainQueue:
    tick: int = 0
    shots: dict[int, PlainShot] = field(default_factory=dict)
    answers: dict[int, str] = field(default_factory=dict)
    """By item, as long as the test looks back."""
    acknowledged: set[int] = field(default_factory=set)

    def offer(self, item: int, channel: int, first: int, end: int) -> str:
        if item not in self.answers:
            self.answers[item] = self._judge(channel, first, end)
            if self.answers[item] == "NONE":
                self.shots[item] = PlainShot(channel, first, end)
        return self.answers[item]

    def _judge(self, channel: int, first: int, end: int) -> str:
        if channel >= CHANNELS:
            return "CHANNEL"
        if not 0 < end - first <= HORIZON_TICKS:
            return "WINDOW"
        if first <= self.tick:
            return "LATE"
        if first - self.tick > HORIZON_TICKS:
            return "HORIZON"
        return "FULL" if self.taken >= SHOT_SLOTS else "NONE"

    @property
    def taken(self) -> int:
        return len(self.shots) - len(self.acknowledged)

    def move(self, step: int) -> None:
        self.tick += step
        for shot in self.shots.values():
            if shot.ended:
                continue
            if step < 0:
                if shot.opened_at is not None:
                    shot.ended = ("CANCELLED", "REVERSE", self.tick)
                continue
            if shot.opened_at is None and self.tick >= shot.first:
                shot.opened_at = self.tick
            if shot.opened_at is not None and self.tick >= shot.end:
                shot.ended = ("FIRED", "NONE", self.tick)

    def stop(self) -> None:
        for shot in self.shots.values():
            if not shot.ended:
                shot.ended = ("CANCELLED", "FLUSH", self.tick)

    def cut(self, channel: int) -> None:
        for shot in self.shots.values():
            if shot.channel == channel and shot.opened_at is not None and not shot.ended:
                shot.ended = ("FIRED", "ON_TIME", self.tick)

    def acknowledge(self, item: int) -> None:
        if item in self.shots and self.shots[item].ended:
            self.acknowledged.add(item)

    @property
    def mask(self) -> int:
        mask = 0
        for shot in self.shots.values():
            if shot.opened_at is not None and not shot.ended:
                mask |= 1 << shot.channel
        return mask

    @property
    def reports(self) -> dict[int, tuple[int, str, str, int, int]]:
        """Channel, outcome, reason, open and close tick (0 unless it opened) by item."""
        told = {}
        for item, shot in self.shots.items():
            if shot.ended and item not in self.acknowledged:
                outcome, reason, tick = shot.ended
                opened = shot.opened_at is not None
                ticks = (shot.opened_at or 0, tick) if opened else (0, 0)
                told[item] = (shot.channel, outcome, reason, *ticks)
        return told
