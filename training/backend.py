"""TensorFlow, imported late and without its log noise."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from training.errors import TrainingError


def tensorflow() -> Any:
    """The module `tensorflow`; takes seconds the first time.

    Raises:
        TrainingError: the extra `train` is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    try:
        with quiet():
            import tensorflow
    except ImportError as error:
        raise TrainingError(
            "TensorFlow is not installed; run 'make trainer' in the checkout"
        ) from error
    tensorflow.get_logger().setLevel("ERROR")
    return tensorflow


def keras() -> Any:
    """The module `keras`, version 3, on TensorFlow."""
    tensorflow()
    import keras

    return keras


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Swallow what C++ code prints; should the block fail, it is printed after all.

    TensorFlow and its converter write to the file descriptors themselves, so Python's own
    redirection does not reach them.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    with tempfile.TemporaryFile() as heard:
        try:
            os.dup2(heard.fileno(), 1)
            os.dup2(heard.fileno(), 2)
            with contextlib.redirect_stdout(io.StringIO()):
                yield
        except BaseException:
            heard.seek(0)
            os.write(saved[1], heard.read())
            raise
        finally:
            os.dup2(saved[0], 1)
            os.dup2(saved[1], 2)
            os.close(saved[0])
            os.close(saved[1])
