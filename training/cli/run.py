"""`sorter-train run`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from training.cli import options
from training.cli.training_options import TrainingOptions, with_training_options
from training.errors import TrainingError


@with_training_options
def run(
    *,
    photos: options.Photos,
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Gets model.sorter, report.html, metrics.json and the run."
        ),
    ],
    target_error: options.TargetError = 0.05,
    quantizer: options.Quantizer = "tflite",
    views: options.Views = "mean",
    chosen: TrainingOptions,
) -> None:
    """Train a model on your photos and pack it for the sorter.

    PHOTOS holds one folder a grade, and may hold a grades.yaml that gives their order and worth.
    'fit' and 'pack' are the two halves of this command.

    For example:

        sorter-train run photos/ --out runs/first

        sorter-train run photos/ --out runs/series --split blocks --size 96
    """
    settings, joined_by = chosen.settings(), options.views(views)
    if "TF_CONFIG" in os.environ:
        raise TrainingError(
            "TF_CONFIG is set: several workers train with 'sorter-train fit' on each, then "
            "'sorter-train pack' on the first"
        )
    from training.cli import show
    from training.full_disk import explained
    from training.learn import learn, trained
    from training.pack import pack
    from training.photos import scan
    from training.progress import steps
    from training.quantize import quantizer as check
    from training.report.report import REPORT
    from training.run_folder import BUNDLE
    from training.views.head import MEAN
    from training.views.items import check_several

    check(quantizer)
    if joined_by != MEAN:
        check_several(scan(photos), joined_by)
    with explained(out), steps() as bars:
        record = trained(photos, out, settings) or learn(photos, out, settings, bars)
        metrics = pack(
            out, out / BUNDLE, bars, target_error=target_error, by=quantizer, views=joined_by
        )
    show.notes(record.notes)
    show.notes(metrics["notes"])
    show.metrics(metrics)
    print(f"Wrote {out / BUNDLE} and {out / REPORT}, which any browser opens")
