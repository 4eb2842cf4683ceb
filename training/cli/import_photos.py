"""`sorter-train import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.cli import options


def import_photos(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help="Folder with one sub-folder a grade, CSV file, CIFAR-style pickle or a folder of "
            "them, or what the sorter collected.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of photos to make.")],
    grades: Annotated[
        str | None,
        typer.Option(metavar="A,B,...", help="Names of a pickle's labels, from 0."),
    ] = None,
    skip_unreadable: options.SkipUnreadable = False,
) -> None:
    """Make photos from elsewhere into one folder a grade, with a table of their items.

    A CSV file has the columns path and grade, and may have item and session. Photos of one item
    stay together in every split. The table is written as photos.csv beside the folders.

    For example:

        sorter-train import harvest.csv --out photos/

        sorter-train import cucumber-9/ --out photos/ --grades 2L,L,M,S,2S,BL,BM,BS,C
    """
    from training.cli import show
    from training.importing.source import incoming
    from training.importing.write import write
    from training.photos import left_out_note
    from training.progress import steps

    names = [name.strip() for name in grades.split(",")] if grades else None
    found, notes = incoming(source, names)
    with steps() as bars:
        counts, left_out = write(out, found, bars, skip_unreadable=skip_unreadable)
    show.notes(notes + left_out_note(left_out))
    listed = ", ".join(f"{grade} {count}" for grade, count in sorted(counts.items()))
    print(f"Wrote {sum(counts.values())} photos to {out} ({listed})")
