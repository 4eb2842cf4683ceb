"""What the shot queue must do, told the plainest way: look at every shot at every tick."""

from dataclasses import dataclass, field

from firmware_bridge.compiled_in import CHANNELS, HORIZON_TICKS, SHOT_SLOTS


@dataclass
class PlainShot:
    items: tuple[int, ...]
    channel: int
    first: int
    end: int
    opened_at: int | None = None
    ended: tuple[str, str, int] | None = None
    """Outcome, reason, tick."""
    cancelled: set[int] = field(default_factory=set)


@dataclass
class PlainQueue:
    tick: int = 0
    shots: dict[int, PlainShot] = field(default_factory=dict)
    answers: dict[int, str] = field(default_factory=dict)
    """By item, as long as the test looks back."""
    acknowledged: set[int] = field(default_factory=set)

    def offer(self, items: tuple[int, ...], channel: int, first: int, end: int) -> str:
        item = items[0]
        if item in self.answers:
            return self.answers[item]
        answer = self._judge(items, channel, first, end)
        if answer != "FULL":
            self.answers[item] = answer
        if answer == "NONE":
            self.shots[item] = PlainShot(items, channel, first, end)
        return answer

    def _held(self, item: int) -> PlainShot | None:
        for key, shot in self.shots.items():
            if item in shot.items and key not in self.acknowledged:
                return shot
        return None

    def cancel(self, item: int) -> str:
        shot = self._held(item)
        if shot is None:
            return "LATE" if item in self.answers else "NO_SHOT"
        if item in shot.cancelled:
            return "NONE"
        if shot.ended or shot.opened_at is not None:
            return "LATE"
        shot.cancelled.add(item)
        if len(shot.cancelled) == len(shot.items):
            shot.ended = ("CANCELLED", "CANCEL", self.tick)
        return "NONE"

    def _judge(self, items: tuple[int, ...], channel: int, first: int, end: int) -> str:
        if any(self._held(item) for item in items):
            return "DUPLICATE"
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

    def move(self, step: int, resting: int = 0) -> None:
        """One tick; outlets in `resting` must not open, but may stay open."""
        self.tick += step
        if step < 0:
            for shot in self._open():
                shot.ended = ("CANCELLED", "REVERSE", self.tick)
            return
        for shot in self.shots.values():
            if shot.ended or shot.opened_at is not None or self.tick < shot.first:
                continue
            if resting >> shot.channel & 1 and not self.mask >> shot.channel & 1:
                shot.ended = ("REFUSED", "MIN_CYCLE", self.tick)
            else:
                shot.opened_at = self.tick
        for shot in self._open():
            if self.tick >= shot.end:
                shot.ended = ("FIRED", "NONE", self.tick)

    def _open(self) -> list[PlainShot]:
        return [s for s in self.shots.values() if s.opened_at is not None and not s.ended]

    def stop(self) -> None:
        for shot in self.shots.values():
            if not shot.ended:
                shot.ended = ("CANCELLED", "FLUSH", self.tick)

    def cut(self, channel: int) -> None:
        for shot in self._open():
            if shot.channel == channel:
                shot.ended = ("FIRED", "ON_TIME", self.tick)

    def acknowledge(self, item: int) -> None:
        if item in self.shots and self.shots[item].ended:
            self.acknowledged.add(item)

    @property
    def mask(self) -> int:
        mask = 0
        for shot in self._open():
            mask |= 1 << shot.channel
        return mask

    @property
    def reports(self) -> dict[int, tuple[int, int, str, str, int, int]]:
        """Items, channel, outcome, reason, open and close tick (0 unless it opened) by item."""
        told = {}
        for item, shot in self.shots.items():
            if shot.ended and item not in self.acknowledged:
                outcome, reason, tick = shot.ended
                opened = shot.opened_at is not None
                ticks = (shot.opened_at or 0, tick) if opened else (0, 0)
                stands = sum(1 << k for k, i in enumerate(shot.items) if i not in shot.cancelled)
                told[item] = (stands, shot.channel, outcome, reason, *ticks)
        return told
