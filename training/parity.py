"""Does the int8 file still say what the network said?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.errors import TrainingError

MOST_POINTS, MOST_PHOTOS, SIGNIFICANCE = 1.0, 2, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """The same photos before and after quantization."""

    n: int
    lost: int
    """Right before, wrong after."""
    gained: int
    """Wrong before, right after."""

    @property
    def drop_points(self) -> float:
        """Fall of the accuracy in percentage points."""
        return 100 * (self.lost - self.gained) / self.n

    @property
    def p_value(self) -> float:
        """Of both having the same accuracy: the exact, two-sided test of McNemar (1947)."""
        return mcnemar(self.lost, self.gained)

    @property
    def broken(self) -> bool:
        """More was lost than chance and a few photos explain."""
        return (
            self.drop_points > MOST_POINTS
            and self.lost - self.gained > MOST_PHOTOS
            and self.p_value < SIGNIFICANCE
        )


def parity(
    by_float: NDArray[np.float64], by_int8: NDArray[np.float64], truth: NDArray[np.intp]
) -> Parity:
    """Set the answers of both side by side.

    Args:
        by_float: n × grades, outputs of the network.
        by_int8: n × grades, outputs of the int8 file.
        truth: n indices.
    """
    before, after = (said.argmax(axis=1) == truth for said in (by_float, by_int8))
    return Parity(
        n=len(truth), lost=int((before & ~after).sum()), gained=int((~before & after).sum())
    )


def mcnemar(lost: int, gained: int) -> float:
    """P-value of the exact, two-sided test: is either change as likely as the other?"""
    changed = lost + gained
    tail = sum(math.comb(changed, k) for k in range(min(lost, gained) + 1))
    return min(1.0, float(2 * tail / 2**changed))


def check(
    found: Parity, *, model: str, other: str, batch_norm: bool, fine_tuned: bool = False
) -> None:
    """Refuse an int8 file that is worse than its network.

    Args:
        found: on the validation part.
        model: name of the network.
        other: quantizer that could be tried instead.
        batch_norm: whether the network has batch norm, which keeps weights and activations in
            ranges that eight bits resolve.
        fine_tuned: whether blocks of a backbone with weights were trained too: they leave the
            ranges that the weights came with, and a batch norm that is kept does not follow.

    Raises:
        TrainingError: it is; the sentence says why, and what to do.
    """
    if not found.broken:
        return
    cause = f"{model} has weights or activations far larger than the rest"
    if not batch_norm:
        cause += ", since it has no batch norm that keeps them in bounds"
    if fine_tuned:
        cause += ", since fine-tuning moved it away from what its batch norm was made for"
    remedies = [f"--quantizer {other}"]
    if fine_tuned:
        remedies.append("no --fine-tune (the backbone stays frozen)")
    remedies.append("--model ds-cnn (batch norm, ReLU6)" if model != "ds-cnn" else "another --seed")
    raise TrainingError(
        f"in int8 the model loses {found.drop_points:.1f} points on {found.n} validation photos "
        f"({found.lost} right answers lost, {found.gained} gained, p = {found.p_value:.2g}); "
        f"likely {cause}, which 8 bits of one scale cannot hold; "
        f"try {', or '.join(remedies)}"
    )
