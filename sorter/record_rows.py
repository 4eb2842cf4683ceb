"""What the records hold, row by row."""

from __future__ import annotations

from dataclasses import dataclass

from sorter.verdict import Why


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRecord:
    """One row of the items, as it stands now."""

    run: int
    """Counts the starts of the machine; item ids begin anew with each."""
    item_id: int
    lot: str
    decided_at: str
    """Wall clock in UTC, ISO 8601: a label, never used to control."""
    time_s: float
    """Monotonic capture time of the frame that decided it."""
    tick: float
    """Belt tick at which the item's centre crossed the camera's reference line."""
    lane: int
    grade: str | None
    best_guess: str | None
    probabilities: dict[str, float]
    reason: Why
    outlet: str
    length_mm: float
    width_mm: float
    area_mm2: float
    channel: int | None
    """Of the shot, as are the two ticks after it; None when the item was not shot."""
    open_tick: int | None
    close_tick: int | None
    delivery: str
    """`rode`, `pending`, or the outcome that the board reported."""
    delivery_reason: str | None
    opened_tick: int | None
    """When the outlet really opened and closed; None unless it did."""
    closed_tick: int | None
    bend_mm: float | None
    """None, as are the others up to `bend_sd_mm`, in rows of versions that did not measure it."""
    volume_mm3: float | None
    lab_l: float | None
    lab_a: float | None
    lab_b: float | None
    length_sd_mm: float | None
    """Standard uncertainty, as those of the next two."""
    width_sd_mm: float | None
    bend_sd_mm: float | None
    beam: str | None
    """`seen` or `not_seen` by the downstream beam; None where none was asked."""
    missort: str | None
    """Why it did not go where it was sent; None where nothing says so."""
    area_sd_mm2: float | None
    volume_sd_mm3: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LotRecord:
    """One lot with its counts."""

    name: str
    opened_at: str
    items: int
    shot: int
    fired: int
    missorts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRecord:
    """One fault of camera or board."""

    run: int
    name: str
    sentence: str
    """What to do."""
    raised_at: str
    """Wall clock in UTC, as `cleared_at`."""
    cleared_at: str | None
    """None while it stands, or where the machine was stopped with it."""
