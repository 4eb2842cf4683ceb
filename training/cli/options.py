"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training.errors import TrainingError
from training.zoo import ZOO

if TYPE_CHECKING:
    from training.split import Way

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
Model = Annotated[
    str, typer.Option(help=f"Network: {', '.join(ZOO)}; or auto: chosen by trials on your photos.")
]
Minutes = Annotated[
    float, typer.Option(min=0, max=10_000, help="Time for the trials of '--model auto'.")
]
Weights = Annotated[
    str,
    typer.Option(
        metavar="none|imagenet|FILE",
        help="Of a backbone (mobilenet-0.25 to resnet50); they stay as they are, and the last "
        "layer is trained. FILE: without top, saved by Keras 3.",
    ),
]
FineTune = Annotated[
    int,
    typer.Option(min=0, max=50, help="Then train so many of the backbone's top blocks as well."),
]
FullTurn = Annotated[
    bool, typer.Option("--full-turn", help="Items lie on the belt at any angle, not along it.")
]
Mixup = Annotated[
    float, typer.Option(min=0, max=2, help="Alpha of MixUp, which blends photos; 0: none.")
]
Balanced = Annotated[
    bool,
    typer.Option("--balanced", help="Let each grade count the same, however few its photos are."),
]
Shape = Annotated[
    bool | None,
    typer.Option(
        "--shape/--no-shape",
        help="Give the network each item's measured shape (length, width, bend, area, ...) beside "
        "its photo (by the network unless given).",
    ),
]
Folds = Annotated[
    int,
    typer.Option(
        min=0,
        max=20,
        help="Train so many times more, each time without one part of the photos, and test on "
        "that: a surer number of how good such a training is. 0: not.",
    ),
]
Pretrain = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="First learn to see from other photos in folders, such as 'synth' renders; their "
        "grades need not be yours.",
    ),
]
Split = Annotated[
    str,
    typer.Option(
        metavar="random|blocks|sessions",
        help="'blocks' cuts the photos, sorted by name, into contiguous parts: for series of "
        "shots in which neighbours look alike. 'sessions' keeps each session of photos.csv whole.",
    ),
]
ExactCopies = Annotated[
    bool,
    typer.Option(
        "--exact-copies",
        help="Take only photos for copies that are the same to the byte or pixel: for fruit so "
        "smooth and alike that different ones pass for copies of each other.",
    ),
]
SkipUnreadable = Annotated[
    bool, typer.Option("--skip-unreadable", help="Leave out unreadable files, and name them.")
]
TargetError = Annotated[
    float,
    typer.Option(
        min=0, max=1, help="Most of all items that may get a wrong grade; what is unsure gets none."
    ),
]
Quantizer = Annotated[
    str,
    typer.Option(
        metavar="tflite|ai-edge",
        help="What makes the int8 file; ai-edge wants pip install 'edge-sorter[ai-edge]'.",
    ),
]
Views = Annotated[
    str,
    typer.Option(
        metavar="mean|gru|lstm",
        help="How the views of one item are joined: the mean of their log-probabilities, or a "
        "recurrent head that learns it from items of which photos.csv names several photos.",
    ),
]


def size_px(size: str) -> int | None:
    """Side of the input; None by the photos.

    Raises:
        TrainingError: the value is not allowed.
    """
    if size != "auto" and not (size.isdecimal() and 16 <= int(size) <= 512):
        raise TrainingError(f"--size: found '{size}'; give 'auto' or a number from 16 to 512")
    return None if size == "auto" else int(size)


def views(name: str) -> str:
    """How views are joined.

    Raises:
        TrainingError: there is no such way.
    """
    from training.views.head import WAYS

    if name not in WAYS:
        raise TrainingError(f"--views: found '{name}'; choose one of: {', '.join(WAYS)}")
    return name


def way(split: str) -> Way:
    """The way of a split.

    Raises:
        TrainingError: there is no such way.
    """
    from training.split import WAYS

    for one in WAYS:
        if one == split:
            return one
    raise TrainingError(f"--split: found '{split}'; choose one of: {', '.join(WAYS)}")
