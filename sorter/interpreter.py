"""The TFLite runtime, whichever is installed."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any

from sorter.errors import SorterError


def make_interpreter(model: bytes, threads: int) -> Any:
    """A TFLite interpreter from ai-edge-litert, or from tflite-runtime on older 32-bit devices.

    Raises:
        SorterError: neither is installed.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        try:
            from tflite_runtime.interpreter import Interpreter
        except ImportError as error:
            raise SorterError(
                "no TFLite runtime is installed; "
                "run: pip install ai-edge-litert (32-bit devices: pip install tflite-runtime)"
            ) from error
    with _hushed():
        interpreter = Interpreter(model_content=model, num_threads=threads)
        interpreter.allocate_tensors()
    return interpreter


@contextlib.contextmanager
def _hushed() -> Iterator[None]:
    """Silence descriptor 2: the runtime greets there at every start, past Python's own stderr."""
    sys.stderr.flush()
    saved, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)
