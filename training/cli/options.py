"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training.errors import TrainingError
from training.zoo import ZOO

if TYPE_CHECKING:
    from training.learn import Settings

Photos = Annotated[
    Path, typer.Argument(metavar="PHOTOS", help="Folder with one sub-folder of photos a grade.")
]
Size = Annotated[
    str, typer.Option(metavar="auto|N", help="Side of the model's input in pixels, 16 to 512.")
]
Epochs = Annotated[
    int | None,
    typer.Option(min=1, help="Most passes over the photos (by their number unless given)."),
]
Seed = Annotated[
    int, typer.Option(min=0, max=2**32 - 1, help="Of the split, the weights and the augmentation.")
]
Name = Annotated[
    str | None, typer.Option(help="Of the bundle (the name of the folder PHOTOS unless given).")
]
Model = Annotated[str, typer.Option(help=f"Network: {', '.join(ZOO)}.")]
Split = Annotated[
    str,
    typer.Option(
        metavar="random|blocks",
        help="'blocks' cuts the photos, sorted by name, into contiguous parts: "
        "for series of shots in which neighbours look alike.",
    ),
]
SkipUnreadable = Annotated[
    bool, typer.Option("--skip-unreadable", help="Leave out unreadable files, and name them.")
]
TargetError = Annotated[
    float,
    typer.Option(min=0, max=1, help="Wanted share of errors among the items not called unsure."),
]


def settings(
    *,
    size: str,
    epochs: int | None,
    seed: int,
    name: str | None,
    model: str,
    split: str,
    skip_unreadable: bool,
) -> Settings:
    """The checked settings of a training.

    Raises:
        TrainingError: a value is not allowed.
    """
    from training.learn import Settings
    from training.split import WAYS

    if split not in WAYS:
        raise TrainingError(f"--split: found '{split}'; choose one of: {', '.join(WAYS)}")
    if size != "auto" and not (size.isdecimal() and 16 <= int(size) <= 512):
        raise TrainingError(f"--size: found '{size}'; give 'auto' or a number from 16 to 512")
    return Settings(
        size_px=None if size == "auto" else int(size),
        epochs=epochs,
        seed=seed,
        name=name,
        model=model,
        way=split,
        skip_unreadable=skip_unreadable,
    )
