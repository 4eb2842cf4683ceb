"""Laying fruit on the belt: one behind the other, at a pitch, in clumps, in lanes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from numpy.random import Generator

from sorter.config import CameraConfig
from sorter.twin.crops import CUCUMBERS
from sorter.twin.fruit import Crop, Fruit
from sorter.twin.placed import Laid, Placed, Produce

GAP_MM = (25.0, 60.0)
"""Free belt between two neighbours."""
EDGE_MM = 6.0
"""Free belt between a fruit and the edge of the image."""
LATERAL_MM = 50.0
"""A fruit's centre lies this far off the middle of its lane at the most, unless the layout says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the fruit comes."""

    lanes: int = 1
    """Across the image, all as wide unless their edges are given."""
    lane_edges_mm: tuple[float, ...] = ()
    """Where one lane ends and the next begins, from the image's upper edge."""
    pitch_mm: float | None = None
    """From centre to centre in a lane; gaps at random (`GAP_MM`) unless given."""
    jitter_mm: float = 0.0
    """How far a fruit may lie off its place in the pitch."""
    clumps: float = 0.0
    """Share of the fruits that touch the one before them."""
    crosswise_deg: float | None = None
    """Long fruit lies across the belt, give or take this angle; the crop's own unless given."""
    lateral_mm: float = LATERAL_MM
    """How far a fruit's centre may lie off the middle of its lane, as far as there is room."""
    rolling: float = 0.0
    """Share of the belt's way by which fruit turns on the spot, as on a roller conveyor."""

    def bounds_mm(self, across_mm: float) -> list[float]:
        """Edges of all lanes, those of the image included."""
        if self.lane_edges_mm:
            return [0.0, *self.lane_edges_mm, across_mm]
        return [across_mm * lane / self.lanes for lane in range(self.lanes + 1)]


def load(
    fruits: Iterable[Any],
    camera: CameraConfig,
    rng: Generator,
    *,
    first_mm: float,
    crop: Crop = CUCUMBERS,
    layout: Layout | None = None,
) -> Iterator[Laid]:
    """Lay fruit on the belt, in this order; with several lanes in turn.

    Args:
        fruits: what to lay, first come first: known fruit, and grades of which one is grown.
        camera: scale of the sprites and size of the field.
        rng: decides everything that is not named.
        first_mm: belt travel at which the first one's head reaches the reference line.
        crop: grows and draws them.
        layout: how they come.

    Yields:
        Each fruit, drawn when it is asked for, in the order in which they reach the line.
    """
    layout = layout or Layout()
    lanes = [_Lane(lane, camera, rng, first_mm, crop, layout) for lane in range(layout.lanes)]
    coming: list[Laid] = []
    number = 0
    for count, fruit in enumerate(fruits):
        coming.append(lanes[count % len(lanes)].lay(fruit))
        if len(coming) >= len(lanes):
            # Nothing that is laid later in any lane can lie before this.
            safe_mm = min(lane.next_mm for lane in lanes)
            coming.sort(key=lambda laid: laid.produce.at_mm)
            while coming and coming[0].produce.at_mm <= safe_mm:
                yield _numbered(coming.pop(0), number)
                number += 1
    for laid in sorted(coming, key=lambda laid: laid.produce.at_mm):
        yield _numbered(laid, number)
        number += 1


class _Lane:
    def __init__(
        self,
        lane: int,
        camera: CameraConfig,
        rng: Generator,
        first_mm: float,
        crop: Crop,
        layout: Layout,
    ) -> None:
        self._lane = lane
        self._mm_per_px = camera.mm_per_px
        upper_mm, lower_mm = layout.bounds_mm(camera.height * camera.mm_per_px)[lane : lane + 2]
        self._middle_mm = (upper_mm + lower_mm) / 2
        self._width_mm = lower_mm - upper_mm
        self._rng = rng
        self._crop = crop
        self._layout = layout
        self._head_mm = first_mm
        if lane and layout.pitch_mm is not None:
            self._head_mm += rng.uniform(0, layout.pitch_mm)
        self._count = 0
        self._last_tail_mm = first_mm
        self.next_mm = self._head_mm
        """No later fruit's centre lies before this belt travel."""

    def lay(self, fruit: Any) -> Laid:
        layout, rng = self._layout, self._rng
        item: Fruit = self._crop.grow(fruit, rng) if isinstance(fruit, str) else fruit
        if layout.crosswise_deg is not None:
            side = -1 if rng.random() < 0.5 else 1
            within = layout.crosswise_deg
            item = item.lying(90.0 * side + rng.uniform(-within, within))
        looks = self._crop.draw(item, self._mm_per_px)
        sprite = looks.sprite
        slack_mm = max(0.0, (self._width_mm - sprite.across_mm) / 2 - EDGE_MM)
        reach_mm = min(slack_mm, layout.lateral_mm)
        at_mm = self._at_mm(sprite.along_mm)
        across_mm = self._middle_mm + rng.uniform(-reach_mm, reach_mm)
        laid = Laid(
            produce=Produce(
                number=0, fruit=item, at_mm=at_mm, along_mm=sprite.along_mm, lane=self._lane
            ),
            placed=Placed(
                sprite=sprite,
                at_mm=at_mm,
                across_mm=across_mm,
                rolled=self._rolling(item, looks.rolled),
            ),
        )
        self._count += 1
        self._last_tail_mm = at_mm + sprite.along_mm / 2
        if layout.pitch_mm is None:
            gap_mm = rng.uniform(*GAP_MM)
            self._head_mm += sprite.along_mm + gap_mm
            self.next_mm = self._head_mm
        else:
            self.next_mm = self._head_mm + (self._count + 0.5) * layout.pitch_mm - layout.jitter_mm
        if layout.clumps:
            self.next_mm = at_mm
        return laid

    def _at_mm(self, along_mm: float) -> float:
        layout, rng = self._layout, self._rng
        if layout.clumps and self._count and rng.random() < layout.clumps:
            return self._last_tail_mm + along_mm / 2
        if layout.pitch_mm is None:
            return self._head_mm + along_mm / 2
        jitter_mm = rng.uniform(-layout.jitter_mm, layout.jitter_mm)
        return self._head_mm + (self._count + 0.5) * layout.pitch_mm + jitter_mm

    def _rolling(self, item: Fruit, side: Any) -> Any:
        radius_mm = self._crop.roll_radius_mm
        if not self._layout.rolling or radius_mm is None or side is None:
            return None
        turn_per_mm = self._layout.rolling / radius_mm(item)
        return lambda travel_mm: side(travel_mm * turn_per_mm)


def _numbered(laid: Laid, number: int) -> Laid:
    return replace(laid, produce=replace(laid.produce, number=number))
