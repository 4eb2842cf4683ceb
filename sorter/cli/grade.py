"""`sorter grade`: what a bundle says about photos."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict

import typer

if TYPE_CHECKING:
    from sorter.classifier import Classifier


class Share(TypedDict):
    """One grade and how likely it is, 0 to 1."""

    grade: str
    probability: float


class Answer(TypedDict):
    """What `--json` prints for a photo."""

    photo: str
    unsure: bool
    """Too close between grades, or a stranger."""
    stranger: bool
    """Like nothing that the model was taught."""
    grades: list[Share]


def grade(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="Model bundle, NAME.sorter.")],
    photos: Annotated[list[Path], typer.Argument(metavar="PHOTO...", help="Photos to grade.")],
    top: Annotated[int, typer.Option(min=1, help="So many grades a photo.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Grade photos: each photo's grades with their probabilities, best first.

    For example:

        sorter grade cucumbers.sorter photo.jpg

        sorter grade cucumbers.sorter photos/*.jpg --top 2 --json
    """
    from sorter.classifier import Classifier
    from sorter.photo import PhotoError

    classifier = Classifier.load(bundle)
    answers: list[Answer] = []
    failures = 0
    for path in photos:
        try:
            answer = _answer(classifier, path, top)
        except PhotoError as error:
            failures += 1
            print(f"sorter: {error}", file=sys.stderr)
            continue
        answers.append(answer)
        if not as_json:
            print(_line(answer))
    if as_json:
        print(json.dumps(answers))
    if failures:
        raise typer.Exit(1)


def _answer(classifier: Classifier, path: Path, top: int) -> Answer:
    from sorter.decision_rule import DecisionRule, strange
    from sorter.photo import read_photo

    photos = [read_photo(path)]
    row = classifier.probabilities(photos)[0]
    stranger = bool(strange(classifier.strangeness(photos))[0])
    ranked = sorted(zip(classifier.grades, map(float, row), strict=True), key=lambda one: -one[1])
    return {
        "photo": str(path),
        "unsure": stranger or not DecisionRule(classifier.bundle.manifest).sure(row),
        "stranger": stranger,
        "grades": [{"grade": name, "probability": share} for name, share in ranked[:top]],
    }


def _line(answer: Answer) -> str:
    ranked = ", ".join(f"{one['grade']} {one['probability']:.1%}" for one in answer["grades"])
    doubt = "stranger: " if answer["stranger"] else "unsure: " if answer["unsure"] else ""
    return f"{answer['photo']}: {doubt}{ranked}"
