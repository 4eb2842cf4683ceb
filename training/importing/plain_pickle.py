"""Reads pickles that hold nothing but numbers, texts and arrays: no code of theirs runs."""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.errors import PhotosError

MAX_BYTES = 1024 * 1024 * 1024
NUMBERS = frozenset(f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8)) | {
    "f2",
    "f4",
    "f8",
    "b1",
    "bool",
}


def load_plain(data: bytes, name: str) -> dict[str, Any]:
    """Unpickle a dict of builtin types and NumPy arrays of numbers.

    Args:
        data: of a pickle, of Python 2 or 3.
        name: of the file, for the sentence.

    Returns:
        The dict; its keys are texts, and those of its values that are arrays are NumPy arrays.

    Raises:
        PhotosError: it is no pickle of a dict, damaged, or wants anything else.
    """
    if len(data) > MAX_BYTES:
        raise PhotosError(f"{name}: larger than 1 GiB; split it into several files")
    try:
        _check_memo(data)
        # latin1 keeps the bytes of arrays that Python 2 pickled.
        content = _Unpickler(io.BytesIO(data), encoding="latin1").load()
    except _Refused as error:
        raise PhotosError(
            f"{name}: a pickle that asks for {error}, which may run code; "
            f"only numbers, texts and NumPy arrays of numbers are read"
        ) from error
    except (
        pickle.UnpicklingError,
        ArithmeticError,
        AttributeError,
        EOFError,
        ImportError,
        LookupError,
        MemoryError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise PhotosError(
            f"{name}: not a pickle, or a damaged one; give the file as it was published"
        ) from error

    if not isinstance(content, dict):
        raise PhotosError(f"{name}: holds no dict of 'data' and 'labels'; give a CIFAR-style batch")
    return {
        key.decode("latin1") if isinstance(key, bytes) else str(key): (
            value.values if isinstance(value, _Array) else value
        )
        for key, value in content.items()
    }


def _check_memo(data: bytes) -> None:
    """Refuse a pickle that numbers its parts beyond any that it has.

    CPython's unpickler makes room for all lower numbers first: six bytes ask for 32 GiB.
    """
    for operation, argument, _ in pickletools.genops(data):
        if "PUT" in operation.name and int(argument or 0) > len(data):
            raise ValueError(f"part {argument}")


class _Refused(Exception):  # noqa: N818
    """What the pickle asked for."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        # NumPy 2 renamed its inner modules; the class itself only names what _reconstruct makes.
        key = (module.replace("numpy._core", "numpy.core"), name)
        if key == ("numpy", "ndarray"):
            return None
        if key not in _ALLOWED:
            raise _Refused(f"{module}.{name}")
        return _ALLOWED[key]

    def persistent_load(self, pid: Any) -> Any:
        raise _Refused("an object outside of it")


class _Call:
    """Something that the pickle may call, but not change."""

    __slots__ = ("_work",)

    def __init__(self, work: Callable[..., Any]) -> None:
        self._work = work

    def __call__(self, *arguments: Any) -> Any:
        return self._work(*arguments)

    def __setstate__(self, state: Any) -> None:
        raise _Refused("a change of this program")


class _Dtype:
    """Stands for a NumPy dtype; NumPy's own is never given a state from the file."""

    __slots__ = ("dtype",)

    def __init__(self, spec: Any) -> None:
        if not isinstance(spec, str) or spec.lstrip("<>|=") not in NUMBERS:
            raise _Refused(f"an array of {str(spec)[:20]}")
        self.dtype = np.dtype(spec)

    def __setstate__(self, state: Any) -> None:
        if state[1] in (">", b">"):
            self.dtype = self.dtype.newbyteorder(">")


class _Array:
    """Stands for a NumPy array, made only from bytes that are in the file."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: NDArray[Any] = np.zeros(0, np.uint8)

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, fortran, raw = state
        self.values = _filled(raw, kind, shape, "F" if fortran else "C")


def _filled(raw: Any, kind: Any, shape: Any, order: str) -> NDArray[Any]:
    data = raw.encode("latin1") if isinstance(raw, str) else raw
    if not isinstance(kind, _Dtype) or not isinstance(data, bytes | bytearray):
        raise _Refused("an array of another kind")
    values = np.frombuffer(data, kind.dtype)
    return np.reshape(values, shape, order="F" if order == "F" else "C")


def _from_buffer(raw: Any, kind: Any, shape: Any, order: Any) -> _Array:
    array = _Array()
    array.values = _filled(raw, kind, shape, order)
    return array


def _scalar(kind: Any, raw: Any) -> Any:
    return _filled(raw, kind, (1,), "C").item()


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise _Refused("another encoding")
    return text.encode("latin1")


def _no_bytes() -> bytes:
    return b""


_ALLOWED = {
    ("numpy", "dtype"): _Call(lambda spec, *_: _Dtype(spec)),
    ("numpy.core.multiarray", "_reconstruct"): _Call(lambda *_: _Array()),
    ("numpy.core.multiarray", "scalar"): _Call(_scalar),
    ("numpy.core.numeric", "_frombuffer"): _Call(_from_buffer),
    ("_codecs", "encode"): _Call(_encode),
    ("builtins", "bytes"): _Call(_no_bytes),
    ("__builtin__", "bytes"): _Call(_no_bytes),
}
