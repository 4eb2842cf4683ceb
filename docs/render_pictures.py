"""Renders the pictures that the README and the guides show, from rendered cucumbers.

Run `make docs` after a change of the demo; the figures in the picture are those of this run.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console

import sorter.twin
from sorter.frame import Frame
from sorter.twin.demo import Demo, make_board
from sorter.twin.lockstep import Log
from sorter.twin.photos import labelled_photos
from sorter.twin.setup import demo_classifier, demo_config
from sorter.twin.view import print_report
from training.explain.explain import attention, load
from training.explain.occlusion import occlusion
from training.explain.picture import overlay, row, shown
from training.explain.subject import as_seen

HERE = Path(__file__).parent
FRAME_SHOWN = 300
LOOKED_AT = ("2L", "BL", "C")


def main() -> None:
    """Render them all."""
    demo()
    looks()


def looks() -> None:
    """What the demo's model looks at: photo, class map and occlusion of three cucumbers."""
    network = load(Path(sorter.twin.__file__).with_name("demo.sorter"))
    rows = []
    for grade, photo, _ in labelled_photos(1, seed=4):
        if grade in LOOKED_AT:
            said = int(network.probabilities([photo])[0].argmax())
            maps = (attention(network, photo, said)[0], occlusion(network, photo, said))
            seen = as_seen(photo, network.preprocess)
            rows.append(row([shown(photo), *(overlay(seen, one) for one in maps)]))
    cv2.imwrite(str(HERE / "looks.jpg"), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 85])


def demo() -> None:
    """Run the demo as `sorter demo` does by default and keep what it shows."""

    def watch(frame: Frame, log: Log) -> None:
        if log.frames == FRAME_SHOWN:
            cv2.imwrite(str(HERE / "belt.jpg"), frame.pixels, [cv2.IMWRITE_JPEG_QUALITY, 80])

    run = Demo(
        config=demo_config(),
        classifier=demo_classifier(None),
        board=make_board("virtual"),
        items=200,
        seed=1,
        watch=watch,
    )
    start_s = time.monotonic()
    result = run.run()
    console = Console(record=True, width=80)
    console.print("[bold]$ sorter demo[/bold]", highlight=False)
    print_report(console, result, wall_s=time.monotonic() - start_s)
    # Rich points its picture at a font on a public server; these documents load nothing.
    picture = re.sub(r"@font-face \{.*?\}", "", console.export_svg(title="sorter demo"), flags=re.S)
    (HERE / "demo.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
