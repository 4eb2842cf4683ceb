"""The board, or the mat, as a PDF to print, in vectors: exact at any printer's resolution.

Rectangles, discs and some lines of text need no library; a page of them is a page of text.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sorter.ruler.charuco import Charuco
from sorter.ruler.mat import DOT, HOLE, Mat

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
    target: Charuco
    """The largest board of whole squares that fits, with room for the bar."""
    mat: Mat
    """The longest strip."""


PAPERS: dict[str, Paper] = {
    "a4": Paper(
        width_mm=297,
        height_mm=210,
        target=Charuco(columns=11, rows=7, square_mm=24.0),
        mat=Mat(columns=13, pitch_mm=20.0),
    ),
    "a3": Paper(
        width_mm=420,
        height_mm=297,
        target=Charuco(columns=13, rows=8, square_mm=30.0),
        mat=Mat(columns=19, pitch_mm=20.0),
    ),
}


def mat_sheet(paper: Paper) -> bytes:
    """A PDF of one page: the mat to be cut out, its ruler, a bar to measure, and what to do."""
    mat = paper.mat
    width_mm, height_mm = mat.size_mm
    left_mm, top_mm = (paper.width_mm - width_mm) / 2, MARGIN_MM
    page = []
    for (x_mm, y_mm, _), ring in zip(mat.corners_mm.tolist(), mat.rings.tolist(), strict=True):
        at_mm = (left_mm + x_mm, top_mm + y_mm)
        page += ["0 g", _disc(paper, at_mm, DOT * mat.pitch_mm / 2)]
        if ring:
            page += ["1 g", _disc(paper, at_mm, HOLE * mat.pitch_mm / 2)]
    page.append("0 g")
    ruler_mm = top_mm + height_mm
    for step in range(round(width_mm) // 5 + 1):
        long_mm = 2.5 if step % 2 else 4.0
        x_mm = left_mm + 5 * step
        page.append(_rectangle(paper, x_mm - 0.15, ruler_mm, 0.3, long_mm))
        if step % 4 == 0:
            page.append(_text(paper, x_mm - 2, ruler_mm + 8, str(5 * step)))
    bar_mm = ruler_mm + 24
    page += _to_measure(paper, left_mm, bar_mm, "Cut out the strip with its ruler, glue it")
    return _pdf(paper, "\n".join(page).encode("ascii"))


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
    page += _to_measure(paper, left_mm, MARGIN_MM + board_h_mm + 5, "Glue the sheet")
    return _pdf(paper, "\n".join(page).encode("ascii"))


def _to_measure(paper: Paper, left_mm: float, top_mm: float, glue: str) -> list[str]:
    """The bar and two lines of what to do."""
    lines = (
        f"Print at 100 %. Measure the bar: it should be {BAR_MM:g} mm. Give what you measure "
        f"with --bar-mm.",
        f"{glue} to something flat and stiff. It is for: sorter calibrate.",
    )
    return [
        _rectangle(paper, left_mm, top_mm, BAR_MM, 1.5),
        *(_text(paper, left_mm, top_mm + 6 + 5 * k, text) for k, text in enumerate(lines)),
    ]


def _blocks(target: Charuco) -> list[tuple[int, int, int, int]]:
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


def _disc(paper: Paper, middle_mm: tuple[float, float], radius_mm: float) -> str:
    """Of four Bezier curves, round to 0.03 % of the radius."""
    x, y = middle_mm[0] * POINTS_PER_MM, (paper.height_mm - middle_mm[1]) * POINTS_PER_MM
    r = radius_mm * POINTS_PER_MM
    k = 4 / 3 * (2**0.5 - 1) * r
    return (
        f"{x + r:.4f} {y:.4f} m "
        f"{x + r:.4f} {y + k:.4f} {x + k:.4f} {y + r:.4f} {x:.4f} {y + r:.4f} c "
        f"{x - k:.4f} {y + r:.4f} {x - r:.4f} {y + k:.4f} {x - r:.4f} {y:.4f} c "
        f"{x - r:.4f} {y - k:.4f} {x - k:.4f} {y - r:.4f} {x:.4f} {y - r:.4f} c "
        f"{x + k:.4f} {y - r:.4f} {x + r:.4f} {y - k:.4f} {x + r:.4f} {y:.4f} c f"
    )


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
