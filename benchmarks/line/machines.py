"""The two machines whose rates are promised, with what lies on their belts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sorter.classifier import Classifier
from sorter.config import BeltConfig, CameraConfig, OutletConfig, SorterConfig
from sorter.twin.crops import CUCUMBERS, ROUND
from sorter.twin.demo import with_speed
from sorter.twin.lighting import Imaging
from sorter.twin.load import Layout
from sorter.twin.optics import TYPICAL_DISTORTION, Optics
from sorter.twin.setup import demo_classifier, round_classifier, round_config
from sorter.twin.world import World

STRAIGHT = ("2L", "L", "M", "S", "2S")
"""Bent cucumbers are wider along the belt than a pitch of 60 mm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A machine and its load at the full rate."""

    name: str
    config: SorterConfig
    classifier: Classifier
    world: World
    mix: tuple[str, ...]
    lanes: int
    items_per_s: float
    """Of all lanes together."""

    def at(self, share: float) -> SorterConfig:
        """The machine with its belt, and so its load, at a share of the full rate."""
        return with_speed(self.config, share * self.config.belt.speed_mm_per_s / 1000)


def one_lane() -> Bench:
    """Cucumbers lying crosswise, 60 mm from middle to middle, at 1.2 m/s: 20 a second."""
    outlets = [
        OutletConfig(name=grade, channel=channel, at_mm=330 + 90 * channel, grades=[grade])
        for channel, grade in enumerate(STRAIGHT)
    ]
    config = SorterConfig(
        camera=CameraConfig(source="twin", width=1280, height=720, fps=60, mm_per_px=0.4),
        belt=BeltConfig(mm_per_tick=0.5, length_mm=900, speed_mm_per_s=1200),
        outlets=[*outlets, OutletConfig(name="end", default=True, grades=["C"])],
    )
    world = World(
        crop=CUCUMBERS,
        layout=Layout(pitch_mm=60, crosswise_deg=3),
        imaging=Imaging(exposure_s=0.0003, flicker=0.02),
    )
    return Bench(
        name="1 lane",
        config=config,
        classifier=demo_classifier(),
        world=world,
        mix=STRAIGHT,
        lanes=1,
        items_per_s=20,
    )


def four_lanes() -> Bench:
    """Lemons and tomatoes under a tilted lens, 100 mm apart, at 1 m/s: 10 a second in each lane."""
    config = with_speed(round_config(), 1.0)
    optics = Optics.over(
        config.camera,
        height_mm=800,
        distortion=TYPICAL_DISTORTION,
        tilt_deg=(1.0, -1.0, 0.0),
        readout_s=0.008,
    )
    world = World(
        crop=ROUND,
        layout=Layout(lanes=4, pitch_mm=100, jitter_mm=5, rolling=0.2),
        optics=optics,
        imaging=Imaging(exposure_s=0.0003, flicker=0.02),
    )
    return Bench(
        name="4 lanes",
        config=config,
        classifier=round_classifier(),
        world=world,
        mix=ROUND.grade_names,
        lanes=4,
        items_per_s=40,
    )


def benches() -> tuple[Bench, Bench]:
    """Both."""
    return one_lane(), four_lanes()


def plain(bench: Bench) -> Bench:
    """The same load without a lens, which is cheaper to render."""
    return replace(bench, world=replace(bench.world, optics=None))
