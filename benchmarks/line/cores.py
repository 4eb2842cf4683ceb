"""Simulated runs side by side: on their own clock, they disturb only each other's wall time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def on_all_cores(
    run: Callable[..., T], jobs: Iterable[tuple[object, ...]]
) -> Iterator[Iterator[T]]:
    """Call a function of a module once a job, on as many cores as there are.

    Args:
        run: gets what is in a job.
        jobs: with values that can be pickled.

    Yields:
        What each call returns, in the order of the jobs.
    """
    cores = len(os.sched_getaffinity(0))
    # Started afresh, not forked: OpenCV's threads do not survive that.
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        yield pool.map(run, *zip(*jobs, strict=True))
