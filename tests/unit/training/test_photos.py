from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.unit.training.folders import noise, write_photos
from training.errors import PhotosError
from training.photos import LISTED, Photo, auto_size, digest, name_some, read_all, scan


def silent(note: str) -> None:
    """Show nothing."""


def test_photos_come_by_grade_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    found = scan(write_photos(tmp_path, per_grade=12))
    assert [photo.path.name for photo in found[:12]] == [f"{n}.png" for n in range(12)]
    assert [photo.grade for photo in found] == ["L"] * 12 + ["M"] * 12


def test_hidden_and_system_files_are_no_photos(tmp_path: Path) -> None:
    write_photos(tmp_path, per_grade=1)
    for name in (".DS_Store", "Thumbs.db", "desktop.ini"):
        (tmp_path / "L" / name).write_bytes(b"x")
    (tmp_path / ".cache").mkdir()
    assert len(scan(tmp_path)) == 2


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PhotosError, match="gone: does not exist"):
        scan(tmp_path / "gone")


def test_a_file_is_no_folder_of_photos(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(b"x")
    with pytest.raises(PhotosError, match="is a file"):
        scan(tmp_path / "photo.png")


def test_a_folder_without_grades_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PhotosError, match="no sub-folders"):
        scan(tmp_path)


def test_a_grade_without_photos_is_named(tmp_path: Path) -> None:
    write_photos(tmp_path)
    (tmp_path / "S").mkdir()
    with pytest.raises(PhotosError, match="S: has no photos"):
        scan(tmp_path)


def test_folders_in_a_grades_folder_are_not_passed_over_in_silence(tmp_path: Path) -> None:
    write_photos(tmp_path)
    (tmp_path / "L" / "day1").mkdir()
    with pytest.raises(PhotosError, match=r"L: holds folders \(.*day1\); move their photos"):
        scan(tmp_path)


@pytest.mark.parametrize("target", ["loop.png", "gone.png"])
def test_a_link_that_leads_nowhere_is_named(tmp_path: Path, target: str) -> None:
    write_photos(tmp_path)
    (tmp_path / "L" / "loop.png").symlink_to(target)
    with pytest.raises(PhotosError, match=r"loop\.png: neither a file nor a folder"):
        scan(tmp_path)


def test_a_pipe_among_the_photos_is_named_and_not_read(tmp_path: Path) -> None:
    write_photos(tmp_path)
    os.mkfifo(tmp_path / "M" / "pipe.jpg")
    with pytest.raises(PhotosError, match=r"pipe\.jpg: neither a file nor a folder"):
        scan(tmp_path)


def test_a_folder_that_links_to_itself_ends(tmp_path: Path) -> None:
    write_photos(tmp_path)
    (tmp_path / "again").symlink_to(".")
    with pytest.raises(PhotosError, match="again: holds folders"):
        scan(tmp_path)


def test_a_folder_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_photos(tmp_path)
    entries = Path.iterdir

    def closed(folder: Path) -> Iterator[Path]:
        if folder.name == "M":
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        return entries(folder)

    monkeypatch.setattr(Path, "iterdir", closed)
    with pytest.raises(PhotosError, match="M: Permission denied; allow yourself to read"):
        scan(tmp_path)


def test_unreadable_files_are_named_and_refused(tmp_path: Path) -> None:
    write_photos(tmp_path, per_grade=2)
    (tmp_path / "L" / "notes.txt").write_text("these are the best ones")
    (tmp_path / "M" / "cut.png").write_bytes((tmp_path / "M" / "0.png").read_bytes()[:60])
    with pytest.raises(PhotosError, match=r"2 of 6 .*notes\.txt.*cut\.png.*--skip-unreadable"):
        read_all(scan(tmp_path), digest, skip_unreadable=False, advance=silent)


def test_unreadable_files_can_be_left_out_and_are_listed(tmp_path: Path) -> None:
    write_photos(tmp_path, per_grade=2)
    (tmp_path / "L" / "empty.png").touch()
    read, results, left_out = read_all(scan(tmp_path), digest, skip_unreadable=True, advance=silent)
    assert len(read) == len(results) == 4
    assert left_out == [tmp_path / "L" / "empty.png"]


def test_results_keep_the_order_of_the_photos(tmp_path: Path) -> None:
    found = scan(write_photos(tmp_path, per_grade=80))
    _, results, _ = read_all(found, digest, skip_unreadable=False, advance=silent)
    assert results[:80] == [digest(noise(n)) for n in range(80)]


def test_a_digest_tells_photos_apart_by_shape_too() -> None:
    flat = np.zeros((2, 8, 3), np.uint8)
    assert digest(flat) != digest(flat.reshape(4, 4, 3))
    assert digest(flat) == digest(flat.copy())


def test_a_long_list_is_cut_and_counted() -> None:
    assert name_some([Path(str(n)) for n in range(LISTED + 3)]).endswith("19 and 3 more")


@pytest.mark.parametrize(("photo_px", "input_px"), [(16, 32), (32, 32), (70, 64), (500, 96)])
def test_the_automatic_size_invents_no_pixels(tmp_path: Path, photo_px: int, input_px: int) -> None:
    import cv2

    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), noise(0, photo_px))
    assert auto_size([Photo(path=path, grade="L")]) == input_px
