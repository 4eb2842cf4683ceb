from __future__ import annotations

import os
import pickle
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sorter.photo import read_photo
from tests.unit.training.folders import noise, write_photos
from training import item_table
from training.errors import PhotosError
from training.importing import files, pickled
from training.importing.plain_pickle import load_plain
from training.importing.source import incoming
from training.importing.write import write
from training.item_table import ItemTable, read_rows
from training.progress import steps

NAMES = ["L", "M", "S"]


def import_all(source: Path, out: Path, grades: list[str] | None = None, **options: bool) -> Path:
    photos, _ = incoming(source, grades)
    with steps() as bars:
        write(out, photos, bars, **options)
    return out


def batch(path: Path, data: Any, labels: Any, protocol: int = 2, **keys: Any) -> Path:
    content = {"data": data, "labels": labels, **keys}
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    return path


def planes(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 1024)).astype(np.uint8)


def table(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("protocol", range(6))
def test_three_rows_of_a_batch_are_one_photo(tmp_path: Path, protocol: int) -> None:
    rows = planes(6)
    source = batch(tmp_path / "test_batch", rows, [2, 0], protocol)
    out = import_all(source, tmp_path / "out", NAMES)
    photo = read_photo(out / "S" / "00001.png")
    assert (photo[..., 2] == rows[0].reshape(32, 32)).all()
    assert (photo[..., 0] == rows[2].reshape(32, 32)).all()
    assert [path.name for path in (out / "L").iterdir()] == ["00002.png"]


def test_nine_planes_are_three_views_of_one_item(tmp_path: Path) -> None:
    source = batch(tmp_path / "data_batch_1", planes(18).reshape(2, 9216), [0, 1])
    out = import_all(source, tmp_path / "out", NAMES)
    assert sorted(p.name for p in (out / "M").iterdir()) == [f"00002-{n}.png" for n in (1, 2, 3)]
    items = [(row.grade, row.item, row.session) for row in read_rows(out / "photos.csv")]
    assert items == [("L", "1", "data_batch_1")] * 3 + [("M", "2", "data_batch_1")] * 3


def test_batches_of_a_folder_are_named_by_their_meta_file(tmp_path: Path) -> None:
    for number in (10, 2):
        batch(tmp_path / f"data_batch_{number}", planes(3, number), [1])
    (tmp_path / "batches.meta").write_bytes(pickle.dumps({b"label_names": [b"good", b"bad"]}))
    out = import_all(tmp_path, tmp_path / "out")
    assert [row.session for row in read_rows(out / "photos.csv")] == [
        "data_batch_2",
        "data_batch_10",
    ]
    assert len(list((out / "bad").iterdir())) == 2


class Evil:
    def __init__(self, call: Any, *arguments: Any) -> None:
        self.made_by = call, arguments

    def __reduce__(self) -> Any:
        return self.made_by


@pytest.mark.parametrize(
    "thing",
    [
        Evil(os.system, "touch evil"),
        Evil(eval, "1"),
        Evil(np.ndarray, (1,)),
        Evil(np.zeros, (10**12,)),
        np.array([object()]),
        np.zeros(2, "datetime64[s]"),
        np.zeros(2, [("a", "u1")]),
    ],
    ids=str,
)
def test_a_pickle_that_wants_more_than_numbers_is_refused(
    tmp_path: Path, thing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = batch(tmp_path / "test_batch", thing, [0])
    with pytest.raises(PhotosError, match="test_batch: "):
        incoming(source, NAMES)
    assert not (tmp_path / "evil").exists()


def test_a_pickle_cannot_claim_an_array_larger_than_its_bytes(tmp_path: Path) -> None:
    whole = pickle.dumps({"data": planes(3), "labels": [0]}, protocol=2)
    shape = b"K\x03M\x00\x04\x86"
    assert shape in whole
    larger = b"K\x03\x8a\x06" + (2**40).to_bytes(6, "little") + b"\x86"
    source = tmp_path / "test_batch"
    source.write_bytes(whole.replace(shape, larger))
    with pytest.raises(PhotosError, match="damaged"):
        incoming(source, NAMES)


@pytest.mark.parametrize("number", [b"r\xff\xff\xff\x7f", b"p2147483647\n"])
def test_a_pickle_cannot_ask_for_memory_by_numbering_its_parts(
    tmp_path: Path, number: bytes
) -> None:
    source = tmp_path / "test_batch"
    source.write_bytes(b"\x80\x02}" + number + b".")
    with pytest.raises(PhotosError, match="damaged"):
        incoming(source, NAMES)


@given(st.data())
def test_a_spoilt_pickle_gives_a_dict_or_a_sentence(data: st.DataObject) -> None:
    whole = bytearray(pickle.dumps({"data": planes(3)[:, :16], "labels": [0]}, protocol=2))
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=4)):
        whole[place] = data.draw(st.integers(0, 255))
    try:
        content = load_plain(bytes(whole), "batch")
    except PhotosError as error:
        assert str(error).startswith("batch: ")
    else:
        assert all(isinstance(key, str) for key in content)


@pytest.mark.parametrize(
    "code",
    [
        b"cos\nsystem\n(S'touch evil'\ntR.",
        b"c__builtin__\neval\n(S'1'\ntR.",
        b"cnumpy\nload\n(S'evil'\ntR.",
        b"cnumpy.core.multiarray\nfromfile\n(S'evil'\ntR.",
        b"(S'touch evil'\nios\nsystem\n.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x0atouch evil\x85R.",
        b"\x80\x02cnumpy\ndtype\nX\x02\x00\x00\x00u1\x85R}X\x07\x00\x00\x00__class__K\x01sb.",
        b"Pmine\n.",
    ],
)
def test_code_in_a_pickle_never_runs(
    tmp_path: Path, code: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PhotosError, match="batch: "):
        load_plain(code, "batch")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cut", [3, 40, 2000])
def test_a_cut_pickle_is_refused(tmp_path: Path, cut: int) -> None:
    source = batch(tmp_path / "test_batch", planes(3), [0])
    source.write_bytes(source.read_bytes()[:cut])
    with pytest.raises(PhotosError, match="damaged"):
        incoming(source, NAMES)


@pytest.mark.parametrize(
    ("data", "labels", "sentence"),
    [
        (planes(4), [0], "does not hold 3 or 9 square planes for each of 1 labels"),
        (planes(3), [3], "has the label 3, but only 3 grades are named"),
        (planes(3), [-1], "not a list of numbers from 0"),
        (planes(3), [], "not a list of numbers from 0"),
        (planes(3), ["L"], "not a list of numbers from 0"),
        (planes(3).astype(float), [0], "no array 'data' of bytes"),
        ([1, 2], [0], "no array 'data' of bytes"),
    ],
)
def test_a_batch_that_is_none_is_refused(
    tmp_path: Path, data: Any, labels: Any, sentence: str
) -> None:
    with pytest.raises(PhotosError, match=sentence):
        incoming(batch(tmp_path / "test_batch", data, labels), NAMES)


def test_labels_without_names_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(PhotosError, match="--grades 2L,L"):
        incoming(batch(tmp_path / "test_batch", planes(3), [0]), None)


def test_a_table_keeps_items_and_sessions(tmp_path: Path) -> None:
    for number in range(4):
        cv2.imwrite(str(tmp_path / f"{number}.png"), noise(number))
    source = table(
        tmp_path / "mine.csv",
        "\ufeffPath;Grade;Item;Session\n0.png;L;7;mon\n1.png;L;7;mon\n2.png;M;7;tue\n3.png;M;;tue\n",
    )
    out = import_all(source, tmp_path / "out")
    lines = (out / "photos.csv").read_text().splitlines()
    assert lines == [
        "path,grade,item,session",
        "L/00001-1.png,L,1,mon",
        "L/00001-2.png,L,1,mon",
        "M/00002.png,M,2,tue",
        "M/00003.png,M,3,tue",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("path\n0.png\n", "line 1: no column grade"),
        ("", "line 1: no column path and grade"),
        ("path,grade\n9.png,L\n", "line 2: no file"),
        ("path,grade\n,L\n", "line 2: no path"),
        ("path,grade\n0.png,\n", "no line has a grade"),
        ("path,grade\n0.png,../L\n", "cannot be a folder's name"),
        ("path,grade\n0.png,/L\n", "cannot be a folder's name"),
        ("path,grade\n0.png,..\n", "cannot be a folder's name"),
        ("path,grade\n../0.png,L\n", "line 2: the path ../0.png leads out of the table's folder"),
        ("path,grade\na/../../0.png,L\n", "line 2: the path .* leads out"),
        ('path,grade\n"0.png,L\n', "not CSV"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    cv2.imwrite(str(tmp_path / "0.png"), noise(0))
    with pytest.raises(PhotosError, match=sentence):
        import_all(table(tmp_path / "mine.csv", text), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_table_may_name_photos_by_their_whole_path(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "0.png"), noise(0))
    folder = tmp_path / "table"
    folder.mkdir()
    source = table(folder / "mine.csv", f"path,grade\n{tmp_path / '0.png'},L\n")
    out = import_all(source, tmp_path / "out")
    assert (out / "L" / "00001.png").read_bytes() == (tmp_path / "0.png").read_bytes()


@pytest.mark.parametrize(
    ("module", "limit", "name"),
    [
        (item_table, "MAX_BYTES", "mine.csv"),
        (pickled, "MAX_BYTES", "test_batch"),
        (files, "MAX_PHOTO_BYTES", "0.png"),
    ],
)
def test_what_is_far_too_large_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: ModuleType, limit: str, name: str
) -> None:
    cv2.imwrite(str(tmp_path / "0.png"), noise(0))
    source = table(tmp_path / "mine.csv", "path,grade\n0.png,L\n")
    if name == "test_batch":
        source = batch(tmp_path / "test_batch", planes(3), [0])
    monkeypatch.setattr(module, limit, 10)
    with pytest.raises(PhotosError, match=f"{name}: larger than"):
        import_all(source, tmp_path / "out", NAMES if name == "test_batch" else None)
    assert not (tmp_path / "out").exists()


def test_collected_items_that_nobody_graded_are_left_out_and_counted(tmp_path: Path) -> None:
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.jpg"), noise(number))
    text = "path,item,session,said,grade\n0.jpg,1,lot 1,L,M\n1.jpg,1,lot 1,L,M\n2.jpg,2,lot 1,L,\n"
    table(tmp_path / "items.csv", text)
    photos, notes = incoming(tmp_path, None)
    assert [(one.grade, one.item) for one in photos] == [("M", "lot 1/1")] * 2
    assert notes == ["left out 1 photos that have no grade yet"]


def test_folders_are_taken_as_they_are(tmp_path: Path) -> None:
    source = write_photos(tmp_path / "source", per_grade=3)
    out = import_all(source, tmp_path / "out")
    assert (out / "M" / "00004.png").read_bytes() == (source / "M" / "0.png").read_bytes()
    again = import_all(out, tmp_path / "again")
    assert (again / "photos.csv").read_text() == (out / "photos.csv").read_text()


def test_an_unreadable_photo_leaves_nothing_behind_unless_it_is_left_out(tmp_path: Path) -> None:
    source = write_photos(tmp_path / "source", per_grade=3)
    (source / "L" / "bad.jpg").write_bytes(b"\xff\xd8 no more")
    with pytest.raises(PhotosError, match=r"1 of 7 .*bad\.jpg"):
        import_all(source, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]
    out = import_all(source, tmp_path / "out", skip_unreadable=True)
    assert len(read_rows(out / "photos.csv")) == 6


def test_a_folder_in_use_is_not_written_to(tmp_path: Path) -> None:
    source = write_photos(tmp_path / "source", per_grade=3)
    with pytest.raises(PhotosError, match="not empty"):
        import_all(source, source)


@pytest.mark.parametrize("name", ["photos.tar.gz", "notes.txt"])
def test_a_source_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x1f\x8b")
    with pytest.raises(PhotosError, match="unpacked first"):
        incoming(tmp_path / name, None)


def test_a_photo_moved_to_another_grade_keeps_its_item(tmp_path: Path) -> None:
    source = batch(tmp_path / "data_batch_1", planes(18), [0, 1])
    out = import_all(source, tmp_path / "out", NAMES)
    (out / "M" / "00002-1.png").rename(out / "L" / "00002-1.png")
    looked_up = ItemTable.beside(out)
    assert looked_up.look_up("L/00002-1.png") == looked_up.look_up("M/00002-2.png")
    assert looked_up.look_up("L/new.png") == (None, None)


def test_grades_of_what_is_no_pickle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "photos" / "good").mkdir(parents=True)
    with pytest.raises(PhotosError, match="--grades names the labels of pickles"):
        incoming(tmp_path / "photos", ["good"])
