"""`sorter-train fit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.cli import options


def fit(
    photos: options.Photos,
    out: Annotated[Path, typer.Option(metavar="RUN", help="Run folder to write.")],
    size: options.Size = "auto",
    epochs: options.Epochs = None,
    seed: options.Seed = 0,
    name: options.Name = None,
    model: options.Model = "ds-cnn",
    minutes: options.Minutes = 10.0,
    weights: options.Weights = "none",
    fine_tune: options.FineTune = 0,
    split: options.Split = "random",
    full_turn: options.FullTurn = False,
    mixup: options.Mixup = 0.0,
    balanced: options.Balanced = False,
    skip_unreadable: options.SkipUnreadable = False,
) -> None:
    """Train a model, and stop before it is quantized: the first half of 'run'.

    For example:

        sorter-train fit photos/ --out runs/first
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
    from training.cli import show
    from training.learn import learn
    from training.progress import steps

    with steps() as bars:
        record = learn(photos, out, settings, bars)
    show.notes(record.notes)
    print(
        f"Validation accuracy {record.validation_accuracy:.1%} (before quantization); "
        f"next: sorter-train pack {out} --out NAME.sorter"
    )
