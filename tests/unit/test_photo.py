"""Photos as cameras, telephones and printers save them: the pixels come out right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from sorter.frame import Pixels
from sorter.photo import PhotoError, read_photo

RED, GREEN, BLUE, YELLOW = (200, 40, 30), (40, 180, 60), (30, 60, 210), (230, 220, 40)
"""As red, green, blue."""


def quarters() -> Pixels:
    """40 high, 60 wide, RGB: red and green above blue and yellow."""
    rows = [np.repeat([left, right], 30, axis=0) for left, right in ((RED, GREEN), (BLUE, YELLOW))]
    return np.repeat(np.stack(rows), 20, axis=0).astype(np.uint8)


def corners(photo: Pixels) -> list[tuple[int, ...]]:
    """Red, green, blue of the four corners, row by row."""
    return [tuple(map(int, photo[y, x, ::-1])) for y in (3, -3) for x in (3, -3)]


def near(found: list[tuple[int, ...]], wanted: list[tuple[int, ...]], levels: int = 4) -> bool:
    return bool(np.abs(np.array(found) - np.array(wanted)).max() <= levels)


@pytest.fixture
def image() -> Any:
    """The four quarters as an image of Pillow, which writes what OpenCV does not."""
    pillow = pytest.importorskip("PIL.Image", reason="needs the extra `train`")
    return pillow.fromarray(quarters())


@pytest.mark.parametrize("name", ["p.png", "p.bmp", "p.tif", "p.jpg", "p.webp"])
def test_colours_are_kept(tmp_path: Path, image: Any, name: str) -> None:
    options = {"quality": 98} | ({"subsampling": 0} if name == "p.jpg" else {})
    image.save(tmp_path / name, **options)
    assert near(corners(read_photo(tmp_path / name)), [RED, GREEN, BLUE, YELLOW], levels=8)


@pytest.mark.parametrize("name", ["p.jpg", "p.tif"])
def test_cmyk_becomes_the_colours_that_it_prints(tmp_path: Path, image: Any, name: str) -> None:
    options = {"quality": 98, "subsampling": 0} if name == "p.jpg" else {}
    image.convert("CMYK").save(tmp_path / name, **options)
    assert near(corners(read_photo(tmp_path / name)), [RED, GREEN, BLUE, YELLOW])


@pytest.mark.parametrize("name", ["p.png", "p.tif"])
def test_sixteen_bits_become_eight(tmp_path: Path, name: str) -> None:
    cv2.imwrite(str(tmp_path / name), quarters()[..., ::-1].astype(np.uint16) * 257)
    photo = read_photo(tmp_path / name)
    assert photo.dtype == np.uint8
    assert near(corners(photo), [RED, GREEN, BLUE, YELLOW], levels=1)


@pytest.mark.parametrize("levels", [1, 257])
def test_grey_photos_get_three_equal_channels(tmp_path: Path, levels: int) -> None:
    grey = quarters()[..., 1].astype(np.uint16 if levels > 1 else np.uint8) * levels
    cv2.imwrite(str(tmp_path / "p.png"), grey)
    assert corners(read_photo(tmp_path / "p.png")) == [(n, n, n) for n in (40, 180, 60, 220)]


def test_transparency_is_dropped(tmp_path: Path, image: Any) -> None:
    image.convert("RGBA").save(tmp_path / "p.png")
    assert corners(read_photo(tmp_path / "p.png")) == [RED, GREEN, BLUE, YELLOW]


TURNED = {
    1: [RED, GREEN, BLUE, YELLOW],
    2: [GREEN, RED, YELLOW, BLUE],
    3: [YELLOW, BLUE, GREEN, RED],
    4: [BLUE, YELLOW, RED, GREEN],
    5: [RED, BLUE, GREEN, YELLOW],
    6: [BLUE, RED, YELLOW, GREEN],
    7: [YELLOW, GREEN, BLUE, RED],
    8: [GREEN, YELLOW, RED, BLUE],
}
"""By EXIF orientation: the corners as they have to come out."""


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("name", ["p.jpg", "p.png"])
def test_a_photo_taken_sideways_stands_upright(
    tmp_path: Path, image: Any, name: str, orientation: int
) -> None:
    exif = image.getexif()
    exif[0x0112] = orientation
    options = {"quality": 98, "subsampling": 0} if name == "p.jpg" else {}
    image.save(tmp_path / name, exif=exif, **options)
    photo = read_photo(tmp_path / name)
    assert photo.shape[:2] == ((40, 60) if orientation < 5 else (60, 40))
    assert near(corners(photo), TURNED[orientation])


@pytest.mark.parametrize("data", [b"", b"text", b"\xff\xd8\xff no more", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_photo_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "p.jpg").write_bytes(data)
    with pytest.raises(PhotoError, match=r"p\.jpg: not a readable image"):
        read_photo(tmp_path / "p.jpg")


def test_a_folder_and_a_missing_file_are_no_photos(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "gone.jpg"):
        with pytest.raises(PhotoError, match="give the path of a photo"):
            read_photo(path)
