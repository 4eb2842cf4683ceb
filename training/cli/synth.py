"""`sorter-train synth`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def synth(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to make.")],
    per_grade: Annotated[int, typer.Option(min=1, max=100_000, help="Items of each grade.")] = 300,
    views: Annotated[
        int, typer.Option(min=1, max=20, help="Photos of each item, which rolls in between.")
    ] = 1,
    crop: Annotated[
        str, typer.Option(help="cucumbers, lemons, tomatoes or round (both).")
    ] = "cucumbers",
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="The same gives the same photos.")
    ] = 0,
) -> None:
    """Render labelled photos of produce, as the simulated belt shows them.

    For example:

        sorter-train synth --out rendered --per-grade 300 --seed 1

        sorter-train synth --out rolling --per-grade 100 --views 3

        sorter-train synth --out lemons --crop lemons   (train them with --exact-copies)
    """
    from training.progress import steps
    from training.synth import synth as render

    with steps() as bars:
        total = render(out, per_grade=per_grade, seed=seed, views=views, crop=crop, steps=bars)
    print(f"Wrote {total} photos to {out}")
