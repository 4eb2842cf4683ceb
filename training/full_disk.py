"""What to do when a disk is full in the middle of a training."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from training.errors import TrainingError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextlib.contextmanager
def explained(out: Path) -> Iterator[None]:
    """Say that nothing is lost when a disk is full; other errors pass.

    Args:
        out: that is written.

    Raises:
        TrainingError: it is.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise TrainingError(
            f"{out}: the disk is full; free some space and give the same command again, which goes "
            f"on from the last checkpoint"
        ) from error
