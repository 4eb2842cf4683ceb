"""`sorter-train run`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.cli import options


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
    split: options.Split = "random",
    target_error: options.TargetError = 0.05,
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
