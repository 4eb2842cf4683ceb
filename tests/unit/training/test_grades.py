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
        (
            "grades: [{name: L, worth: high},\n  {name: M}]",
            r"line 1: grades\[0\]\.worth: found 'high'; allowed: a number, higher for a better",
        ),
        (
            "grades:\n  - {name: L}\n  - {name: M, wort: 1}",
            r"line 3: grades\[1\]\.wort: unknown key; allowed here: name, worth, cost",
        ),
        (
            "grades: [{name: L}, {name: M}]\nsizes: 1",
            "line 2: sizes: unknown key; allowed here: gr",
        ),
        (
            "grades: [{name: L}, {name: M}]\nwindow_mm: -1",
            "line 2: window_mm: found -1; allowed: a number of millimetres over 0",
        ),
        (
            "grades:\n - {name: L}\n - {worth: 2}",
            r"line 3: grades\[1\]\.name: is missing; allowed: t",
        ),
        (
            "grades:\n - {name: L}\n - M",
            r"line 3: grades\[1\]: found 'M'; allowed: {name: ..., wor",
        ),
        (
            "grades:\n - {name: L}\n - {name: L}",
            r"line 3: grades\[1\].name: the grade L is named tw",
        ),
        ("grades: [{name: L}]", "line 1: grades: found .*; allowed: a list of at least two grades"),
        (
            "grades:\n - {name: L, cost: -2}\n - {name: M}",
            r"line 2: grades\[0\]\.cost: found -2; allowed: a number from 0 on, or one for each gr",
        ),
        (
            "grades:\n - name: L\n   cost:\n     M: dear\n - {name: M}",
            r"line 4: grades\[0\]\.cost\.M: found 'dear'; allowed: a number from 0 on, or one for",
        ),
        (
            "grades:\n - name: L\n   cost:\n     S: 2\n - {name: M}",
            r"line 4: grades\[0\]\.cost\.S: no grade is called so; allowed: M",
        ),
        (
            "grades: [{name: L, cost: {L: 1}}, {name: M}]",
            r"line 1: grades\[0\]\.cost\.L: the right grade costs nothing; allowed: M",
        ),
        ("grades: [{name: L}, {name: M}, {name: S}]", "S has no folder"),
        ("grades: [{name: L}, {name: S}]", "M has no folder|S has no folder"),
        ("grades:\n  - {name: L\n  - {name: M}", "line 3: not YAML"),
        ("just words", "line 1: found 'just words'; allowed: grades: "),
        ("", "line 1: found None; allowed: grades: "),
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


def test_without_costs_every_error_is_alike(tmp_path: Path) -> None:
    declare(tmp_path, "grades: [{name: A, worth: 2}, {name: B, worth: 1}]")
    assert read_grades(tmp_path, ["A", "B"]).costs() is None


def test_costs_are_declared_by_true_grade_and_may_differ_by_the_grade_that_is_said(
    tmp_path: Path,
) -> None:
    declare(
        tmp_path,
        "grades:\n"
        "  - {name: A, worth: 3, cost: 2}\n"
        "  - {name: B, worth: 2}\n"
        "  - {name: C, worth: 1, cost: {A: 9, B: 4}}\n"
        "  - {name: 4, cost: {A: 5}}\n",
    )
    assert read_grades(tmp_path, ["A", "B", "C", "4"]).costs() == [
        [0, 2, 2, 2],
        [1, 0, 1, 1],
        [9, 4, 0, 1],
        [5, 1, 1, 0],
    ]


def test_one_folder_is_no_set_of_grades(tmp_path: Path) -> None:
    with pytest.raises(PhotosError, match=r"only one grade \(L\); sort the photos"):
        read_grades(tmp_path, ["L"])
