"""`sorter-train audit`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from training.cli import options


def audit(
    photos: options.Photos,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with pictures.")
    ] = None,
) -> None:
    """Find what would spoil a training: broken files, copies, wrong grades, bad pictures.

    Copies are found when turned, flipped, cropped, relit or saved again. 'run' keeps them on one
    side of its split; what is worth mending are copies under two grades, and wrong grades.

    For example:

        sorter-train audit photos/ --html audit.html

        sorter-train audit photos/ --json
    """
    from training.audit.audit import audit as look
    from training.cli import show
    from training.out_path import check_out
    from training.progress import steps

    if html is not None:
        check_out(html, "--html")
    with steps() as bars:
        found = look(photos, bars)
    if html is not None:
        from training.audit.page import write_page

        write_page(html, found)
    if as_json:
        print(json.dumps(found.as_dict()))
        return
    show.audit(found)
    if html is not None:
        print(f"Wrote {html}")
