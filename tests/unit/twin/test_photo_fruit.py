"""Items cut out of photos and laid on the belt."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from sorter.bundle import Grade
from sorter.errors import SorterError
from sorter.finding.notches import deepest_notch_px
from sorter.frame import Pixels
from sorter.photo import list_photos, read_photo
from sorter.twin.cutout_photo import WORKING_PX, cut_out
from sorter.twin.photo_fruit import PhotoCrop
from tests.shared_data import shared_data

GROUND = (150, 155, 160)
GRADES = [Grade(name="good", worth=2), Grade(name="bad", worth=1)]
MM_PER_PX = 0.5


def photo(
    *,
    axes: tuple[int, int] = (60, 40),
    skin: tuple[int, int, int] = (40, 190, 220),
    side: int = 200,
) -> Pixels:
    """An ellipse with a soft shadow, a little off the middle of a rough ground."""
    rng = np.random.default_rng(1)
    picture = np.full((side, side, 3), GROUND, np.float32)
    shadow = np.zeros((side, side), np.float32)
    cv2.ellipse(shadow, (side // 2 + 8, side // 2 + 10), axes, 20, 0, 360, 1.0, -1)
    picture *= 1 - 0.3 * cv2.GaussianBlur(shadow, (0, 0), 4)[:, :, None]
    cv2.ellipse(picture, (side // 2 + 4, side // 2 - 3), axes, 20, 0, 360, skin, -1)
    picture += rng.normal(0, 5, picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


def folder(place: Path) -> Path:
    for name, skin in (("good", (40, 190, 220)), ("bad", (30, 60, 90))):
        (place / name).mkdir()
        for number, axes in enumerate([(60, 40), (50, 35), (45, 42)]):
            assert cv2.imwrite(str(place / name / f"{number}.png"), photo(axes=axes, skin=skin))
    return place


def test_an_item_is_cut_out_along_its_outline_without_its_shadow() -> None:
    found = cut_out(photo())
    assert found is not None
    area_px = found.cover.sum() / found.scale**2
    assert area_px == pytest.approx(np.pi * 60 * 40, rel=0.06)
    assert found.background == pytest.approx(GROUND, abs=6)


def test_an_empty_photo_has_no_item() -> None:
    rng = np.random.default_rng(1)
    empty = rng.normal(150, 6, (200, 200, 3)).astype(np.uint8)
    assert cut_out(empty) is None


def test_a_small_photo_gives_a_smooth_outline() -> None:
    found = cut_out(cv2.resize(photo(), (32, 32), interpolation=cv2.INTER_AREA))
    assert found is not None
    assert found.cover.sum() / found.scale**2 == pytest.approx(
        np.pi * 60 * 40 * (32 / 200) ** 2, rel=0.12
    )


def test_the_steps_of_a_coarse_photo_are_no_deep_notches_of_its_item() -> None:
    fine = np.full((512, 512, 3), GROUND, np.uint8)
    cv2.line(fine, (90, 230), (420, 290), (40, 70, 30), 64, cv2.LINE_AA)
    found = cut_out(cv2.resize(fine, (32, 32), interpolation=cv2.INTER_NEAREST))
    assert found is not None
    mask = (found.cover > 0.5).astype(np.uint8)
    (contour,), _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    step_px = found.scale
    assert deepest_notch_px(contour) < 0.7 * step_px


def test_a_part_of_the_ground_that_has_another_colour_is_no_item() -> None:
    picture = photo(skin=(40, 90, 60))
    picture[:120, :100] = (90, 95, 100)
    assert cut_out(picture) is None


def test_an_item_lies_on_the_belt_in_its_true_size(tmp_path: Path) -> None:
    crop = PhotoCrop(folder(tmp_path), grades=GRADES, photo_mm=100).crop
    fruit = crop.grow("good", np.random.default_rng(2))
    sprite = crop.draw(fruit, MM_PER_PX).sprite
    found = cut_out(read_photo(fruit.path))
    assert found is not None
    area_mm2 = (1 - sprite.passing[:, :, 0] / 255 > 0.5).sum() * MM_PER_PX**2
    assert area_mm2 == pytest.approx(found.cover.sum() * (100 / WORKING_PX) ** 2, rel=0.05)


def test_an_item_can_be_turned(tmp_path: Path) -> None:
    crop = PhotoCrop(folder(tmp_path), grades=GRADES, photo_mm=100).crop
    fruit = crop.grow("good", np.random.default_rng(2))
    one, other = (crop.draw(fruit.lying(angle), MM_PER_PX).sprite for angle in (90.0, 180.0))
    assert one.along_mm == pytest.approx(other.across_mm, abs=1.5)
    assert one.across_mm == pytest.approx(other.along_mm, abs=1.5)


def test_every_photo_of_a_grade_comes_once_before_any_comes_again(tmp_path: Path) -> None:
    crop = PhotoCrop(folder(tmp_path), grades=GRADES, photo_mm=100).crop
    rng = np.random.default_rng(3)
    assert {crop.grow("bad", rng).path.name for _ in range(3)} == {"0.png", "1.png", "2.png"}


def test_a_photo_without_an_item_is_skipped_and_told(tmp_path: Path) -> None:
    place = folder(tmp_path)
    rng = np.random.default_rng(1)
    cv2.imwrite(str(place / "bad" / "none.png"), rng.normal(150, 6, (200, 200, 3)).astype(np.uint8))
    photos = PhotoCrop(place, grades=GRADES, photo_mm=100)
    names = {photos.crop.grow("bad", rng).path.name for _ in range(4)}
    assert names == {"0.png", "1.png", "2.png"}
    assert [path.name for path in photos.skipped] == ["none.png"]


def test_the_belt_gets_the_colour_of_the_photos_ground(tmp_path: Path) -> None:
    ground = PhotoCrop(folder(tmp_path), grades=GRADES, photo_mm=100).ground()
    assert ground == pytest.approx(GROUND, abs=6)


def test_a_grade_without_photos_is_refused(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    with pytest.raises(SorterError, match="good: no photos; --photos wants a folder with one"):
        PhotoCrop(tmp_path, grades=GRADES, photo_mm=100)


@pytest.mark.parametrize(
    ("folder_name", "share"), [("lemons/good_quality", 0.95), ("cucumber9/L", 0.9)]
)
def test_nearly_every_real_photo_gives_an_item(folder_name: str, share: float) -> None:
    found = [cut_out(read_photo(path)) for path in list_photos(shared_data(folder_name))[::40][:10]]
    cut = [one for one in found if one is not None]
    assert len(cut) >= share * len(found)
    assert all(0.02 < one.cover.mean() < 0.9 for one in cut)
