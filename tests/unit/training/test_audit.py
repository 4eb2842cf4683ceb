from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

import sorter.photo
from sorter.frame import Pixels
from tests.unit.training.test_copies import fruit
from training.audit import files
from training.audit.audit import Audit, audit
from training.audit.border import border
from training.audit.labels import suspects
from training.audit.out_of_fold import FEWEST
from training.audit.page import write_page
from training.copies.pairs import named_alike
from training.errors import PhotosError
from training.progress import steps

pytest.importorskip("cleanlab", reason="needs the extra `train`")


def look(root: Path) -> Audit:
    with steps() as bars:
        return audit(root, bars)


def save(path: Path, photo: Pixels) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), photo)


def good(seed: int) -> Pixels:
    return fruit(seed)


def bad(seed: int) -> Pixels:
    """Brown instead of yellow; the corners are as those of the others."""
    photo = fruit(seed)
    middle = photo[20:76, 25:95]
    photo[20:76, 25:95] = (middle * np.array([1.0, 0.6, 0.7])).astype(np.uint8)
    return photo


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("clean") / "photos"
    for number in range(14):
        save(root / "good" / f"{number}.png", good(number))
        save(root / "bad" / f"{number}.png", bad(100 + number))
    return root


@pytest.fixture(scope="module")
def spoilt(clean: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clean folder with one of each fault."""
    root = tmp_path_factory.mktemp("spoilt") / "photos"
    for path in clean.rglob("*.png"):
        save(root / path.parent.name / path.name, cv2.imread(str(path)))
    whole = cv2.imencode(".jpg", good(200))[1].tobytes()
    (root / "good" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (root / "good" / "text.jpg").write_text("no photo")
    (root / "good" / "empty.jpg").touch()
    (root / "good" / "misnamed.png").write_bytes(whole)
    changed = bytearray((root / "good" / "0.png").read_bytes())
    changed[-30] ^= 1
    (root / "good" / "changed.png").write_bytes(changed)
    save(root / "good" / "copy.png", good(3))
    save(root / "good" / "turned.png", np.rot90(good(4)).copy())
    save(root / "bad" / "relabelled.png", good(5)[:, ::-1].copy())
    save(root / "bad" / "wrong.png", good(201))
    save(root / "good" / "tiny.png", cv2.resize(good(202), (16, 12)))
    save(root / "good" / "grey.png", cv2.cvtColor(cv2.cvtColor(good(203), 6), 8))
    save(root / "good" / "dark.png", good(204) // 12)
    save(root / "good" / "bright.png", np.full((50, 50, 3), 254, np.uint8))
    save(root / "good" / "blurred.png", cv2.GaussianBlur(good(205), (0, 0), 3))
    return root


@pytest.fixture(scope="module")
def found(spoilt: Path) -> Audit:
    return look(spoilt)


def kinds(found: Audit, path: str) -> set[str]:
    return {one.kind for one in found.problems if one.path == path}


def test_a_clean_folder_has_no_findings(clean: Path) -> None:
    result = look(clean)
    assert result.clean
    assert result.images == 28
    assert result.notes == [
        "few different photos: bad (14), good (14); from 50 a grade on it becomes useful"
    ]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("misnamed.png", "wrong_extension"),
        ("tiny.png", "tiny"),
        ("grey.png", "grey"),
        ("dark.png", "dark"),
        ("bright.png", "bright"),
        ("blurred.png", "blurred"),
    ],
)
def test_a_spoilt_photo_is_found_and_named(found: Audit, name: str, kind: str) -> None:
    assert kind in kinds(found, f"good/{name}")


def test_files_that_cannot_be_used_are_corrupt(found: Audit) -> None:
    names = ["changed.png", "cut.jpg", "empty.jpg", "text.jpg"]
    assert sorted(found.corrupt) == [f"good/{name}" for name in names]


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("cut.jpg", "the JPEG has no end"),
        ("changed.png", "a checksum of the PNG is wrong"),
        ("text.jpg", "not a readable image"),
        ("empty.jpg", "not a readable image"),
    ],
)
def test_it_is_said_why_a_file_is_corrupt(found: Audit, name: str, detail: str) -> None:
    # Some versions of OpenCV read what is left of a cut file.
    assert kinds(found, f"good/{name}") <= {"corrupt", "truncated"}
    assert any(p.detail.startswith(detail) for p in found.problems if p.path == f"good/{name}")


def test_a_huge_photo_is_found(tmp_path: Path) -> None:
    save(tmp_path / "long.png", cv2.resize(good(1), (8100, 40)))
    seen = files.look(tmp_path / "long.png")
    assert isinstance(seen, files.Looked)
    assert [one.kind for one in seen.findings] == ["huge"]


def test_a_file_that_is_too_large_to_read_is_huge_and_not_torn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "big.jpg").write_bytes(cv2.imencode(".jpg", good(1))[1].tobytes())
    for module in (files, sorter.photo):
        monkeypatch.setattr(module, "MAX_PHOTO_BYTES", 2**10)
    seen = files.look(tmp_path / "big.jpg")
    assert isinstance(seen, files.Finding)
    assert seen.kind == "huge"
    assert "larger than" in seen.detail


def test_a_file_that_cannot_be_opened_is_corrupt_and_ends_nothing(tmp_path: Path) -> None:
    seen = files.look(tmp_path / "gone.jpg")
    assert isinstance(seen, files.Finding)
    assert (seen.kind, seen.detail) == (
        "corrupt",
        "No such file or directory; give the path of a photo",
    )


def test_exact_copies_are_no_near_ones(found: Audit) -> None:
    assert ["good/copy.png", "good/3.png"] in found.exact_duplicates
    assert not [g for g in found.near_duplicate_groups if "good/copy.png" in g]


def test_a_turned_copy_is_found(found: Audit) -> None:
    assert ["good/turned.png", "good/4.png"] in found.near_duplicate_groups


def test_a_mirrored_copy_under_another_grade_is_a_conflict(found: Audit) -> None:
    assert found.conflicting_labels == [["bad/relabelled.png", "good/5.png"]]


def test_a_photo_in_the_wrong_folder_is_suspect(found: Audit) -> None:
    assert "bad/wrong.png" in found.suspect_labels
    (detail,) = [p.detail for p in found.problems if p.path == "bad/wrong.png"]
    assert detail.startswith("looks like good; ")


def test_what_scripts_read_has_the_promised_keys(found: Audit) -> None:
    result = json.loads(json.dumps(found.as_dict()))
    keys = {"images", "corrupt", "exact_duplicates", "near_duplicate_groups"}
    assert keys | {"conflicting_labels", "suspect_labels"} <= set(result)
    assert result["images"] == 28 + 14
    assert set(result["border"]) == {"accuracy", "accuracy_low", "baseline", "tells"}


def test_the_page_shows_the_photos_and_needs_no_network(found: Audit, tmp_path: Path) -> None:
    write_page(tmp_path / "audit.html", found)
    page = (tmp_path / "audit.html").read_text()
    assert page.count("data:image/jpeg;base64,") >= 12
    assert "http" not in page
    assert "The same photo under several grades (1 groups)" in page


def test_names_on_the_page_are_text_and_no_markup(tmp_path: Path) -> None:
    root = tmp_path / "<b>photos"
    for name in ("<script>alert(1)<", "&amp;"):
        save(root / "good" / f"{name.replace('/', '')}.png", good(1))
    write_page(tmp_path / "audit.html", look(root))
    page = (tmp_path / "audit.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "&amp;amp;" in page


def test_uneven_grades_are_noted_and_not_checked(tmp_path: Path) -> None:
    for number in range(10):
        save(tmp_path / "good" / f"{number}.png", good(number))
    save(tmp_path / "bad" / "0.png", bad(50))
    notes = look(tmp_path).notes
    assert "uneven: good has 10 different photos, bad only 1" in notes[0]
    assert any("grades were not checked" in note for note in notes)


def test_a_folder_of_nothing_but_broken_files_is_audited(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "0.png").write_bytes(b"x")
    assert look(tmp_path).corrupt == ["good/0.png"]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PhotosError, match="no sub-folders"):
        look(tmp_path)


def test_copies_of_a_photo_do_not_vouch_for_its_grade() -> None:
    smalls = [cv2.resize(one, (32, 32)) for n in range(15) for one in (good(n), bad(n + 50))]
    grades = ["good", "bad"] * 15
    wrong = [cv2.resize(good(99), (32, 32))] * 4
    result = suspects([*smalls, *wrong], [*grades, *["bad"] * 4], [*range(30), *[30] * 4])
    assert result is not None
    assert {one.index for one in result} >= {30, 31, 32, 33}


def shaded(seed: int, level: int) -> Pixels:
    """A fruit on a ground that is as bright as the lamp of its grade."""
    photo = cv2.resize(fruit(seed), (32, 32))
    photo[:6] = photo[-6:] = np.clip(np.random.default_rng(seed).normal(level, 8), 0, 255)
    return np.asarray(photo, np.uint8)


def test_light_that_gives_the_grade_away_is_noted() -> None:
    grades = ["good", "bad"] * 25
    smalls = [shaded(n, 150 if grade == "good" else 100) for n, grade in enumerate(grades)]
    seen = border(smalls, grades, list(range(50)))
    assert seen is not None
    assert seen.tells
    assert seen.accuracy > 0.9
    assert "told from the corners of the photos alone" in seen.note()[0]


def test_light_that_is_the_same_for_all_grades_is_not_noted() -> None:
    grades = ["good", "bad"] * 25
    seen = border([shaded(n, 120) for n in range(50)], grades, list(range(50)))
    assert seen is not None
    assert not seen.tells
    assert seen.note() == []


def test_too_few_photos_say_nothing_about_grades() -> None:
    small = [np.zeros((32, 32, 3), np.uint8)] * 2 * (FEWEST - 1)
    grades = ["a", "b"] * (FEWEST - 1)
    assert suspects(small, grades, list(range(len(small)))) is None
    assert border(small, grades, list(range(len(small)))) is None


def test_names_hint_at_copies() -> None:
    paths = ["L/7.jpg", "M/7_flip.jpg", "L/7 (2).png", "L/77.jpg", "L/7_flip_dark.jpg"]
    assert named_alike(paths) == {(0, 1), (0, 2), (0, 4), (1, 4)}
