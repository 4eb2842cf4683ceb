"""How long the line's benchmark runs: whole, or short with `BENCH_SHORT=1` for a first look."""

from __future__ import annotations

import os

SHORT = bool(os.environ.get("BENCH_SHORT"))


def scaled(whole: int, short: int) -> int:
    """The number for the run that was asked for."""
    return short if SHORT else whole
