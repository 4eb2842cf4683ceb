from __future__ import annotations

from pathlib import Path

import pytest

from training.errors import PhotosError
from training.grades import read_grades


def declare(root: Path, text: str) -> Path:
    (root / "grades.yaml").write_text(text, encoding="utf-8")
    return root


def test_without_the_file_the_folders_are_the_grades(tmp_path: Path) -> None:
    declared = read_grades(tmp_path, ["M", "L"])
    assert [(grade.name, grade.worth) for grade in declared.in_order()] == [("L", 0), ("M", 0)]
    assert declared.window_mm is None


def test_the_file_gives_order_worth_and_window(tmp_path: Path) -> None:
    declare(tmp_path, "grades: [{name: M, worth: 2}, {name: L, worth: 1}]\nwindow_mm: 280\n")
    declared = read_grades(tmp_path, ["L", "M"])
    assert [(grade.name, grade.worth) for grade in declared.in_order()] == [("M", 2), ("L", 1)]
    assert declared.window_mm == 280


def test_a_grade_may_be_a_number(tmp_path: Path) -> None:
    declare(tmp_path, "grades: [{name: 1}, {name: 2}]")
    assert [grade.name for grade in read_grades(tmp_path, ["1", "2"]).grades] == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("grades: [{name: L, worth: high}, {name: M}]", r"grades\.0\.worth: found 'high'.*number"),
        ("grades: [{name: L, wort: 1}, {name: M}]", r"grades\.0\.wort: .*not permitted"),
        ("grades: [{name: L}, {name: M}]\nwindow_mm: -1", "window_mm: found -1.*greater than 0"),
        ("grades: [{name: L}, {name: L}]", "grades: .*L is named twice"),
        ("grades: [{name: L}]", "grades: .*at least 2"),
        ("grades: [{name: L}, {name: M}, {name: S}]", "S has no folder"),
        ("grades: [{name: L}, {name: S}]", "M has no folder|S has no folder"),
        ("grades:\n  - {name: L\n  - {name: M}", "line 3: not YAML"),
        ("just words", "the file: found 'just words'"),
        ("", "the file: found None"),
        ("grades: 2024-13-45", "not a YAML text .*in quotes"),
        ("grades: " + "[" * 50_000, "not a YAML text"),
        ("grades: !!python/object/apply:os.getcwd []", "not YAML"),
    ],
)
def test_a_wrong_file_is_named_with_key_and_value(tmp_path: Path, text: str, sentence: str) -> None:
    declare(tmp_path, text)
    with pytest.raises(PhotosError, match=sentence) as caught:
        read_grades(tmp_path, ["L", "M"])
    assert "grades.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_aliases_that_unfold_to_more_than_the_memory_are_refused(tmp_path: Path) -> None:
    lines = ["x0: &x0 [lol, lol]"]
    lines += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 30)]
    declare(tmp_path, "\n".join([*lines, "grades: *x29"]))
    with pytest.raises(PhotosError) as caught:
        read_grades(tmp_path, ["L", "M"])
    assert len(str(caught.value)) < 1000


def test_a_folder_that_is_not_declared_is_refused(tmp_path: Path) -> None:
    declare(tmp_path, "grades: [{name: L}, {name: M}]")
    with pytest.raises(PhotosError, match="folder S is not among the grades"):
        read_grades(tmp_path, ["L", "M", "S"])


def test_ordered_grades_are_ranked_by_worth(tmp_path: Path) -> None:
    (tmp_path / "grades.yaml").write_text(
        "ordered: true\ngrades: [{name: A, worth: 3}, {name: C, worth: 1}, {name: B, worth: 2}]\n"
    )
    assert read_grades(tmp_path, ["A", "B", "C"]).ranks() == [2, 0, 1]


def test_ordered_grades_of_one_worth_are_refused(tmp_path: Path) -> None:
    (tmp_path / "grades.yaml").write_text("ordered: true\ngrades: [{name: A}, {name: B}]\n")
    with pytest.raises(PhotosError, match="ordered grades differ in worth"):
        read_grades(tmp_path, ["A", "B"])


def test_grades_are_not_ordered_unless_declared(tmp_path: Path) -> None:
    assert read_grades(tmp_path, ["A", "B"]).ranks() is None


def test_one_folder_is_no_set_of_grades(tmp_path: Path) -> None:
    with pytest.raises(PhotosError, match=r"only one grade \(L\); sort the photos"):
        read_grades(tmp_path, ["L"])
