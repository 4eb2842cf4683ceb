"""Renders the pictures that the README shows: the demo's report and a look at its belt.

Run `make docs` after a change of the demo; the figures in the picture are those of this run.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import cv2
from rich.console import Console

from sorter.frame import Frame
from sorter.twin.demo import Demo, make_board
from sorter.twin.lockstep import Log
from sorter.twin.setup import demo_classifier, demo_config
from sorter.twin.view import print_report

HERE = Path(__file__).parent
FRAME_SHOWN = 300


def main() -> None:
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
