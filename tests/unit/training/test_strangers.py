from __future__ import annotations

import cv2
import numpy as np
import pytest

from sorter.frame import Pixels
from sorter.preprocess import Preprocess
from sorter.stranger import Familiar, describe
from training.labelled import Labelled
from training.strangers import familiar

PREPROCESS = Preprocess(size_px=32)
GREEN, YELLOW, RED = (60, 160, 70), (200, 190, 60), (190, 40, 40)


def photos(count: int, *colours: tuple[int, int, int], seed: int = 0) -> Labelled:
    """Round fruit of each colour on a dark belt, as they vary."""
    random = np.random.default_rng(seed)
    made, labels = [], []
    for label, colour in enumerate(colours):
        for _ in range(count):
            photo = np.full((32, 32, 3), (50, 60, 50), np.uint8)
            shade = tuple(int(c) for c in np.array(colour) + random.normal(0, 8, 3))
            middle = tuple(int(c) for c in random.integers(14, 19, 2))
            cv2.circle(photo, middle, int(random.integers(8, 12)), shade, -1)
            made.append(np.clip(photo + random.normal(0, 4, photo.shape), 0, 255).astype(np.uint8))
            labels.append(label)
    return Labelled(inputs=np.stack(made), labels=np.array(labels))


@pytest.fixture(scope="module")
def learned() -> Familiar:
    known = photos(60, GREEN, YELLOW), photos(25, GREEN, YELLOW, seed=1)
    return familiar(*known, PREPROCESS, seed=0, advance=lambda note: None)


def strange_share(learned: Familiar, shown: list[Pixels] | np.ndarray) -> float:
    described = np.stack([describe(photo, "RGB") for photo in shown])
    return float((learned.strangeness(described) > 1).mean())


def test_hardly_any_fruit_of_the_known_kinds_is_strange(learned: Familiar) -> None:
    assert strange_share(learned, photos(200, GREEN, YELLOW, seed=2).inputs) <= 0.03


def test_known_fruit_in_somewhat_other_light_is_hardly_strange(learned: Familiar) -> None:
    known = photos(200, GREEN, YELLOW, seed=3).inputs
    for gain in (0.9, 1.1):
        lit = np.clip(known * gain, 0, 255).astype(np.uint8)
        assert strange_share(learned, lit) <= 0.1


def test_another_fruit_and_an_empty_belt_are_strange(learned: Familiar) -> None:
    assert strange_share(learned, photos(100, RED, seed=4).inputs) >= 0.95
    assert strange_share(learned, [np.full((32, 32, 3), (50, 60, 50), np.uint8)]) == 1.0


def test_the_bars_of_the_letterbox_alone_make_no_stranger() -> None:
    def barred(seed: int, count: int) -> Labelled:
        plain = photos(count, GREEN, YELLOW, seed=seed)
        squeezed = [PREPROCESS(np.ascontiguousarray(one[6:26, :, ::-1])) for one in plain.inputs]
        return Labelled(inputs=np.stack(squeezed), labels=plain.labels)

    learned = familiar(barred(0, 60), barred(1, 25), PREPROCESS, seed=0, advance=lambda note: None)
    assert strange_share(learned, barred(2, 100).inputs) <= 0.03


def test_photos_that_are_all_alike_do_not_fail() -> None:
    flat = Labelled(inputs=np.full((20, 32, 32, 3), 90, np.uint8), labels=np.arange(20) % 2)
    learned = familiar(flat, flat, PREPROCESS, seed=0, advance=lambda note: None)
    assert strange_share(learned, flat.inputs) == 0.0


def test_the_same_photos_and_seed_give_the_same_limit() -> None:
    known = photos(20, GREEN, YELLOW), photos(5, GREEN, YELLOW, seed=1)
    one, other = (familiar(*known, PREPROCESS, seed=7, advance=lambda note: None) for _ in "ab")
    assert one.above == other.above
