"""A place where results go, tried before any work is done for it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from training.errors import TrainingError


def check_out(path: Path, option: str = "--out") -> None:
    """Refuse a file or folder that could not be written in the end.

    A file is made beside it, or where its folder would be made, and removed again: rights alone
    do not tell of a disk that is read-only, nor of folders like /proc.

    Args:
        path: that will be made.
        option: that gave it, for the sentence.

    Raises:
        TrainingError: nothing can be written there.
    """
    try:
        above = next(one for one in (path, *path.absolute().parents) if one.exists())
        with tempfile.NamedTemporaryFile(prefix=".", dir=path.parent if path.is_file() else above):
            pass
    except OSError as error:
        raise TrainingError(
            f"{path}: nothing can be written there ({error.strerror}); give another place with "
            f"{option}"
        ) from error
