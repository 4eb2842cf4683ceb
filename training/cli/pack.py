"""`sorter-train pack`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.cli import options


def pack(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run folder that 'fit' wrote.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Bundle to write, NAME.sorter.")],
    target_error: options.TargetError = 0.05,
    quantizer: options.Quantizer = "tflite",
    views: options.Views = "mean",
) -> None:
    """Quantize a trained model to int8, calibrate it and pack it: the second half of 'run'.

    For example:

        sorter-train pack runs/first --out cucumbers.sorter
    """
    joined_by = options.views(views)
    from training.cli import show
    from training.full_disk import explained
    from training.pack import pack as pack_run
    from training.progress import steps
    from training.report.report import REPORT

    with explained(out), steps() as bars:
        metrics = pack_run(run, out, bars, target_error=target_error, by=quantizer, views=joined_by)
    show.notes(metrics["notes"])
    show.metrics(metrics)
    print(f"Wrote {out} and {run / REPORT}, which any browser opens")
