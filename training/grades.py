"""`grades.yaml` beside the photos: the order and worth of the grades, and what errors cost."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sorter.bundle import Grade
from training.errors import PhotosError

GRADES_FILE = "grades.yaml"
MAX_BYTES = 1024 * 1024
DEFAULT_COST = 1.0
"""Of an error about which nothing is declared."""
Cost = Field(ge=0, allow_inf_nan=False)
Keys = tuple[int | str, ...]
ALLOWED = {
    "": "grades: [{name: ..., worth: ...}, ...]",
    "grades": "a list of at least two grades, [{name: ..., worth: ...}, ...]",
    "grade": "{name: ..., worth: ..., cost: ...}",
    "name": "the name of a folder of photos",
    "worth": "a number, higher for a better grade",
    "cost": "a number from 0 on, or one for each grade that may be said, as in {L: 2, M: 0.5}",
    "ordered": "true or false",
    "window_mm": "a number of millimetres over 0",
    "licence": "a text",
}
"""By key."""
_SHORT = reprlib.Repr()
_SHORT.maxlevel = 2
"""Cuts deep down: a few lines of YAML aliases unfold to more text than there is memory."""


class GradeEntry(BaseModel):
    """One grade as the grower declares it."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    name: str = Field(min_length=1)
    worth: float = Field(default=0.0, allow_inf_nan=False)
    """Higher is better; grades of one worth are not ordered."""
    cost: Annotated[float, Cost] | dict[str, Annotated[float, Cost]] | None = None
    """What it costs to call an item of this grade another one: the same for each, or by the grade
    that is said; `DEFAULT_COST` where nothing is declared."""


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

    def misfit(self) -> tuple[Keys, str] | None:
        """The first of the values that do not go together: its keys, and what is wrong."""
        names = [grade.name for grade in self.grades]
        for place, entry in enumerate(self.grades):
            if entry.name in names[:place]:
                return ("grades", place, "name"), f"the grade {entry.name} is named twice"
            for said in entry.cost if isinstance(entry.cost, dict) else ():
                keys = ("grades", place, "cost", said)
                others = ", ".join(name for name in names if name != entry.name)
                if said == entry.name:
                    return keys, f"the right grade costs nothing; allowed: {others}"
                if said not in names:
                    return keys, f"no grade is called so; allowed: {others}"
        worths = [grade.worth for grade in self.grades]
        if self.ordered and len(set(worths)) < len(worths):
            return ("ordered",), "ordered grades differ in worth; give each its own worth"
        return None

    def costs(self) -> list[list[float]] | None:
        """`cost[truth][said]` in the order of the grades; None if nothing is declared."""
        if all(entry.cost is None for entry in self.grades):
            return None
        return [
            [0.0 if said.name == entry.name else _cost(entry, said.name) for said in self.grades]
            for entry in self.grades
        ]

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


def _cost(entry: GradeEntry, said: str) -> float:
    if isinstance(entry.cost, dict):
        return entry.cost.get(said, DEFAULT_COST)
    return DEFAULT_COST if entry.cost is None else entry.cost


def _parse(path: Path) -> GradesFile:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PhotosError(f"{path}: larger than 1 MiB; it should only list the grades")
        text = path.read_text(encoding="utf-8")
        declared = GradesFile.model_validate(yaml.safe_load(text))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PhotosError(
            f"{path}: line {line}: not YAML ({error.problem}); mend the line"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise PhotosError(f"{path}: not a YAML text; write it in an editor as UTF-8") from error
    except ValidationError as error:
        raise _refusal(path, text, *_explained(error.errors())) from error
    except ValueError as error:
        # A date that is none, or a number of thousands of digits.
        raise PhotosError(f"{path}: not a YAML text ({error}); put the value in quotes") from error
    if misfit := declared.misfit():
        raise _refusal(path, text, *misfit)
    return declared


def _explained(errors: Sequence[Any]) -> tuple[Keys, str]:
    """Keys and sentence of the one of pydantic's errors that lies deepest."""
    found = max(errors, key=lambda error: len(_keys(error)))
    keys = _keys(found)
    names = [str(key) for key in keys if not isinstance(key, int)]
    here = GradeEntry if len(names) > 1 else GradesFile
    if found["type"] == "extra_forbidden":
        return keys, f"unknown key; allowed here: {', '.join(here.model_fields)}"
    if found["type"] == "missing":
        return keys, f"is missing; allowed: {ALLOWED[names[-1]]}"
    kind = "cost" if "cost" in names else names[-1] if names else ""
    if len(names) == 1 and isinstance(keys[-1], int):
        kind = "grade"
    return keys, f"found {_SHORT.repr(found['input'])}; allowed: {ALLOWED[kind]}"


def _keys(error: Any) -> Keys:
    """As the user wrote them: of a cost, pydantic names the kinds that it may be as keys, too."""
    return tuple(
        key for key in error["loc"] if not re.match(r"constrained|float$|dict\[", str(key))
    )


def _refusal(path: Path, text: str, keys: Keys, sentence: str) -> PhotosError:
    key = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)
    where = [str(path), f"line {_line(text, keys)}", key.removeprefix("."), sentence]
    return PhotosError(": ".join(part for part in where if part))


def _line(text: str, keys: Keys) -> int:
    """Of the value at these keys, or of the nearest thing around it that is written."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    line = 0
    for key in keys:
        if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line
        elif isinstance(node, yaml.MappingNode):
            pairs = {str(name.value): (name, value) for name, value in node.value}
            if key not in pairs:
                break
            name, node = pairs[str(key)]
            line = name.start_mark.line
    return int(line) + 1
