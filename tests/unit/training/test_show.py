from __future__ import annotations

import io

from rich.console import Console

from training.cli import show


def test_a_grade_that_looks_like_markup_is_shown_as_it_is() -> None:
    out = io.StringIO()
    Console(file=out, width=80).print(show.confusion(["[bold]", "[/L]"], [[3, 0], [1, 2]]))
    assert out.getvalue().count("[bold]") == 2
    assert out.getvalue().count("[/L]") == 2
