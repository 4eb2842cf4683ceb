"""`sorter-train explain`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from training.cli import options
from training.errors import TrainingError


def explain(
    source: Annotated[
        Path, typer.Argument(metavar="BUNDLE|RUN", help="NAME.sorter, or a run folder.")
    ],
    photos: Annotated[list[Path], typer.Argument(metavar="PHOTO...", help="Photos to look at.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Gets the pictures.")] = Path(
        "explained"
    ),
    layer: Annotated[
        str | None,
        typer.Option(
            metavar="N|NAME",
            help="Of a run: draw what its channels search for, too (1: next to the photo).",
        ),
    ] = None,
    channel: Annotated[
        int | None,
        typer.Option(min=0, help="Of the layer (those that answer the photos most unless given)."),
    ] = None,
    dream: Annotated[
        bool, typer.Option("--dream", help="Also amplify in each photo what excites the layer.")
    ] = False,
    steps: Annotated[
        int, typer.Option(min=1, max=1000, help="Of the layer's pictures, at each of three sizes.")
    ] = 24,
    seed: options.Seed = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what a model looks at: the cucumber or the tray.

    Writes a picture for each photo: the photo; the class map, lit where the network sees what
    speaks for the grade it says; the occlusion, lit where covering a part costs it its certainty;
    and of a run the saliency, lit where single pixels matter. A bundle's int8 model has no
    gradients, so saliency, layers and dreams need the run folder.

    For example:

        sorter-train explain runs/first/model.sorter photo.jpg

        sorter-train explain runs/first photo.jpg --layer 9 --channel 3 --dream --out look/
    """
    if layer is None and (dream or channel is not None):
        raise TrainingError("--dream and --channel: of which layer? give --layer too")
    from training.cli import show
    from training.explain.explain import NO_GRADIENTS, Look, load
    from training.explain.explain import explain as explain_photos
    from training.explain.int8_network import Int8Network
    from training.progress import steps as bars_of

    look = None
    if layer is not None:
        look = Look(layer=layer, channel=channel, dream=dream, steps=steps)
    network = load(source)
    with bars_of() as bars:
        found, features = explain_photos(network, photos, out, look=look, seed=seed, steps=bars)
    if isinstance(network, Int8Network):
        show.notes([NO_GRADIENTS])
    if as_json:
        pictures = [str(path) for path in features]
        print(json.dumps({"photos": [one.as_dict() for one in found], "features": pictures}))
        return
    for one in found:
        print(
            f"{one.picture}: {one.photo.name} is {one.said} ({one.probability:.0%}); "
            f"{one.on_item:.0%} of what it looks at lies on the item, which fills {one.item:.0%}"
        )
    for path in [*features, *(one.dream for one in found if one.dream)]:
        print(path)
