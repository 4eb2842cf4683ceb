"""Small makers of the values that tests speak about."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.bundle import Bundle, Golden, Grade, Manifest, Promise, TrainingData
from sorter.config import CameraConfig, SorterConfig
from sorter.frame import Frame, Pixels
from sorter.item import Item, Measures, Sighting, Span
from sorter.preprocess import Preprocess
from sorter.verdict import Verdict, Why
from sorter.views import fuse

BELT_BGR = (60, 90, 60)
FRUIT_BGR = (60, 200, 220)


def make_config(**changes: object) -> SorterConfig:
    """A belt seen 400 × 200 mm at 1 mm a pixel and 2 ticks a mm, with two outlets and the end."""
    values: dict[str, object] = {
        "camera": {"width": 400, "height": 200, "mm_per_px": 1.0, "fps": 30},
        "belt": {"mm_per_tick": 0.5, "length_mm": 1500, "speed_mm_per_s": 300},
        "outlets": [
            {"name": "premium", "channel": 0, "at_mm": 420, "grades": ["good"]},
            {"name": "second", "channel": 1, "at_mm": 620, "grades": ["fair"]},
            {"name": "end", "default": True, "grades": ["poor"]},
        ],
    }
    return SorterConfig.model_validate(values | changes)


def make_camera(**changes: object) -> CameraConfig:
    return CameraConfig.model_validate(
        {"width": 400, "height": 200, "mm_per_px": 1.0, "fps": 30} | changes
    )


def make_manifest(grades: Sequence[str] = ("good", "fair", "poor"), **changes: object) -> Manifest:
    values: dict[str, object] = {
        "name": "test",
        "grades": [Grade(name=name, worth=float(len(grades) - k)) for k, name in enumerate(grades)],
        "preprocess": Preprocess(size_px=32),
        "training_data": TrainingData(fingerprint="0" * 64, photos=10),
        "promise": Promise(
            accuracy=0.9, accuracy_low=0.8, accuracy_high=0.95, n=50, split="test", method="none"
        ),
    }
    return Manifest.model_validate(values | changes)


class StubClassifier:
    """Answers from a function of the photo instead of a network."""

    def __init__(
        self,
        answer: Callable[[Pixels], Sequence[float]] = lambda photo: (1.0, 0.0, 0.0),
        manifest: Manifest | None = None,
        strangeness: Callable[[Pixels], float] = lambda photo: 0.0,
    ) -> None:
        self._answer = answer
        self._strangeness = strangeness
        self.calls: list[int] = []
        golden = Golden(inputs=np.zeros((1, 32, 32, 3), np.int8), outputs=np.zeros((1, 3), np.int8))
        self.bundle = Bundle(manifest=manifest or make_manifest(), golden=golden, models={})
        self.grades = self.bundle.manifest.grade_names
        self.join = fuse

    def probabilities(self, photos: Sequence[Pixels]) -> NDArray[np.float64]:
        self.calls.append(len(photos))
        rows = [self._answer(photo) for photo in photos]
        return np.asarray(rows, np.float64).reshape(len(rows), len(self.grades))

    def strangeness(self, photos: Sequence[Pixels]) -> NDArray[np.float64]:
        return np.array([self._strangeness(photo) for photo in photos])


def make_measures(**changes: object) -> Measures:
    values: dict[str, object] = {
        "length_mm": 100.0,
        "width_mm": 40.0,
        "bend_mm": 3.0,
        "area_mm2": 3000.0,
        "volume_mm3": 90_000.0,
        "lab": (50.0, -20.0, 25.0),
        "length_sd_mm": 0.5,
        "width_sd_mm": 0.5,
        "bend_sd_mm": 0.4,
    }
    return Measures(**(values | changes))  # type: ignore[arg-type]


def make_sighting(
    at_mm: float = 0.0,
    *,
    tick: float = 0.0,
    size_mm: float = 40.0,
    across: tuple[float, float] = (50.0, 150.0),
    complete: bool = True,
    touching: bool = False,
    mm_per_tick: float = 0.5,
    photo: Pixels | None = None,
) -> Sighting:
    """An item whose middle is `at_mm` past the reference line in a frame taken at `tick`."""
    belt_mm = at_mm - tick * mm_per_tick
    pixels = np.zeros((8, 8, 3), np.uint8) if photo is None else photo
    return Sighting(
        along=Span(low_mm=belt_mm - size_mm / 2, high_mm=belt_mm + size_mm / 2),
        across=Span(low_mm=across[0], high_mm=across[1]),
        from_reference_mm=at_mm,
        complete=complete,
        touching=touching,
        outline_px=np.zeros((4, 2), np.float32),
        measurer=lambda: make_measures(width_mm=size_mm),
        cutter=lambda side_px: pixels,
    )


def make_item(item_id: int = 1, **changes: object) -> Item:
    values: dict[str, object] = {
        "item_id": item_id,
        "lane": 0,
        "reference_tick": 1000.0,
        "extent_mm": 40.0,
        "measures": make_measures(),
        "views": (),
    }
    return Item(**(values | changes))  # type: ignore[arg-type]


def make_verdict(grade: str | None = "good", **changes: object) -> Verdict:
    values: dict[str, object] = {
        "grade": grade,
        "best_guess": grade,
        "probabilities": {"good": 0.9, "fair": 0.1, "poor": 0.0},
        "why": Why.CLASS,
    }
    return Verdict(**(values | changes))  # type: ignore[arg-type]


def draw_frame(
    fruits: Sequence[tuple[float, float, float, float]],
    *,
    tick: float = 0.0,
    index: int = 0,
    size_px: tuple[int, int] = (400, 200),
) -> Frame:
    """A belt with ellipses: (middle along px, middle across px, size along px, size across px)."""
    width, height = size_px
    pixels = np.full((height, width, 3), BELT_BGR, np.uint8)
    for along, across, size_along, size_across in fruits:
        centre = (round(along), round(across))
        axes = (round(size_along / 2), round(size_across / 2))
        cv2.ellipse(pixels, centre, axes, 0, 0, 360, FRUIT_BGR, -1)
    return Frame(pixels=pixels, time_s=index / 30, tick=tick, index=index)
