"""`sorter-train fit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.cli import options
from training.cli.training_options import TrainingOptions, with_training_options


@with_training_options
def fit(
    *,
    photos: options.Photos,
    out: Annotated[Path, typer.Option(metavar="RUN", help="Run folder to write.")],
    chosen: TrainingOptions,
) -> None:
    """Train a model, and stop before it is quantized: the first half of 'run'.

    For example:

        sorter-train fit photos/ --out runs/first
    """
    settings = chosen.settings()
    from training.cli import show
    from training.full_disk import explained
    from training.learn import learn
    from training.progress import steps

    with explained(out), steps() as bars:
        record = learn(photos, out, settings, bars)
    show.notes(record.notes)
    print(
        f"Validation accuracy {record.validation_accuracy:.1%} (before quantization); "
        f"next: sorter-train pack {out} --out NAME.sorter"
    )
