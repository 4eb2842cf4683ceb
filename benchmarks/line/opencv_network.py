"""The classifier's network in OpenCV's DNN, as a peer."""

from __future__ import annotations

import contextlib
import importlib.util
import io
from collections.abc import Callable
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.classifier import Classifier

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def opencv_network(classifier: Classifier) -> Run | str:
    """The same layers with the same weights in float32, or one sentence why there is none.

    OpenCV's importer lacks the int8 mean at the network's end, so the file itself cannot be given
    to it: its layers are built again in Keras, and that network is handed over. A network that
    looks at mirror images too is given them, and the mean is taken of what it says.
    """
    if importlib.util.find_spec("tensorflow") is None:
        return "not measured: needs TensorFlow to write the network in float32"
    from training import backend

    tf = backend.tensorflow()
    model = classifier.bundle.models["classifier"]
    interpreter = tf.lite.Interpreter(model_content=model, num_threads=1)
    interpreter.allocate_tensors()
    try:
        keras_model, looks = _rebuilt(interpreter, classifier)
    except KeyError as error:
        return f"not measured: the network has a layer that is not known here ({error})"
    # The converter prints what it saves.
    with contextlib.redirect_stdout(io.StringIO()):
        written = tf.lite.TFLiteConverter.from_keras_model(keras_model).convert()
    try:
        net = cv2.dnn.readNetFromTFLite(np.frombuffer(written, np.uint8))
    except cv2.error as error:
        return f"not measured: OpenCV {cv2.__version__} cannot read the network ({error.err})"

    def run(inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        photos = inputs.transpose(0, 3, 1, 2)
        if looks > 1:
            flips = (photos, photos[:, :, ::-1], photos[:, :, :, ::-1], photos[:, :, ::-1, ::-1])
            photos = np.concatenate(flips)
        net.setInput(np.ascontiguousarray(photos))
        said = np.asarray(net.forward(), np.float32)
        return np.asarray(said.reshape(looks, len(inputs), -1).mean(axis=0), np.float32)

    return run


def _rebuilt(interpreter: Any, classifier: Classifier) -> tuple[Any, int]:
    """Keras model of one look, and how many there are."""
    import keras

    details = {one["index"]: one for one in interpreter.get_tensor_details()}

    def real(index: int) -> NDArray[np.float32]:
        values = interpreter.get_tensor(index).astype(np.float32)
        quantized = details[index]["quantization_parameters"]
        scales, points = quantized["scales"], quantized["zero_points"]
        if not len(scales):
            return np.asarray(values, np.float32)
        shape = [1] * values.ndim
        if len(scales) > 1:
            shape[quantized["quantized_dimension"]] = -1
        return np.asarray((values - points.reshape(shape)) * scales.reshape(shape), np.float32)

    size = classifier.bundle.manifest.preprocess.size_px
    first = keras.Input((size, size, 3), batch_size=None)
    made: dict[int, Any] = {interpreter.get_input_details()[0]["index"]: first}
    looks = 1
    for op in interpreter._get_ops_details():
        if op["op_name"] == "DELEGATE":
            continue
        inputs, output = [int(k) for k in op["inputs"]], int(op["outputs"][0])
        # A ReLU6 is not a layer of its own: it shows in the range of what comes out.
        active = "relu6" if details[output]["quantization"][1] == -128 else None
        known = [made[k] for k in inputs if k in made]
        weights = [real(k) for k in inputs if k not in made]
        if op["op_name"] == "ADD":
            made[output] = keras.layers.Activation(active)(keras.layers.Add()(known))
            continue
        mirrors = op["op_name"] in ("REVERSE_V2", "CONCATENATION")
        if mirrors and all(one is first for one in known):
            looks = max(looks, len(known))
            made[output] = first
            continue
        over_looks = op["op_name"] == "MEAN" and weights[0].tolist() in (0, [0])
        if looks > 1 and (over_looks or op["op_name"] == "RESHAPE"):
            made[output] = known[0]
            continue
        if op["op_name"] == "MEAN":
            made[output] = keras.layers.GlobalAveragePooling2D()(known[0])
            continue
        kernel, bias = weights[:2]
        stride = 1
        if op["op_name"] in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            stride = known[0].shape[1] // int(details[output]["shape"][1])
        across = {"strides": stride, "padding": "same", "activation": active}
        makers: dict[str, Callable[[], Any]] = {
            "CONV_2D": partial(keras.layers.Conv2D, kernel.shape[0], kernel.shape[1:3], **across),
            "DEPTHWISE_CONV_2D": partial(keras.layers.DepthwiseConv2D, kernel.shape[1:3], **across),
            "FULLY_CONNECTED": partial(keras.layers.Dense, kernel.shape[0]),
        }
        layer = makers[op["op_name"]]()
        made[output] = layer(known[0])
        turned = {
            "CONV_2D": (1, 2, 3, 0),
            "DEPTHWISE_CONV_2D": (1, 2, 3, 0),
            "FULLY_CONNECTED": (1, 0),
        }[op["op_name"]]
        layer.set_weights([kernel.transpose(turned), bias])
    last = interpreter.get_output_details()[0]["index"]
    return keras.Model(first, made[last]), looks
