"""The produce that the twin can carry."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from numpy.random import Generator

from sorter.bundle import Grade
from sorter.errors import SorterError
from sorter.twin import cucumber, round_fruit
from sorter.twin.cucumber import Cucumber
from sorter.twin.drawing import draw
from sorter.twin.fruit import Crop, Looks
from sorter.twin.round_drawing import draw_round
from sorter.twin.round_fruit import RoundFruit


def _draw_cucumber(fruit: Cucumber, mm_per_px: float) -> Looks:
    return Looks(sprite=draw(fruit, mm_per_px))


def _grow_any_round(grade: str, rng: Generator) -> RoundFruit:
    return round_fruit.grow(("lemon", "tomato")[int(rng.integers(2))], grade, rng)


def _roll_radius_mm(fruit: RoundFruit) -> float:
    return fruit.diameter_mm / 2


def _round(name: str, grow: Callable[[str, Generator], RoundFruit]) -> Crop:
    return Crop(
        name=name,
        grades=tuple(Grade(name=grade.name, worth=grade.worth) for grade in round_fruit.GRADES),
        window_mm=round_fruit.WINDOW_MM,
        grow=grow,
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
LEMONS = _round("lemons", partial(round_fruit.grow, "lemon"))
TOMATOES = _round("tomatoes", partial(round_fruit.grow, "tomato"))
ROUND = _round("round", _grow_any_round)
"""Lemons and tomatoes, mixed; their grades are the same."""
CROPS: dict[str, Crop] = {crop.name: crop for crop in (CUCUMBERS, LEMONS, TOMATOES, ROUND)}


def crop_named(name: str) -> Crop:
    """One of `CROPS`.

    Raises:
        SorterError: there is no such crop.
    """
    if name not in CROPS:
        raise SorterError(f"there is no crop '{name}'; choose one of {', '.join(CROPS)}")
    return CROPS[name]
