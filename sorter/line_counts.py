"""What the line counts, and how it is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(slots=True, kw_only=True)
class LineCounts:
    """What the line has done so far; nothing is dropped without being counted here."""

    frames: int = 0
    """Frames with a belt position."""
    repeated_frames: int = 0
    """Those of them that showed the last picture again although the belt had moved: they were left
    out, for they show nothing of the belt as it is."""
    frames_without_position: int = 0
    """Frames taken while the board had not said, or not well enough, where the belt is."""
    blind_frames: int = 0
    """Frames in which items could not be told from the belt."""
    glints: int = 0
    """What looked like an item in a single frame and was gone in the next ones; no record is left
    of it."""
    slid: int = 0
    """Items that did not keep their place on the belt, jammed ones for one: each is one item, and
    rides unless it was shot at before that was seen."""
    items: int = 0
    shots: int = 0
    """Windows that were handed to the board; neighbours may share one."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Items without a grade, by the reason."""
    unfired: Counter[str] = field(default_factory=Counter)
    """Items whose shot was planned and is not known to have fired, by the reason: given up later
    because of a neighbour or a stop, refused by the board, or lost with it."""
    missorts: Counter[str] = field(default_factory=Counter)
    """Items that did not go where they were sent, by the cause."""
    stray_passes: int = 0
    """Times that the downstream beam saw something where no item can have been."""
    stops: int = 0
    """How often hands may have moved what lay on the belt."""

    def plain(self) -> dict[str, Any]:
        """Ready for JSON."""
        # dataclasses.asdict counts a Counter's pairs anew before Python 3.12.
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {k: dict(v) if isinstance(v, Counter) else v for k, v in values.items()}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> LineCounts:
        """Back from `plain`; what another version counts besides is left out."""
        known = {one.name for one in fields(cls)}
        values: dict[str, Any] = {
            k: Counter(v) if isinstance(v, dict) else v for k, v in plain.items() if k in known
        }
        return cls(**values)

    def told(self) -> list[str]:
        """What did not go as it should, for people; nothing where all did."""
        parts = [
            f"{what}: {', '.join(f'{count} {name}' for name, count in counter.most_common())}"
            for what, counter in (
                ("without a grade", self.reasons),
                ("not fired", self.unfired),
                ("mis-sorts", self.missorts),
            )
            if counter
        ]
        return parts + [
            f"{what}: {count}"
            for what, count in (
                ("repeated frames", self.repeated_frames),
                ("blind frames", self.blind_frames),
                ("glints", self.glints),
                ("slid on the belt", self.slid),
                ("stray passes", self.stray_passes),
                ("stops", self.stops),
            )
            if count
        ]
