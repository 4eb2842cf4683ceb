"""The board as a PDF to print, in vectors: exact at any printer's resolution.

Rectangles and two lines of text need no library; a page of them is a page of PostScript-like text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sorter.ruler.target import Target

POINTS_PER_MM = 72 / 25.4
BAR_MM = 100.0
"""To be measured on the print: printers shrink pages."""
MARGIN_MM = 12.0
"""What printers leave white."""
TEXT_POINTS = 10
GRID = 56
"""Units in a square: a marker takes three quarters, and has 7 cells: 5 bits between two borders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A sheet lying on its long side."""

    width_mm: float
    height_mm: float
    target: Target
    """The largest board of whole squares that fits, with room for the bar."""


PAPERS: dict[str, Paper] = {
    "a4": Paper(width_mm=297, height_mm=210, target=Target(columns=11, rows=7, square_mm=24.0)),
    "a3": Paper(width_mm=420, height_mm=297, target=Target(columns=13, rows=8, square_mm=30.0)),
}


def printed(paper: Paper, bar_mm: float) -> Target:
    """The board as it came out of the printer.

    Args:
        paper: that it was printed on.
        bar_mm: measured length of the sheet's bar.
    """
    target = paper.target
    return replace(target, square_mm=target.square_mm * bar_mm / BAR_MM)


def sheet(paper: Paper) -> bytes:
    """A PDF of one page: the board, a bar to measure, and what to do with it."""
    target = paper.target
    board_w_mm, board_h_mm = target.size_mm
    left_mm = (paper.width_mm - board_w_mm) / 2
    page = ["0 g"]
    unit_mm = target.square_mm / GRID
    page += [
        _rectangle(
            paper, left_mm + x * unit_mm, MARGIN_MM + y * unit_mm, width * unit_mm, height * unit_mm
        )
        for x, y, width, height in _blocks(target)
    ]
    bar_top_mm = MARGIN_MM + board_h_mm + 5
    page.append(_rectangle(paper, left_mm, bar_top_mm, BAR_MM, 1.5))
    for line, text in enumerate(
        (
            f"Print at 100 %. Measure the bar: it should be {BAR_MM:g} mm. Give what you measure "
            f"with --bar-mm.",
            "Glue the sheet to something flat and stiff. The board is for: sorter calibrate.",
        )
    ):
        page.append(_text(paper, left_mm, bar_top_mm + 6 + 5 * line, text))
    return _pdf(paper, "\n".join(page).encode("ascii"))


def _blocks(target: Target) -> list[tuple[int, int, int, int]]:
    """The black of the board as left, top, width and height, in `GRID`ths of a square."""
    black = target.picture(GRID) < 128
    changes = np.flatnonzero((black[1:] != black[:-1]).any(axis=1)) + 1
    tops = [0, *changes.tolist()]
    blocks = []
    for top, bottom in zip(tops, [*tops[1:], len(black)], strict=True):
        edges = np.flatnonzero(np.diff(black[top].astype(np.int8), prepend=0, append=0)).tolist()
        blocks += [
            (left, top, right - left, bottom - top)
            for left, right in zip(edges[::2], edges[1::2], strict=True)
        ]
    return blocks


def _rectangle(paper: Paper, x_mm: float, y_mm: float, w_mm: float, h_mm: float) -> str:
    """`y_mm` counts from the upper edge; PDF's from the lower."""
    left, bottom, width, height = (
        value * POINTS_PER_MM for value in (x_mm, paper.height_mm - y_mm - h_mm, w_mm, h_mm)
    )
    return f"{left:.4f} {bottom:.4f} {width:.4f} {height:.4f} re f"


def _text(paper: Paper, x_mm: float, y_mm: float, text: str) -> str:
    left, bottom = x_mm * POINTS_PER_MM, (paper.height_mm - y_mm) * POINTS_PER_MM
    escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT /F {TEXT_POINTS} Tf {left:.2f} {bottom:.2f} Td ({escaped}) Tj ET"


def _pdf(paper: Paper, page: bytes) -> bytes:
    """A file of five objects, as ISO 32000-1 has it."""
    box = f"[0 0 {paper.width_mm * POINTS_PER_MM:.2f} {paper.height_mm * POINTS_PER_MM:.2f}]"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Contents 4 0 R "
        f"/Resources << /Font << /F 5 0 R >> >> >>".encode(),
        f"<< /Length {len(page)} >>\nstream\n".encode() + page + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\n".encode()
    return out + f"startxref\n{start}\n%%EOF\n".encode()
