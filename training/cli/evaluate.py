"""`sorter-train evaluate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from training.cli import options


def evaluate(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="NAME.sorter")],
    photos: options.Photos,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    skip_unreadable: options.SkipUnreadable = False,
) -> None:
    """Set a bundle's answers against photos that were graded by hand.

    Uses the int8 model and the code of the device; needs no TensorFlow. Where photos.csv beside
    the folders names several photos of one item, items are counted beside photos.

    For example:

        sorter-train evaluate runs/first/model.sorter new-photos/

        sorter-train evaluate runs/first/model.sorter new-photos/ --json
    """
    from rich.console import Console

    from sorter.classifier import Classifier
    from training import evaluation
    from training.cli import show
    from training.photos import left_out_note, scan
    from training.progress import steps
    from training.views.items import joined_by, of_items, report

    found = scan(photos)
    classifier = Classifier.load(bundle)
    with steps() as bars:
        advance = bars.start("Evaluating", len(found))
        result = evaluation.evaluate(
            classifier, found, skip_unreadable=skip_unreadable, advance=advance
        )
    show.notes(left_out_note(result.left_out))
    left_out = set(result.left_out)
    read = [photo for photo in found if photo.path not in left_out]
    of = of_items(result, read, classifier.join)
    numbers = result.as_dict() | report(of, joined_by=joined_by(classifier.bundle))
    if as_json:
        print(json.dumps(numbers))
        return
    console = Console()
    console.print(show.confusion(result.grades, result.confusion))
    console.print(show.summary(numbers))
