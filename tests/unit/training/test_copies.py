from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from sorter.frame import Pixels
from training.copies.pairs import ROUNDS, pairs
from training.copies.picture import SIDE_PX, picture

HEIGHT, WIDTH = 96, 120


def fruit(seed: int) -> Pixels:
    """A speckled fruit on a rough ground, like no other seed's in the detail."""
    random = np.random.default_rng(seed)

    def blotches(size_px: float) -> np.ndarray:
        noise = random.normal(0, 1, (HEIGHT, WIDTH)).astype(np.float32)
        return cv2.GaussianBlur(noise, (0, 0), size_px)[..., None]

    photo = np.full((HEIGHT, WIDTH, 3), 120, np.float32) + 150 * blotches(2)
    inside = np.zeros((HEIGHT, WIDTH), np.uint8)
    axes = tuple(int(n) for n in random.integers(25, 40, 2))
    cv2.ellipse(
        inside, (WIDTH // 2, HEIGHT // 2), axes, float(random.uniform(0, 180)), 0, 360, 1, -1
    )
    spots = cv2.GaussianBlur(random.normal(0, 1, (HEIGHT, WIDTH)).astype(np.float32), (0, 0), 1.5)
    skin = np.array([60, 190, 210], np.float32) + 120 * spots[..., None]
    return np.clip(np.where(inside[..., None] > 0, skin, photo), 0, 255).astype(np.uint8)


def turned(photo: Pixels, angle: float) -> Pixels:
    warp = cv2.getRotationMatrix2D(((WIDTH - 1) / 2, (HEIGHT - 1) / 2), angle, 1)
    return np.asarray(cv2.warpAffine(photo, warp, (WIDTH, HEIGHT)))


def cropped(photo: Pixels) -> Pixels:
    return np.asarray(cv2.resize(photo[10:90, 20:118], (WIDTH, HEIGHT)))


def relit(photo: Pixels) -> Pixels:
    return np.clip(photo.astype(np.float32) * 1.3 + 10, 0, 255).astype(np.uint8)


def saved_again(photo: Pixels) -> Pixels:
    data = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, 50])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))


CHANGES: dict[str, Callable[[Pixels], Pixels]] = {
    "a quarter turn": lambda photo: np.rot90(photo).copy(),
    "a mirror image": lambda photo: photo[:, ::-1].copy(),
    "a mirror image, turned": lambda photo: np.rot90(photo[::-1], 3).copy(),
    "a small turn": lambda photo: turned(photo, 12),
    "a large turn": lambda photo: turned(photo, 131),
    "a crop": lambda photo: photo[8:88, 5:100],
    "an enlarged crop": cropped,
    "other light": relit,
    "a worse JPEG": saved_again,
    "a smaller size": lambda photo: np.asarray(cv2.resize(photo, (60, 48))),
    "all at once": lambda photo: saved_again(relit(cropped(photo)))[:, ::-1].copy(),
}


def found(photos: list[Pixels]) -> set[tuple[int, int]]:
    return {(p.one, p.other) for p in pairs([picture(p) for p in photos], lambda note: None)}


@pytest.mark.parametrize("change", CHANGES)
def test_a_copy_is_found_among_other_photos(change: str) -> None:
    photos = [fruit(seed) for seed in range(12)]
    assert found([*photos, CHANGES[change](photos[5])]) == {(5, 12)}


def test_different_fruit_are_no_copies() -> None:
    assert found([fruit(seed) for seed in range(20)]) == set()


def test_different_fruit_on_the_same_ground_are_no_copies() -> None:
    ground = fruit(0)
    photos = []
    for seed in range(1, 9):
        photo = ground.copy()
        photo[30:66, 40:80] = fruit(seed)[30:66, 40:80]
        photos.append(photo)
    assert found(photos) == set()


def test_flat_photos_are_no_copies() -> None:
    flat = [np.full((40, 40, 3), level, np.uint8) for level in (0, 90, 91, 255)]
    assert found(flat) == set()


@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (300, 2), (17, 900)])
def test_photos_of_any_shape_are_compared(shape: tuple[int, int]) -> None:
    odd = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    assert min(picture(odd).shape) <= SIDE_PX
    assert (0, 1) not in found([fruit(1), odd])


def test_the_search_reports_its_progress_and_needs_two_photos() -> None:
    steps: list[str] = []
    pairs([picture(fruit(n)) for n in range(4)], steps.append)
    assert len(steps) == 4 * ROUNDS
    assert pairs([picture(fruit(0))], steps.append) == []
