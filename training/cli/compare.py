"""`sorter-train compare`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from training.cli import options
from training.errors import TrainingError


def compare(
    photos: options.Photos,
    models: Annotated[
        str,
        typer.Option(
            metavar="A,B,C", help="Networks; NAME=FILE or NAME=imagenet gives a backbone weights."
        ),
    ],
    folds: Annotated[
        int, typer.Option(min=2, max=20, help="Each network is trained so often.")
    ] = 5,
    size: options.Size = "auto",
    epochs: options.Epochs = None,
    seed: options.Seed = 0,
    split: options.Split = "random",
    fine_tune: options.FineTune = 0,
    full_turn: options.FullTurn = False,
    skip_unreadable: options.SkipUnreadable = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Set networks side by side: accuracy, size and speed, on the same folds.

    Each photo is tested once, by a network that was trained without its fold. Nothing is written.

    For example:

        sorter-train compare photos/ --models ds-cnn,deep-mnist

        sorter-train compare photos/ --models ds-cnn,mobilenet-0.25=weights.h5 --size 96 --json
    """
    side, way = options.size_px(size), options.way(split)
    from training.compare import compare as compare_networks
    from training.compare import methods
    from training.fit import Method
    from training.progress import steps

    common = Method(epochs=epochs, seed=seed, fine_tune=fine_tune, full_turn=full_turn)
    tried = methods(models, common)
    if fine_tune and all(one.fine_tune == 0 for one in tried):
        raise TrainingError("--fine-tune: no network has weights to start from; give NAME=FILE")
    with steps() as bars:
        rows = compare_networks(
            photos,
            tried,
            size_px=side,
            folds=folds,
            way=way,
            skip_unreadable=skip_unreadable,
            steps=bars,
        )
    if as_json:
        print(json.dumps([row.as_dict() for row in rows]))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{rows[0].n} photos, {folds} folds", title_justify="left")
    table.add_column("Model")
    for column in ("px", "Parameters", "MACs", "Activations", "File", "Float", "int8", "One photo"):
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(
            row.model,
            str(row.size_px),
            f"{row.parameters:,}",
            f"{row.macs / 1e6:.1f} M",
            f"{row.activation_bytes / 1000:.0f} kB",
            f"{row.file_bytes / 1000:.0f} kB",
            f"{row.float_accuracy:.1%} ({row.float_low:.0%}-{row.float_high:.0%})",
            f"{row.int8_accuracy:.1%} ({row.int8_low:.0%}-{row.int8_high:.0%})",
            f"{row.invoke_ms:.2f} ms",
        )
    Console(width=max(120, Console().width)).print(table)
