"""`sorter-train run`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from training.cli import options
from training.errors import TrainingError


def run(
    photos: options.Photos,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Gets model.sorter, metrics.json and the run.")
    ],
    size: options.Size = "auto",
    epochs: options.Epochs = None,
    seed: options.Seed = 0,
    name: options.Name = None,
    model: options.Model = "ds-cnn",
    minutes: options.Minutes = 10.0,
    weights: options.Weights = "none",
    fine_tune: options.FineTune = 0,
    split: options.Split = "random",
    target_error: options.TargetError = 0.05,
    full_turn: options.FullTurn = False,
    mixup: options.Mixup = 0.0,
    balanced: options.Balanced = False,
    skip_unreadable: options.SkipUnreadable = False,
) -> None:
    """Train a model on your photos and pack it for the sorter.

    PHOTOS holds one folder a grade, and may hold a grades.yaml that gives their order and worth.
    'fit' and 'pack' are the two halves of this command.

    For example:

        sorter-train run photos/ --out runs/first

        sorter-train run photos/ --out runs/series --split blocks --size 96
    """
    settings = options.settings(
        size=size,
        epochs=epochs,
        seed=seed,
        name=name,
        model=model,
        split=split,
        skip_unreadable=skip_unreadable,
        weights=weights,
        fine_tune=fine_tune,
        full_turn=full_turn,
        mixup=mixup,
        balanced=balanced,
        minutes=minutes,
    )
    if "TF_CONFIG" in os.environ:
        raise TrainingError(
            "TF_CONFIG is set: several workers train with 'sorter-train fit' on each, then "
            "'sorter-train pack' on the first"
        )
    from training.cli import show
    from training.learn import learn
    from training.pack import pack
    from training.progress import steps
    from training.run_folder import BUNDLE

    with steps() as bars:
        record = learn(photos, out, settings, bars)
        metrics = pack(out, out / BUNDLE, bars, target_error=target_error)
    show.notes(record.notes)
    show.metrics(metrics)
    print(f"Wrote {out / BUNDLE}")
