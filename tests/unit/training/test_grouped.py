from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.unit.training.folders import noise, write_photos
from training.errors import PhotosError
from training.grouped import Grouped, read_grouped
from training.groups import check_apart
from training.photos import scan
from training.progress import steps
from training.split import Way, split


def read(root: Path, way: Way = "random", *, group_copies: bool = True) -> Grouped[float]:
    with steps() as bars:
        return read_grouped(
            scan(root),
            lambda pixels: float(pixels.mean()),
            way=way,
            group_copies=group_copies,
            skip_unreadable=False,
            steps=bars,
        )


def together(read: Grouped[float], *names: str) -> bool:
    found = {
        f"{photo.grade}/{photo.path.name}": number
        for photo, number in zip(read.photos, read.groups, strict=True)
    }
    return len({found[name] for name in names}) == 1


def table(root: Path, *rows: str) -> None:
    (root / "photos.csv").write_text("\n".join(["path,grade,item,session", *rows]))


def test_each_photo_is_its_own_group_unless_something_ties_it(tmp_path: Path) -> None:
    result = read(write_photos(tmp_path))
    assert len(set(result.groups)) == len(result.photos) == len(result.results) == 24
    assert result.notes() == []


def test_a_changed_copy_is_grouped_with_its_original(tmp_path: Path) -> None:
    write_photos(tmp_path)
    photo = cv2.imread(str(tmp_path / "L" / "3.png"))
    cv2.imwrite(str(tmp_path / "L" / "90.png"), np.rot90(photo))
    assert together(read(tmp_path), "L/3.png", "L/90.png")
    assert not together(read(tmp_path, group_copies=False), "L/3.png", "L/90.png")


def test_copies_under_two_grades_are_named(tmp_path: Path) -> None:
    write_photos(tmp_path)
    cv2.imwrite(str(tmp_path / "M" / "90.png"), noise(3)[::-1])
    (note,) = read(tmp_path).notes()
    assert note.startswith("the same item lies under two grades; decide on one: ")
    assert f"{tmp_path / 'L' / '3.png'}, {tmp_path / 'M' / '90.png'}" in note


def test_views_of_one_item_are_grouped(tmp_path: Path) -> None:
    write_photos(tmp_path)
    table(tmp_path, "L/0.png,L,7,mon", "L/1.png,L,7,mon", "L/2.png,L,7,tue", "M/0.png,M,,mon")
    result = read(tmp_path, group_copies=False)
    assert together(result, "L/0.png", "L/1.png")
    assert not together(result, "L/0.png", "L/2.png")
    assert len(set(result.groups)) == 23


def test_views_of_too_few_items_are_refused_before_they_are_read(tmp_path: Path) -> None:
    write_photos(tmp_path)
    (tmp_path / "L" / "0.png").write_text("cannot be read")
    table(tmp_path, *(f"L/{n}.png,L,{n // 6}," for n in range(12)))
    with pytest.raises(PhotosError, match="L has 2; each grade needs at least 10"):
        read(tmp_path)


def test_sessions_stay_whole_when_they_are_what_is_split(tmp_path: Path) -> None:
    write_photos(tmp_path)
    table(tmp_path, *(f"{g}/{n}.png,{g},,day {n % 4}" for g in "LM" for n in range(12)))
    assert len(set(read(tmp_path).groups)) == 24
    result = read(tmp_path, "sessions", group_copies=False)
    assert len(set(result.groups)) == 4
    parts = split([p.grade for p in result.photos], result.groups, way="sessions")
    check_apart([p.session or "" for p in result.photos], parts)
    assert len(set(parts)) == 4


def test_photos_without_a_session_cannot_be_split_by_it(tmp_path: Path) -> None:
    write_photos(tmp_path)
    with pytest.raises(PhotosError, match="24 of 24 photos have no session"):
        read(tmp_path, "sessions")
