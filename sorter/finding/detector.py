"""A network that finds items in a frame: SSD-style boxes and scores, then NMS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.bundle import Bundle, BundleError
from sorter.frame import Pixels
from sorter.interpreter import make_interpreter

MOST_ITEMS = 200
"""Boxes that are looked at, best first: more items do not fit into a frame."""

LEAST_PX = 2.0
"""Side of a box that has an inside."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Items in one frame."""

    boxes_px: Floats
    """n × 4: left, top, right, bottom; the middle of the image's first pixel is (0, 0)."""
    scores: Floats
    """n, 0 … 1, best first."""


class Detector:
    """The bundle's detector, ready to run."""

    def __init__(self, bundle: Bundle, *, threads: int = 1) -> None:
        """Load the model.

        One image goes in (1 × height × width × 3, float32, int8 or uint8). Out come boxes
        (1 × n × 4: top, left, bottom, right as shares of the image's sides) and scores (1 × n, or
        1 × n × classes of produce), in any order. A model that ends in TFLite's own post-processing
        gives boxes, classes, scores and their number, in this order.

        Args:
            bundle: as read from disk.
            threads: of the interpreter.

        Raises:
            BundleError: the bundle holds no detector, or none of this kind.
        """
        model = bundle.models.get("detector")
        if model is None:
            raise BundleError(
                "the bundle holds no detector; set finder.source to background or use another one"
            )
        try:
            self._interpreter = make_interpreter(model, threads)
        except (ValueError, RuntimeError) as error:
            raise BundleError("the bundle's detector cannot be loaded; pack it again") from error
        inputs = self._interpreter.get_input_details()
        outputs = self._interpreter.get_output_details()
        if len(inputs) != 1 or list(inputs[0]["shape"])[3:] != [3] or inputs[0]["shape"][0] != 1:
            raise BundleError("the bundle's detector does not take one colour image; pack it again")
        self._input = inputs[0]
        self._boxes, self._scores = _roles(outputs)
        self._settings = bundle.manifest.detector
        levels = (np.arange(256) - self._settings.mean) / self._settings.std
        dtype = self._input["dtype"]
        if dtype is not np.float32:
            scale, zero_point = self._input["quantization"]
            limits = np.iinfo(dtype)
            levels = np.clip(np.rint(levels / (scale or 1.0)) + zero_point, limits.min, limits.max)
        self._levels = levels.astype(dtype)

    def find(self, pixels: Pixels) -> Found:
        """Find the items in a frame of any size (height × width × 3, uint8, BGR)."""
        _, in_height, in_width, _ = self._input["shape"]
        image = cv2.resize(pixels, (int(in_width), int(in_height)), interpolation=cv2.INTER_AREA)
        if self._settings.colour_order == "RGB":
            image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        self._interpreter.set_tensor(self._input["index"], self._levels[image][None])
        self._interpreter.invoke()
        boxes, scores = self._answer(self._boxes)[0], self._answer(self._scores)[0]
        if scores.ndim == 2:
            scores = scores.max(axis=1)
        # A box or score that is no number is no item; nothing compares as true with it.
        with np.errstate(invalid="ignore"):
            fine = (scores >= self._settings.least_score) & np.isfinite(boxes).all(axis=1)
        boxes, scores = boxes[fine], scores[fine]
        height, width = pixels.shape[:2]
        sides = np.array([width, height, width, height], np.float32)
        places_px = np.clip(boxes[:, [1, 0, 3, 2]], 0, 1) * sides - np.float32(0.5)
        # A network may put a box beside the image: what is left of it there has no inside.
        seen = (places_px[:, 2:] - places_px[:, :2] >= LEAST_PX).all(axis=1)
        places_px, scores = places_px[seen], scores[seen]
        order = np.argsort(-scores, kind="stable")[:MOST_ITEMS]
        kept = order[nms(places_px[order], self._settings.most_overlap)]
        return Found(boxes_px=places_px[kept], scores=scores[kept])

    def _answer(self, details: Any) -> Floats:
        answer = self._interpreter.get_tensor(details["index"])
        if answer.dtype == np.float32:
            return np.asarray(answer)
        scale, zero_point = details["quantization"]
        return np.asarray((answer.astype(np.float32) - zero_point) * scale, np.float32)


def nms(boxes: Floats, most_overlap: float) -> NDArray[np.intp]:
    """Non-maximum suppression: of boxes that lie over each other, the first is kept.

    Args:
        boxes: n × 4, two corners each, best first.
        most_overlap: intersection over union that two kept boxes may have.

    Returns:
        Places of the kept boxes, ascending.
    """
    over = shares(boxes) > most_overlap
    kept: list[int] = []
    for k in range(len(boxes)):
        if not over[k, kept].any():
            kept.append(k)
    return np.asarray(kept, np.intp)


def shares(boxes: Floats) -> Floats:
    """Intersection over union of each box with each, n × n."""
    corner, far = boxes[:, :2], boxes[:, 2:]
    common = np.minimum(far[:, None], far[None]) - np.maximum(corner[:, None], corner[None])
    both = np.maximum(common, 0).prod(axis=2)
    area = (far - corner).prod(axis=1)
    return np.asarray(both / np.maximum(area[:, None] + area[None] - both, 1e-12), np.float32)


def _roles(outputs: list[Any]) -> tuple[Any, Any]:
    """Which output holds boxes and which scores."""
    shapes = [list(output["shape"]) for output in outputs]
    boxes = [k for k, shape in enumerate(shapes) if len(shape) == 3 and shape[2] == 4]
    if len(outputs) == 4 and boxes == [0]:
        return outputs[0], outputs[2]
    if len(outputs) == 2 and boxes:
        # Of four classes the scores look like boxes too; then boxes come first.
        k = boxes[0]
        if shapes[1 - k][:2] == shapes[k][:2]:
            return outputs[k], outputs[1 - k]
    raise BundleError("the bundle's detector does not give boxes and scores; pack it again")
