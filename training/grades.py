"""`grades.yaml` beside the photos: the order and worth of the grades."""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from sorter.bundle import Grade
from training.errors import PhotosError

GRADES_FILE = "grades.yaml"
MAX_BYTES = 1024 * 1024
_SHORT = reprlib.Repr()
_SHORT.maxlevel = 2
"""Cuts deep down: a few lines of YAML aliases unfold to more text than there is memory."""


class GradeEntry(BaseModel):
    """One grade as the grower declares it."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    name: str = Field(min_length=1)
    worth: float = Field(default=0.0, allow_inf_nan=False)
    """Higher is better; grades of one worth are not ordered."""


class GradesFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    grades: list[GradeEntry] = Field(min_length=2)
    ordered: bool = False
    """Whether the grades are steps of one scale, by their worth: then an error of two steps is
    trained against more than one of a single step."""
    window_mm: float | None = Field(default=None, gt=0)
    """Side of the square that each photo shows, where size is part of the grade."""
    licence: str | None = Field(default=None, min_length=1)
    """On what terms the photos may be used; the model's report says it."""

    @field_validator("grades")
    @classmethod
    def _once(cls, grades: list[GradeEntry]) -> list[GradeEntry]:
        names = [grade.name for grade in grades]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"the grade {name} is named twice; name each grade once")
        return grades

    @model_validator(mode="after")
    def _worths_differ(self) -> GradesFile:
        worths = [grade.worth for grade in self.grades]
        if self.ordered and len(set(worths)) < len(worths):
            raise ValueError("ordered grades differ in worth; give each its own worth")
        return self

    def ranks(self) -> list[int] | None:
        """Place of each grade on the scale, 0 the least worth; None if they are not ordered."""
        if not self.ordered:
            return None
        worths = sorted(grade.worth for grade in self.grades)
        return [worths.index(grade.worth) for grade in self.grades]

    def in_order(self) -> list[Grade]:
        """The grades as the bundle lists them."""
        return [Grade(name=entry.name, worth=entry.worth) for entry in self.grades]


def read_grades(root: Path, folders: Sequence[str]) -> GradesFile:
    """The grades of a photo folder: from its `grades.yaml`, else from its folders' names.

    Args:
        root: folder of the photos.
        folders: names of the grade folders that are there.

    Raises:
        PhotosError: the file does not hold what it should, or does not fit the folders.
    """
    path = root / GRADES_FILE
    if len(folders) < 2:
        raise PhotosError(
            f"there is only one grade ({', '.join(folders)}); "
            f"sort the photos into at least two folders, one a grade"
        )
    if not path.exists():
        return GradesFile(grades=[GradeEntry(name=name) for name in sorted(folders)])
    declared = _parse(path)
    names = {entry.name for entry in declared.grades}
    if missing := names - set(folders):
        raise PhotosError(
            f"{path}: grades: {_list(missing)} has no folder of photos in {root}; "
            f"add the folder or remove the grade"
        )
    if extra := set(folders) - names:
        raise PhotosError(
            f"{path}: grades: the folder {_list(extra)} is not among the grades "
            f"({', '.join(entry.name for entry in declared.grades)}); add it or move it away"
        )
    return declared


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names))


def _parse(path: Path) -> GradesFile:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PhotosError(f"{path}: larger than 1 MiB; it should only list the grades")
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return GradesFile.model_validate(content)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PhotosError(
            f"{path}: line {line}: not YAML ({error.problem}); mend the line"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise PhotosError(f"{path}: not a YAML text; write it in an editor as UTF-8") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the file"
        raise PhotosError(
            f"{path}: {key}: found {_SHORT.repr(first['input'])}; {first['msg']}"
        ) from error
    except ValueError as error:
        # A date that is none, or a number of thousands of digits.
        raise PhotosError(f"{path}: not a YAML text ({error}); put the value in quotes") from error
