"""One line a number, beside the limit that was promised."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

RESULTS = Path(__file__).with_name("results")


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A measured value and its limit, if one was promised."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    better: Literal["more", "less"] = "less"

    @property
    def short(self) -> bool:
        """Whether the promise is broken."""
        if self.limit is None:
            return False
        return self.value < self.limit if self.better == "more" else self.value > self.limit

    def __str__(self) -> str:
        if self.limit is None:
            return f"       {self.name:<32}  {self.value:g} {self.unit}"
        sign = ">=" if self.better == "more" else "<="
        verdict = "short" if self.short else "ok"
        return f"{verdict:<5}  {self.name:<32}  {self.value:g} {self.unit}  {sign} {self.limit:g}"


@dataclass(slots=True, kw_only=True)
class Report:
    """The numbers of one benchmark; prints each as it comes."""

    name: str
    numbers: list[Number] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Take away what an earlier version has measured: a broken-off run leaves none of it."""
        self._path.unlink(missing_ok=True)

    @property
    def _path(self) -> Path:
        return RESULTS / f"{self.name}.json"

    def at_least(self, name: str, value: float, unit: str, limit: float) -> None:
        """A number of which more is better."""
        self._add(Number(name=name, value=value, unit=unit, limit=limit, better="more"))

    def at_most(self, name: str, value: float, unit: str, limit: float) -> None:
        """A number of which less is better."""
        self._add(Number(name=name, value=value, unit=unit, limit=limit, better="less"))

    def beside(self, name: str, value: float, unit: str) -> None:
        """A number that is not promised, to be read beside those that are."""
        self._add(Number(name=name, value=value, unit=unit))

    def _add(self, number: Number) -> None:
        self.numbers.append(number)
        print(number, flush=True)

    def save(self) -> bool:
        """Write `results/NAME.json`; returns whether every promise is kept."""
        RESULTS.mkdir(exist_ok=True)
        rows = [asdict(number) | {"ok": not number.short} for number in self.numbers]
        self._path.write_text(json.dumps(rows, indent=1), encoding="utf-8")
        return not any(number.short for number in self.numbers)
