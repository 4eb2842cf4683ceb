"""Counters of 32 bits that wrap: the board's tick and microsecond counts."""

from __future__ import annotations

_SPAN = 1 << 32
_HALF = 1 << 31


def fold(count: int) -> int:
    """The low 32 bits of an unwrapped count."""
    return count % _SPAN


def ahead(a: int, b: int) -> int:
    """How far folded count `a` lies ahead of `b`: -2³¹ … 2³¹-1, right across the wrap."""
    return (a - b + _HALF) % _SPAN - _HALF


def unfold(folded: int, near: int) -> int:
    """The unwrapped count nearest to `near` that folds to `folded`."""
    return near + ahead(folded, fold(near))
