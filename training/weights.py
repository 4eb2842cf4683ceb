"""Weights that a backbone has learned elsewhere."""

from __future__ import annotations

import contextlib
import hashlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sorter.whole_file import whole_file
from training import backend
from training.errors import TrainingError
from training.zoo.backbones import BACKBONES

NONE, IMAGENET = "none", "imagenet"
AUTO = "auto"
"""In place of a network's name: chosen by trials."""
ENDINGS = (".weights.h5", ".h5")


def check(given: str, model: str) -> None:
    """Refuse weights that cannot be meant, before any photo is read.

    Args:
        given: `none`, `imagenet` or a file.
        model: name of the network, or `auto`.

    Raises:
        TrainingError: the network takes none, or the file is missing or no weights.
    """
    if given == NONE:
        return
    if model not in BACKBONES and model != AUTO:
        raise TrainingError(
            f"--weights: {model} is trained from scratch; leave it out or choose a --model of: "
            f"{', '.join(BACKBONES)}"
        )
    if given != IMAGENET and not Path(given).is_file():
        raise TrainingError(f"--weights: no file {given}; give 'imagenet', 'none' or a file")
    if given != IMAGENET and not given.endswith(ENDINGS):
        raise TrainingError(f"--weights: {given} does not end in {' or '.join(ENDINGS)}")


def fitting(given: str) -> str:
    """The backbone that weights are for; for `imagenet`, the smallest.

    Raises:
        TrainingError: they fit none.
    """
    if given == IMAGENET:
        return next(iter(BACKBONES))
    for name, architecture in BACKBONES.items():
        assert architecture.application is not None
        with contextlib.suppress(TrainingError):
            load(architecture.application(None), given, name)
            return name
    raise TrainingError(
        f"--weights: {given} fits none of {', '.join(BACKBONES)}; take weights without the top, "
        f"saved by Keras 3"
    )


def load(backbone: Any, given: str, model: str) -> str:
    """Fill a backbone with weights.

    Args:
        backbone: Keras model of the layers that the weights are for, without its top.
        given: `none`, `imagenet` (downloads them the first time) or a file.
        model: name of the network, for the sentence.

    Returns:
        What tells these weights from others: SHA-256 of a file, else the argument.

    Raises:
        TrainingError: they do not fit, or cannot be had.
    """
    if given == NONE:
        return NONE
    if given == IMAGENET:
        _download(backbone, model)
        return f"{IMAGENET} {backend.keras().__version__}"
    path = Path(given)
    unfit = TrainingError(
        f"--weights: {path} does not fit {model}, or is damaged; take weights of this network "
        f"without its top, saved by Keras 3"
    )
    # Keras leaves a layer that the file lacks as it was, with no more than a warning.
    for variable in backbone.weights:
        variable.assign(np.full(variable.shape, np.nan))
    try:
        with backend.quiet(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            backbone.load_weights(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise unfit from error
    if not all(np.isfinite(variable.numpy()).all() for variable in backbone.weights):
        raise unfit
    return digest


def _download(backbone: Any, model: str) -> None:
    make = BACKBONES[model].application
    assert make is not None
    try:
        with backend.quiet(), _whole_downloads():
            donor = make(None, weights=IMAGENET)
    except Exception as error:
        # Keras raises a bare Exception when a download breaks off.
        raise TrainingError(
            f"--weights imagenet: they cannot be downloaded ({error}); try again, or give a file"
        ) from error
    backbone.set_weights(donor.get_weights())


@contextlib.contextmanager
def _whole_downloads() -> Iterator[None]:
    """Let Keras download whole files or none.

    It writes to the final name from the first byte on; a kill would leave half a file there.
    """
    from keras.src.utils import file_utils

    fetch = file_utils.urlretrieve

    def whole(address: str, target: str, *others: Any) -> None:
        with whole_file(Path(target)) as partial:
            fetch(address, partial, *others)

    file_utils.urlretrieve = whole
    try:
        yield
    finally:
        file_utils.urlretrieve = fetch
