"""What an int8 TFLite file says and what it costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels
from sorter.interpreter import make_interpreter
from sorter.preprocess import Preprocess
from sorter.shape import quantized_shapes


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Of one photo."""

    macs: int
    """Multiply-adds of convolutions and dense layers."""
    activation_bytes: int
    """The most that inputs, outputs and what lies between take up at one time, without weights."""


def run(model: bytes, inputs: Pixels, preprocess: Preprocess) -> NDArray[np.float64]:
    """Logits of photos, n × grades, computed as the device does.

    Args:
        model: TFLite file with int8 input and output.
        inputs: n × size × size × 3, as `preprocess` gives them.
        preprocess: that made the inputs.
    """
    interpreter = make_interpreter(model, 1)
    entry, *second = sorted(interpreter.get_input_details(), key=lambda one: -len(one["shape"]))
    exit_ = interpreter.get_output_details()[0]
    levels = preprocess.quantized(*entry["quantization"])
    scale, zero_point = exit_["quantization"]
    said = []
    for photo in inputs:
        given = levels[photo][None]
        interpreter.set_tensor(entry["index"], given)
        for one in second:
            interpreter.set_tensor(one["index"], quantized_shapes(given, *one["quantization"]))
        interpreter.invoke()
        said.append(interpreter.get_tensor(exit_["index"])[0].astype(np.float64))
    return np.asarray((np.stack(said) - zero_point) * scale)


def costs(model: bytes) -> Costs:
    """Count what a file computes and keeps in memory, operator by operator."""
    interpreter = plain_interpreter(model)
    tensors = {one["index"]: one for one in interpreter.get_tensor_details()}
    operators = interpreter._get_ops_details()
    macs = 0
    last_use: dict[int, int] = {}
    made_at = {one["index"]: -1 for one in interpreter.get_input_details()}
    for step, operator in enumerate(operators):
        macs += _macs(operator, tensors)
        made_at |= dict.fromkeys(map(int, operator["outputs"]), step)
        last_use |= dict.fromkeys(map(int, operator["inputs"]), step)
    last_use |= dict.fromkeys((one["index"] for one in interpreter.get_output_details()), 10**9)

    def alive(step: int) -> int:
        return sum(
            int(np.prod(tensors[index]["shape"])) * np.dtype(tensors[index]["dtype"]).itemsize
            for index, made in made_at.items()
            if made <= step <= last_use.get(index, made)
        )

    return Costs(macs=macs, activation_bytes=max(alive(step) for step in range(len(operators))))


def invoke_ms(
    models: Sequence[bytes],
    *,
    rounds: int = 30,
    clock: Callable[[], float] = time.perf_counter,
) -> list[float]:
    """Median time of one photo on one thread, in milliseconds.

    All models run in turn, so that what else the machine does falls on each alike.

    Args:
        models: TFLite files.
        rounds: calls of each.
        clock: in seconds.
    """
    interpreters = [make_interpreter(model, 1) for model in models]
    taken: list[list[float]] = [[] for _ in models]
    for interpreter in interpreters:
        interpreter.invoke()
    for _ in range(rounds):
        for interpreter, times in zip(interpreters, taken, strict=True):
            started = clock()
            interpreter.invoke()
            times.append(1000 * (clock() - started))
    return [float(np.median(times)) for times in taken]


def _macs(operator: dict[str, Any], tensors: dict[int, Any]) -> int:
    kind = operator["op_name"]
    if kind not in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
        return 0
    weights = tensors[operator["inputs"][1]]["shape"]
    made = int(np.prod(tensors[operator["outputs"][0]]["shape"]))
    # Weights: out × rows × columns × in; 1 × rows × columns × channels; out × in.
    a_value = weights[1:3] if kind == "DEPTHWISE_CONV_2D" else weights[1:]
    return made * int(np.prod(a_value))


def plain_interpreter(model: bytes, *, keep_tensors: bool = False) -> Any:
    """Without a delegate, which would hide the operators that it takes over.

    Args:
        model: TFLite file.
        keep_tensors: what lies between the operators can be read after a call; slower.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    from training import backend

    with backend.quiet():
        interpreter = Interpreter(
            model_content=model,
            experimental_preserve_all_tensors=keep_tensors,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        interpreter.allocate_tensors()
    return interpreter
