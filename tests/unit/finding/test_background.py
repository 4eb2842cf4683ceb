"""What is belt and what is not, when light, belt and camera change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sorter.frame import Frame
from tests.unit.finding.scenes import (
    CUCUMBER,
    GREY_BELT,
    HEIGHT,
    WIDTH,
    Light,
    belt,
    expose,
    lay,
    make_finder,
)

THREE = [(80.0, 100.0, 30.0), (200.0, 60.0, 30.0), (310.0, 140.0, 30.0)]
SOON = 20
"""Frames: a third of a second."""


def crosswise(pitch_px: int = 30, thick_px: int = 21) -> Light:
    """Cucumbers that cover 70 % of every row of the belt but the outermost ones."""
    scene = belt()
    for left in range(10, WIDTH - thick_px, pitch_px):
        x = np.linspace(-1, 1, thick_px, dtype=np.float32)
        lit = (0.4 + 0.6 * np.sqrt(1 - 0.9 * x * x))[:, None] * np.float32(CUCUMBER)
        scene[15 : HEIGHT - 15, left : left + thick_px] = lit
    return scene


def test_fruit_that_covers_most_of_the_belt_at_the_start_is_told_from_it() -> None:
    finder = make_finder()
    assert len(finder.find(expose(crosswise()))) == 13
    assert not finder.blind


def test_fruit_that_waits_on_the_belt_at_the_start_is_never_learnt_as_belt() -> None:
    finder = make_finder()
    waiting = lay(belt(), THREE)
    for index in range(100):
        assert len(finder.find(expose(waiting, index=index))) == 3
    # Off it goes: neither fruit nor shadow has left a mark.
    for index in range(100, 110):
        assert finder.find(expose(belt(), index=index, tick=60.0 * (index - 99))) == []


@pytest.mark.parametrize("light", [0.45, 0.7, 1.2])
def test_a_step_of_the_light_shows_no_item_that_is_none(light: float) -> None:
    finder = make_finder()
    scene = lay(belt(), THREE)
    for index in range(10):
        finder.find(expose(scene, index=index))
    for index in range(10, 40):
        assert len(finder.find(expose(scene, index=index, light=light))) == 3


def test_a_camera_that_exposes_twice_as_long_is_followed() -> None:
    finder = make_finder()
    scene = lay(belt((80, 85, 90)), THREE, colour=(15, 75, 85))
    for index in range(40):
        seen = finder.find(expose(scene, index=index, light=1.0 if index < 10 else 2.2))
        assert len(seen) == 3


def test_a_lamp_of_two_that_fails_is_understood_soon_and_shows_no_item_meanwhile() -> None:
    finder = make_finder()
    scene = lay(belt(), THREE)
    for index in range(10):
        finder.find(expose(scene, index=index))
    left_lamp = np.linspace(1.2, 0.3, WIDTH, dtype=np.float32)[None, :, None]
    counts = []
    for index in range(10, 10 + 2 * SOON):
        counts.append(len(finder.find(expose(scene, index=index, light=left_lamp))))
        assert counts[-1] in (0, 3) and (counts[-1] == 3 or finder.blind)
    assert counts[SOON:] == [3] * SOON


def test_lamps_that_flicker_by_15_percent_from_frame_to_frame_change_nothing() -> None:
    finder = make_finder()
    scene = lay(belt(), THREE)
    for index in range(40):
        light = 1 + 0.15 * np.sin(index * 2.1)
        assert len(finder.find(expose(scene, index=index, light=float(light)))) == 3


@pytest.mark.parametrize("waves", [0.4, 0.8, 1.5, 3.0])
@pytest.mark.parametrize("depth", [0.06, 0.1])
def test_bands_of_a_flickering_lamp_across_the_rows_are_no_items(
    depth: float, waves: float
) -> None:
    finder = make_finder()
    scene = lay(belt(), THREE)
    rows = np.arange(HEIGHT, dtype=np.float32)[:, None, None]
    for index in range(40):
        bands = 1 + depth * np.sin(rows * (2 * np.pi * waves / HEIGHT) + index * 2.1)
        found = finder.find(expose(scene, index=index, light=bands.astype(np.float32)))
        assert len(found) == 3, index


def flickering(depth: float, waves: float, index: int, turn: float = 2.1) -> Light:
    """Light of the rows under a lamp whose wave begins elsewhere in every frame."""
    rows = np.arange(HEIGHT, dtype=np.float32)[:, None, None]
    light = 1 + depth * np.sin(rows * (2 * np.pi * waves / HEIGHT) + index * turn)
    return np.asarray(light, np.float32)


@pytest.mark.parametrize("waves", [0.8, 1.5, 3.0, 3.6])
@pytest.mark.parametrize("turn", [2 * np.pi * 100 / 60, 2 * np.pi * 119 / 60, 0.0])
def test_deep_flicker_makes_no_item_and_hides_none(waves: float, turn: float) -> None:
    finder = make_finder()
    few, full = lay(belt(), THREE), crosswise()
    for index in range(24):
        scene, count = (few, 3) if index < 12 else (full, 13)
        light = flickering(0.3, waves, index, turn)
        found = finder.find(expose(scene, index=index, light=light))
        assert len(found) == count and not finder.blind, index


def test_a_rectified_lamp_is_no_sine_but_understood_as_well() -> None:
    finder = make_finder()
    scene = lay(belt(), THREE)
    turns = np.arange(HEIGHT, dtype=np.float32)[:, None, None] * (1.5 / HEIGHT)
    for index in range(20):
        light = 0.62 + 0.6 * np.abs(np.sin(np.pi * (turns + index / 3)))
        assert len(finder.find(expose(scene, index=index, light=light.astype(np.float32)))) == 3


def test_a_lamp_that_begins_to_flicker_is_understood_and_may_stop_again() -> None:
    finder = make_finder()
    scene = lay(belt(), THREE)
    for index in range(60):
        light = flickering(0.3, 1.5, index) if 10 <= index < 40 else 1.0
        assert len(finder.find(expose(scene, index=index, light=light))) == 3, index


def test_a_lamp_that_flickers_and_fails_by_half_is_still_followed() -> None:
    finder = make_finder()
    scene = lay(belt(), THREE)
    for index in range(40):
        light = flickering(0.3, 1.5, index) * (1 if index < 20 else 0.55)
        assert len(finder.find(expose(scene, index=index, light=np.float32(light)))) == 3, index


def test_a_photo_shows_no_band() -> None:
    finder = make_finder()
    scene = lay(belt(), THREE)
    photos = []
    for index in range(12):
        found = finder.find(expose(scene, index=index, light=flickering(0.3, 1.5, index)))
        photos.append(found[0].photo(32).astype(np.float64)[12:20, 12:20].mean(axis=(0, 1)))
    assert np.ptp(photos, axis=0).max() < 0.08 * np.mean(photos)


@pytest.mark.parametrize("shade", [0.86, 0.8, 0.7])
@pytest.mark.parametrize("dry_px", [40, 90])
def test_a_wet_stripe_that_is_dry_in_places_is_taken_for_no_flicker(
    shade: float, dry_px: int
) -> None:
    finder = make_finder()
    finder.find(expose(belt()))
    for index in range(1, 30):
        wet = belt()
        wet[40:160] *= shade
        wet[40:160, 8 * index : 8 * index + dry_px] /= shade
        assert finder.find(expose(wet, index=index, tick=16.0 * index)) == []


@pytest.mark.parametrize("shade", [0.5, 1.26])
@pytest.mark.parametrize("lanes", [1, 2, 3])
def test_lanes_full_of_produce_of_the_belts_colour_are_taken_for_no_flicker(
    shade: float, lanes: int
) -> None:
    finder = make_finder()
    scene = belt()
    pitch_px = HEIGHT // lanes
    for lane in range(lanes):
        rows = slice(lane * pitch_px + pitch_px // 4, lane * pitch_px + 3 * pitch_px // 4)
        for left in range(20, WIDTH - 62, 95):
            scene[rows, left : left + 62] *= shade
    for index in range(20):
        assert len(finder.find(expose(scene, index=index, tick=8.0 * index))) == 4 * lanes


def test_the_same_fruit_looks_alike_in_every_band() -> None:
    finder = make_finder()
    scene = lay(belt(), THREE)
    rows = np.arange(HEIGHT, dtype=np.float32)[:, None, None]
    widths = []
    for index in range(40):
        bands = 1 + 0.1 * np.sin(rows * (2 * np.pi * 1.5 / HEIGHT) + index * 2.1)
        found = finder.find(expose(scene, index=index, light=bands.astype(np.float32)))
        widths.append([one.along.size_mm for one in found])
    assert np.ptp(widths[8:], axis=0).max() <= 4


def test_produce_of_the_belts_colour_that_fills_most_of_its_rows_is_taken_for_no_band() -> None:
    finder = make_finder()
    scene = belt()
    scene[60:110, 60:320] *= 1.26
    for index in range(10):
        assert len(finder.find(expose(scene, index=index, tick=8.0 * index))) == 1


def test_belt_that_is_dry_in_places_only_is_no_item() -> None:
    finder = make_finder()
    finder.find(expose(belt()))
    for index in range(1, 30):
        wet = belt()
        wet[40:160] *= 0.86
        wet[40:160, 8 * index : 8 * index + 90] /= 0.86
        assert finder.find(expose(wet, index=index, tick=16.0 * index)) == []


@pytest.mark.parametrize("noise_levels", [0, 2])
def test_a_camera_that_shows_black_for_a_while_is_blind_and_finds_everything_afterwards(
    noise_levels: int,
) -> None:
    finder = make_finder()
    rng = np.random.default_rng(1)
    scene = lay(belt(), THREE)
    with np.errstate(all="raise"):
        for index in range(80):
            frame = expose(scene, index=index)
            if 10 <= index < 40:
                noise = rng.integers(0, noise_levels, frame.pixels.shape, endpoint=True)
                frame = replace(frame, pixels=noise.astype(np.uint8))
            found = finder.find(frame)
            assert finder.blind == (10 <= index < 40)
            assert len(found) == (0 if finder.blind else 3)


def test_light_that_turns_from_cold_to_warm_is_followed() -> None:
    finder = make_finder()
    scene = lay(belt(), THREE)
    for index in range(80):
        warmth = 0.25 * index / 80
        tint = np.array([1 - warmth, 1.0, 1 + warmth / 2], np.float32)
        assert len(finder.find(expose(scene, index=index, light=tint))) == 3


def test_wet_patches_on_the_belt_are_no_items() -> None:
    finder = make_finder()
    finder.find(expose(belt()))
    for index in range(1, 30):
        wet = belt()
        wet[40:120, 8 * index : 8 * index + 90] *= 0.7
        assert finder.find(expose(wet, index=index, tick=16.0 * index)) == []


def test_a_belt_that_gets_dirty_within_ten_seconds_is_still_belt() -> None:
    finder = make_finder()
    clean, muddy = belt(), belt((110, 140, 160))
    for index in range(600):
        share = np.float32(index / 600)
        # Unevenly: one half of the belt gets dirtier than the other.
        uneven = np.where(np.arange(HEIGHT)[:, None, None] < HEIGHT // 2, share, share / 3)
        scene = (clean * (1 - uneven) + muddy * uneven).astype(np.float32)
        assert finder.find(expose(scene, index=index, tick=4.0 * index)) == []


def test_the_rails_beside_the_belt_are_no_items() -> None:
    finder = make_finder()
    scene = belt()
    scene[:16], scene[-12:] = (40, 40, 150), (30, 30, 30)
    fruit = lay(scene, THREE)
    for index in range(5):
        assert len(finder.find(expose(fruit, index=index))) == 3


def stained(scene: Light) -> Light:
    scene = scene.copy()
    scene[90:110, 120:145] *= np.array([0.3, 0.5, 0.6], np.float32)
    return scene


def test_a_stain_on_the_lens_is_no_item_any_more_once_the_belt_has_moved_on_under_it() -> None:
    finder = make_finder()
    seen = []
    for index in range(60):
        fruit = lay(belt(), [((20.0 * index) % 520 - 60, 40.0, 25.0)])
        found = finder.find(expose(stained(fruit), index=index, tick=40.0 * index))
        seen.append(sum(abs(one.across.middle_mm - 100) < 15 for one in found))
    assert seen[0] == 1
    assert sum(seen[40:]) == 0


def test_nothing_is_taken_for_a_stain_while_the_belt_stands() -> None:
    finder = make_finder()
    for index in range(100):
        assert len(finder.find(expose(stained(belt()), index=index))) == 1


def test_fruit_on_a_belt_that_has_jammed_under_a_running_encoder_is_not_taken_for_a_stain() -> None:
    finder = make_finder()
    jammed = lay(belt(), THREE)
    for index in range(60):
        assert len(finder.find(expose(jammed, index=index, tick=40.0 * index))) == 3


def test_fruit_in_a_regular_row_is_not_taken_for_a_stain() -> None:
    finder = make_finder()
    for index in range(60):
        # The pitch is the same as the belt's way between two frames: the image stands still.
        row = lay(belt(), [(50.0 + 100 * k, 100.0, 30.0) for k in range(4)])
        moved = np.roll(row, (index % 3) * 20, axis=1)
        found = finder.find(expose(moved, index=index, tick=2.0 * 120 * index))
        assert len([one for one in found if one.complete]) >= 3


def test_a_frame_without_any_belt_is_blind() -> None:
    finder = make_finder()
    chaos = np.random.default_rng(1).uniform(0, 255, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    assert finder.find(Frame(pixels=chaos, time_s=0, tick=0, index=0)) == []
    assert finder.blind


def test_sight_comes_back_with_the_belt() -> None:
    finder = make_finder()
    hand = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    hand[:] = np.random.default_rng(1).uniform(0, 255, hand.shape)
    scene = lay(belt(), THREE)
    finder.find(expose(scene))
    assert finder.find(expose(hand, index=1)) == [] and finder.blind
    assert len(finder.find(expose(scene, index=2))) == 3 and not finder.blind


def test_a_black_belt_shows_dark_green_fruit() -> None:
    finder = make_finder()
    scene = lay(belt((22, 24, 25)), THREE, colour=CUCUMBER)
    assert len(finder.find(expose(scene))) == 3


def test_a_blue_belt_shows_fruit_and_no_shadow() -> None:
    finder = make_finder()
    scene = lay(belt((150, 90, 40)), THREE)
    seen = finder.find(expose(scene))
    assert [one.along.size_mm for one in seen] == pytest.approx([60] * 3, abs=3)


def test_a_soft_shadow_does_not_move_the_middle_of_an_item() -> None:
    finder = make_finder()
    seen = finder.find(expose(lay(belt(GREY_BELT), THREE)))
    for one, (column, row, radius) in zip(seen, THREE, strict=True):
        assert one.from_reference_mm + WIDTH / 2 == pytest.approx(column + 0.5, abs=0.6)
        assert one.across.middle_mm == pytest.approx(row + 0.5, abs=0.6)
        assert one.along.size_mm == pytest.approx(2 * radius, abs=1.5)
