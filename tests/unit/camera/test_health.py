from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

from sorter.camera.brightness import ACCEPTED_S
from sorter.camera.health import SENTENCES, CameraFault, CameraHealth
from sorter.frame import Pixels

WIDTH, HEIGHT, FPS, SPEED_MM_PER_S, MM_PER_PX = 320, 180, 60, 300.0, 2.0
Spoil = Callable[[Pixels], Pixels]
Draw = Callable[[float, float | None], Pixels]


def belt(travel_mm: float, pitch_mm: float | None) -> Pixels:
    """A woven belt, and dark fruit crosswise on it at a pitch."""
    column = np.arange(WIDTH) - travel_mm / MM_PER_PX
    weave = 200 + 3 * np.sin(column * 2 * np.pi / 9)
    picture = np.repeat(weave[None, :], HEIGHT, axis=0)
    if pitch_mm is not None:
        rows = np.arange(HEIGHT)[:, None]
        along_mm = column * MM_PER_PX
        place = (along_mm % pitch_mm) - pitch_mm / 2
        reach = 45 + 6 * np.sin(np.floor(along_mm / pitch_mm) * 2.4)
        half = 17 * np.sqrt(np.clip(1 - ((rows - HEIGHT / 2) / reach) ** 2, 0, 1))
        picture = np.where(np.abs(place)[None, :] < half, 70, picture)
    noise = np.random.default_rng(round(travel_mm)).normal(0, 2, (HEIGHT, WIDTH))
    grey = cv2.GaussianBlur(np.clip(picture + noise, 0, 255).astype(np.uint8), (0, 0), 0.6)
    return np.asarray(cv2.merge([grey] * 3), np.uint8)


class Watch:
    """A camera's health over some time; only the frames that it looks at are drawn."""

    light: tuple[float, float, float] | None = None

    def __init__(self, pitch_mm: float | None = 120.0, draw: Draw = belt) -> None:
        self.health = CameraHealth()
        self.draw = draw
        self.time_s = 0.0
        self.travel_mm = 0.0
        self.pitch_mm = pitch_mm
        self.log: list[tuple[float, CameraFault, bool]] = []

    def run(self, for_s: float, spoil: Spoil = lambda pixels: pixels, speed: float = 1.0) -> None:
        until_s = self.time_s + for_s
        while self.time_s < until_s:
            self.time_s += 1 / FPS
            self.travel_mm += speed * SPEED_MM_PER_S / FPS
            if self.health._next_s is not None and self.time_s < self.health._next_s:
                continue
            pixels = spoil(self.draw(self.travel_mm, self.pitch_mm))
            for change in self.health.look(pixels, self.time_s, self.travel_mm, self.light):
                self.log.append((self.time_s, change.fault, change.active))
                assert change.sentence == (SENTENCES[change.fault] if change.active else "")

    @property
    def raised(self) -> list[CameraFault]:
        return [fault for _, fault, active in self.log if active]


def scaled(gain: float) -> Spoil:
    return lambda pixels: np.asarray(cv2.convertScaleAbs(pixels, alpha=gain), np.uint8)


def blurred(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), 4), np.uint8)


def spotted(pixels: Pixels) -> Pixels:
    shade = np.full(pixels.shape, 255, np.uint8)
    cv2.circle(shade, (100, 60), 8, (190, 190, 190), -1)
    return np.asarray(cv2.multiply(pixels, cv2.GaussianBlur(shade, (0, 0), 3), scale=1 / 255))


@pytest.mark.parametrize("pitch_mm", [None, 120.0, 60.0], ids=["empty", "loose", "dense"])
def test_a_healthy_camera_raises_nothing_however_dense_the_load(pitch_mm: float | None) -> None:
    watch = Watch(pitch_mm)
    watch.run(55)

    assert watch.log == []


def test_a_load_that_comes_and_goes_is_no_shift_of_the_exposure() -> None:
    watch = Watch(None)
    for pitch_mm in (None, 60.0, None, 45.0, 300.0):
        watch.pitch_mm = pitch_mm
        watch.run(8)

    assert watch.log == []


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (scaled(0.0), CameraFault.DARK),
        (scaled(0.05), CameraFault.DARK),
        (scaled(0.7), CameraFault.EXPOSURE),
        (scaled(1.35), CameraFault.EXPOSURE),
    ],
)
@pytest.mark.parametrize("pitch_mm", [None, 60.0], ids=["empty", "dense"])
def test_black_and_shifted_pictures_are_noticed_within_a_second_and_cleared(
    spoil: Spoil, fault: CameraFault, pitch_mm: float | None
) -> None:
    watch = Watch(pitch_mm)
    watch.run(3)
    watch.run(3, spoil)
    watch.run(3)

    (raised_s, raised, _), (cleared_s, cleared, active) = watch.log
    assert raised is cleared is fault
    assert raised_s - 3 < 1.0 and 6 < cleared_s < 7.5
    assert not active


def levels(fruit: float, light: float) -> Draw:
    """The same scene with another fruit on another belt."""

    def draw(travel_mm: float, pitch_mm: float | None) -> Pixels:
        picture = belt(travel_mm, pitch_mm).astype(np.float32)
        picture = light + (picture - 200) * (light - fruit) / 130
        return np.asarray(np.clip(picture, 0, 255), np.uint8)

    return draw


@pytest.mark.parametrize(("fruit", "gain"), [(40, 1.5), (40, 1.8), (180, 0.6), (220, 0.6)])
@pytest.mark.parametrize("pitch_mm", [60.0, 120.0], ids=["dense", "loose"])
def test_a_shift_soon_after_the_load_began_is_noticed_within_a_second(
    fruit: float, gain: float, pitch_mm: float
) -> None:
    watch = Watch(None, levels(fruit, 110))
    watch.run(30)
    watch.pitch_mm = pitch_mm
    watch.run(10)
    watch.run(5, scaled(gain))

    ((raised_s, fault, _),) = watch.log
    assert fault is CameraFault.EXPOSURE
    assert 40 < raised_s < 41


@pytest.mark.parametrize("pitch_mm", [None, 60.0], ids=["empty", "dense"])
def test_a_shift_of_the_colours_alone_is_noticed_within_a_second(pitch_mm: float | None) -> None:
    def redder(pixels: Pixels) -> Pixels:
        return np.asarray(np.clip(pixels * np.array([0.6, 1.0, 1.25]), 0, 255), np.uint8)

    watch = Watch(pitch_mm)
    watch.run(5)
    watch.run(3, redder)
    watch.run(3)

    (raised_s, fault, _), (_, _, cleared) = watch.log
    assert fault is CameraFault.EXPOSURE and not cleared
    assert 5 < raised_s < 6


def test_a_shift_that_a_changing_load_hides_is_told_by_the_belts_own_light() -> None:
    watch = Watch(200.0, levels(105, 155))
    watch.light = (155.0, 155.0, 155.0)
    watch.run(5)
    # What was belt in the picture is fruit now, as bright as the belt was.
    watch.pitch_mm, watch.light = 46.0, (232.5, 232.5, 232.5)
    watch.run(5, scaled(1.5))

    ((raised_s, fault, _),) = watch.log
    assert fault is CameraFault.EXPOSURE
    assert 5 < raised_s < 6


def test_a_finder_that_takes_fruit_for_belt_makes_no_shift_of_the_exposure() -> None:
    watch = Watch(60.0)
    watch.light = (200.0, 200.0, 200.0)
    watch.run(5)
    watch.light = (70.0, 70.0, 70.0)
    watch.run(5)

    assert watch.log == []


@pytest.mark.parametrize(
    ("flicker_hz", "fps"), [(100, 60), (120, 50), (120, 59.94), (100, 30), (100.1, 50)]
)
def test_a_lamp_that_flickers_is_no_shift_of_the_exposure(flicker_hz: float, fps: float) -> None:
    health = CameraHealth()
    pictures = [belt(10.0 * k, 120.0) // 2 for k in range(7)]
    for k in range(round(60 * fps)):
        gain = 1 + 0.3 * np.sin(2 * np.pi * flicker_hz * k / fps)
        assert health.look(scaled(gain)(pictures[k % 7]), k / fps, 0.0) == []


def test_a_shift_under_a_flickering_lamp_is_noticed_within_a_second() -> None:
    health = CameraHealth()
    pictures = [belt(10.0 * k, 120.0) // 2 for k in range(7)]
    raised_s = []
    for k in range(60 * 12):
        gain = (1 + 0.3 * np.sin(2 * np.pi * 100 * k / 60)) * (1.5 if k >= 600 else 1.0)
        for change in health.look(scaled(gain)(pictures[k % 7]), k / 60, 0.0):
            assert change.fault is CameraFault.EXPOSURE
            raised_s.append(k / 60)

    assert len(raised_s) == 1 and 10 < raised_s[0] < 11


def test_a_covered_lens_is_dark_although_the_sensor_shows_some_light() -> None:
    def covered(pixels: Pixels) -> Pixels:
        noise = np.random.default_rng(int(pixels.sum())).normal(20, 3, pixels.shape)
        return np.asarray(np.clip(noise, 0, 255), np.uint8)

    watch = Watch()
    watch.run(5)
    watch.run(40, covered)
    assert [(fault, active) for _, fault, active in watch.log] == [(CameraFault.DARK, True)]
    watch.run(3)

    assert [active for _, _, active in watch.log] == [True, False]


def test_a_shift_during_which_the_load_goes_still_stands() -> None:
    watch = Watch(60.0)
    watch.run(20)
    watch.run(2, scaled(0.7))
    watch.pitch_mm = None
    watch.run(5, scaled(0.7))

    assert [(fault, active) for _, fault, active in watch.log] == [(CameraFault.EXPOSURE, True)]


def test_a_new_brightness_that_stays_is_the_usual_one_in_the_end() -> None:
    watch = Watch(None)
    watch.run(3)
    watch.run(ACCEPTED_S + 3, scaled(0.7))

    assert [active for _, _, active in watch.log] == [True, False]


def test_a_light_that_drifts_slowly_is_no_fault() -> None:
    watch = Watch(None)
    for k in range(40):
        watch.run(1, scaled(1 - 0.2 * k / 40))

    assert watch.log == []


@pytest.mark.parametrize("pitch_mm", [120.0, 60.0], ids=["loose", "dense"])
def test_spots_on_the_lens_are_noticed_while_the_belt_moves(pitch_mm: float) -> None:
    watch = Watch(pitch_mm)
    watch.run(60, spotted)

    assert watch.raised == [CameraFault.DIRTY]


def test_lost_focus_is_noticed_by_the_outlines_of_the_items() -> None:
    watch = Watch()
    watch.run(10)
    watch.run(5, blurred)

    assert watch.raised == [CameraFault.FOCUS]
    assert watch.log[0][0] < 13


def test_a_fault_that_only_a_running_belt_shows_is_dropped_when_it_stands() -> None:
    watch = Watch()
    watch.run(10)
    watch.run(4, blurred)
    watch.run(4, blurred, speed=0.0)
    assert watch.log[-1][1:] == (CameraFault.FOCUS, False)
    watch.run(4, blurred)

    assert watch.raised == [CameraFault.FOCUS, CameraFault.FOCUS]


def test_a_standing_belt_is_no_dirt() -> None:
    watch = Watch()
    watch.run(2)
    watch.run(70, speed=0.0)

    assert watch.log == []


def test_a_picture_that_is_repeated_while_the_belt_moves_is_noticed_within_a_second() -> None:
    watch = Watch()
    watch.run(3)
    last = belt(watch.travel_mm, watch.pitch_mm)
    watch.run(2, lambda pixels: last)
    assert watch.health.untrusted is CameraFault.FROZEN
    watch.run(2)

    (raised_s, raised, _), (_, cleared, active) = watch.log
    assert raised is cleared is CameraFault.FROZEN and not active
    assert raised_s - 3 < 1.0
    assert watch.health.untrusted is None


def test_a_picture_that_stays_the_same_over_a_standing_belt_is_no_fault() -> None:
    watch = Watch()
    watch.run(3)
    last = belt(watch.travel_mm, watch.pitch_mm)
    watch.run(20, lambda pixels: last, speed=0.0)

    assert watch.log == []


def test_of_most_frames_only_some_pixels_are_looked_at() -> None:
    picture = belt(0, None)

    class Sparse:
        shape = picture.shape

        def __getitem__(self, grid: tuple[slice, slice]) -> Pixels:
            assert picture[grid].size <= 1200 * 3
            return picture[grid]

    health = CameraHealth()
    health.look(picture, 0.0, 0.0)

    for k in range(1, 8):
        assert health.look(Sparse(), k / FPS, 0.0) == []  # type: ignore[arg-type]


def test_small_and_odd_frames_are_looked_at_too() -> None:
    def frames() -> Iterator[Pixels]:
        for shape in ((64, 64), (17, 200), (12, 16), (480, 64)):
            yield np.full((*shape, 3), 120, np.uint8)

    for frame in frames():
        health = CameraHealth()
        looks = [health.look(frame + np.uint8(k), float(k), 10.0 * k) for k in range(4)]
        assert looks == [[]] * 4
