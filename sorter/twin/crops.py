"""The produce that the twin can carry."""

from __future__ import annotations

from functools import partial

from sorter.bundle import Grade
from sorter.errors import SorterError
from sorter.twin import cucumber, round_fruit
from sorter.twin.cucumber import Cucumber
from sorter.twin.drawing import draw
from sorter.twin.fruit import Crop, Looks
from sorter.twin.round_drawing import draw_round
from sorter.twin.round_fruit import Kind, RoundFruit


def _draw_cucumber(fruit: Cucumber, mm_per_px: float) -> Looks:
    return Looks(sprite=draw(fruit, mm_per_px))


def _roll_radius_mm(fruit: RoundFruit) -> float:
    return fruit.diameter_mm / 2


def _round(name: str, kind: Kind) -> Crop:
    return Crop(
        name=name,
        grades=tuple(Grade(name=grade.name, worth=grade.worth) for grade in round_fruit.GRADES),
        window_mm=round_fruit.WINDOW_MM,
        grow=partial(round_fruit.grow, kind),
        draw=draw_round,
        roll_radius_mm=_roll_radius_mm,
    )


CUCUMBERS = Crop(
    name="cucumbers",
    grades=tuple(Grade(name=grade.name, worth=grade.worth) for grade in cucumber.GRADES),
    window_mm=cucumber.WINDOW_MM,
    grow=cucumber.grow,
    draw=_draw_cucumber,
)
LEMONS = _round("lemons", "lemon")
TOMATOES = _round("tomatoes", "tomato")
CROPS: dict[str, Crop] = {crop.name: crop for crop in (CUCUMBERS, LEMONS, TOMATOES)}


def crop_named(name: str) -> Crop:
    """One of `CROPS`.

    Raises:
        SorterError: there is no such crop.
    """
    if name not in CROPS:
        raise SorterError(f"there is no crop '{name}'; choose one of {', '.join(CROPS)}")
    return CROPS[name]
