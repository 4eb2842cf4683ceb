"""The state of a training in one file, so that it goes on after a kill."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sorter.whole_file import whole_file

Arrays = list[NDArray[Any]]


@dataclass(slots=True, kw_only=True)
class Past:
    """What a training has been through."""

    losses: list[float] = field(default_factory=list)
    """On the validation part, one an epoch."""
    accuracies: list[float] = field(default_factory=list)
    best_epoch: int | None = None
    """Counted from 0."""

    @property
    def epochs(self) -> int:
        """Finished ones."""
        return len(self.losses)


def save(path: Path, fingerprint: str, past: Past, now: Arrays, best: Arrays | None) -> None:
    """Write the state whole or not at all.

    Args:
        path: of the file.
        fingerprint: of the training; only the same training goes on from the file.
        past: so far.
        now: every variable of network and optimizer.
        best: every variable of the network in the best epoch, once there is one.
    """
    head = json.dumps({"fingerprint": fingerprint, **asdict(past)})
    arrays = {f"now{i}": one for i, one in enumerate(now)}
    arrays |= {f"best{i}": one for i, one in enumerate(best or [])}
    with whole_file(path) as partial, partial.open("wb") as file:
        np.savez(file, head=np.frombuffer(head.encode(), np.uint8), **arrays)  # type: ignore[arg-type]


def load(
    path: Path, fingerprint: str, shapes: Sequence[tuple[int, ...]]
) -> tuple[Past, Arrays, Arrays | None] | None:
    """Read the state back; None if there is none, or one of another training, or a damaged one.

    Args:
        path: of the file.
        fingerprint: that it must have.
        shapes: of the variables that it must hold.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            head = json.loads(bytes(file["head"]))
            if head.pop("fingerprint") != fingerprint:
                return None
            past = Past(**head)
            now = [file[f"now{i}"] for i in range(len(shapes))]
            best = [file[f"best{i}"] for i in range(sum(k.startswith("best") for k in file.files))]
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None
    if [one.shape for one in now] != list(shapes):
        return None
    return past, now, best or None
