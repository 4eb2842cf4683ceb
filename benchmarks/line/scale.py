"""How long the line's benchmark runs: whole, or short with `BENCH_SHORT=1` for a first look."""

from __future__ import annotations

import os
from typing import TypeVar

SHORT = bool(os.environ.get("BENCH_SHORT"))

T = TypeVar("T")


def scaled(whole: T, short: T) -> T:
    """What is meant for the run that was asked for."""
    return short if SHORT else whole
