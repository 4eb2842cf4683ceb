"""Results as tables on stdout."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from training.audit.audit import Audit
from rich.text import Text


def summary(result: Mapping[str, Any]) -> Table:
    """The numbers of an evaluation, one a line."""
    table = Table(show_header=False, box=None)
    low, high = result["accuracy_low"], result["accuracy_high"]
    decided = result["accuracy_decided"]
    table.add_row("Photos", str(result["n"]))
    table.add_row(
        "Right answers (forced)",
        f"[bold]{result['accuracy']:.1%}[/]  (95 % interval {low:.1%} to {high:.1%})",
    )
    if folds := result.get("folds"):
        table.add_row(
            "Right over folds",
            f"{folds['accuracy']:.1%}  (95 % interval {folds['accuracy_low']:.1%} to "
            f"{folds['accuracy_high']:.1%}; {len(folds['accuracies'])} trainings, each photo "
            f"tested once)",
        )
    table.add_row("Called unsure or strange", f"{result['unsure']:.1%}")
    if items := result.get("items"):
        table.add_row(
            "Right items",
            f"{items['accuracy']:.1%}  (95 % interval {items['accuracy_low']:.1%} to "
            f"{items['accuracy_high']:.1%}; {items['n']} items, views joined by the "
            f"{items['joined_by']})",
        )
    table.add_row("Right among the rest", "none decided" if decided is None else f"{decided:.1%}")
    return table


def confusion(grades: Sequence[str], counts: Sequence[Sequence[int]]) -> Table:
    """The confusion matrix: rows are the truth, columns what was said."""
    table = Table(title="Rows: true grade. Columns: what the model says.", title_justify="left")
    table.add_column("")
    for grade in grades:
        table.add_column(Text(grade), justify="right")
    for row, grade in enumerate(grades):
        cells = [
            f"[bold green]{n}[/]" if column == row else str(n) if n else "·"
            for column, n in enumerate(counts[row])
        ]
        table.add_row(Text(grade), *cells)
    return table


def metrics(result: Mapping[str, Any]) -> None:
    """What a new bundle promises."""
    console = Console()
    table = summary(result)
    table.add_row("Wrong grades, promised", f"at most {result['wrong_promised']:.1%} of all items")
    table.add_row("Always the biggest class", f"{result['baseline']:.1%}")
    table.add_row(
        "Before quantization",
        f"{result['float_accuracy']:.1%}  (int8 {result['accuracy']:.1%}; its ranges were measured "
        f"on {result['int8_range_photos']} training photos)",
    )
    table.add_row(
        "Model",
        f"{result['model']}, {result['size_px']} px, {result['parameters']:,} parameters, "
        f"bundle {result['size_bytes'] / 1000:.0f} kB",
    )
    parts = ", ".join(f"{part} {n}" for part, n in result["photos"].items())
    table.add_row("Split", f"{result['split']} ({parts})")
    table.add_row("Time of training", f"{result['seconds']:.0f} s, {result['epochs']} epochs")
    console.print(confusion(result["grades"], result["confusion"]))
    console.print(table)


def notes(sentences: Sequence[str]) -> None:
    """What the user should know about the photos, on stderr."""
    for sentence in sentences:
        print(f"Note: {sentence}", file=sys.stderr)


def audit(found: Audit) -> None:
    """What an audit found, by kind, with examples."""
    from training.audit.page import TITLES

    console = Console()
    table = Table(title=f"{found.images} photos", title_justify="left")
    for column in ("Found", "Number", "For example"):
        table.add_column(column, justify="right" if column == "Number" else "left")
    groups = {
        "Same photo under several grades": found.conflicting_labels,
        "Groups of changed copies": found.near_duplicate_groups,
        "Groups of exact copies": found.exact_duplicates,
    }
    for title, members in groups.items():
        if members:
            table.add_row(title, str(len(members)), ", ".join(members[0][:4]))
    for kind, title in TITLES.items():
        own = [one for one in found.problems if one.kind == kind]
        if own:
            table.add_row(title, str(len(own)), f"{own[0].path}: {own[0].detail}")
    if found.clean:
        console.print(f"{found.images} photos; nothing was found in them.")
    else:
        console.print(table)
    notes(found.notes)
