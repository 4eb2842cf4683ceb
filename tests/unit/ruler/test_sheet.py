from __future__ import annotations

import numpy as np
import pypdfium2
import pytest

from sorter.ruler.sheet import BAR_MM, PAPERS, sheet

PX_PER_MM = 4.0


def printed(name: str) -> np.ndarray:
    """The sheet as a printer draws it: height × width × 3."""
    page = pypdfium2.PdfDocument(sheet(PAPERS[name]))[0]
    return np.asarray(page.render(scale=PX_PER_MM * 25.4 / 72).to_numpy())[:, :, :3]


@pytest.mark.parametrize("name", PAPERS)
def test_every_corner_of_the_printed_board_is_found_where_it_belongs(name: str) -> None:
    target = PAPERS[name].target

    view = target.find(printed(name))

    assert view is not None
    assert len(view.numbers) == (target.columns - 1) * (target.rows - 1)
    across_px = np.ptp(view.corners_px[:, 0])
    assert across_px / PX_PER_MM == pytest.approx((target.columns - 2) * target.square_mm, abs=0.2)


@pytest.mark.parametrize("name", PAPERS)
def test_the_bar_is_as_long_as_it_says(name: str) -> None:
    paper = PAPERS[name]
    below_board = printed(name)[round((13 + paper.target.size_mm[1]) * PX_PER_MM) :, :, 0]
    longest = max(
        int(np.diff(np.flatnonzero(np.diff((row < 128).astype(int), prepend=0, append=0))).max())
        for row in below_board
        if (row < 128).any()
    )

    assert longest / PX_PER_MM == pytest.approx(BAR_MM, abs=0.5)


@pytest.mark.parametrize("name", PAPERS)
def test_the_sheet_leaves_the_margin_that_printers_cannot_print(name: str) -> None:
    margin = round(5 * PX_PER_MM)
    page = printed(name)

    assert (page[:margin] == 255).all() and (page[-margin:] == 255).all()
    assert (page[:, :margin] == 255).all() and (page[:, -margin:] == 255).all()
