"""Photos as a training takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Preprocessed photos with their grades."""

    inputs: Pixels
    """n × size × size × 3, as `Preprocess` gives them."""
    labels: NDArray[np.intp]
    """n indices into the grades."""
