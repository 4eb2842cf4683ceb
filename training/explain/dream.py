"""What a channel of a network searches for: pictures that excite it, from noise or from a photo.

Gradient ascent, with the gradient evened out over the levels of its Laplacian pyramid, so that
large forms grow as fast as fine ones (Mordvintsev, Olah and Tyka 2015, "DeepDream").
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels
from training import backend
from training.errors import TrainingError
from training.explain.float_network import FloatNetwork, has_places
from training.explain.picture import shown
from training.explain.subject import as_seen

STEPS = 24
"""On each octave."""
OCTAVES, OCTAVE = 3, 1.5
"""How many sizes a picture goes through, and by what factor each is larger than the last."""
SMALLEST_PX = 128
"""Side of the first octave, for a network whose input is smaller."""
RATE = 0.02
"""Length of a step, as part of the range of the levels."""
PYRAMID = (0.1, 0.4, 1.0, 1.0, 1.0)
"""Weight of each level of the gradient, the finest first; what remains weighs 1. The finest hold
the grid that strides leave in every gradient."""
JITTER = 1 / 16
"""Part of the side by which the picture is rolled at each step, against the same grid."""
GREY = 0.5
NOISE = 0.03
"""Parts of the range: from where a picture begins, and how much noise is in it."""
KEEP = 0.3
BORDER = 1 / 8
"""Part of the side that does not count: there a layer answers the black beyond the picture."""
ACTIVATIONS = ("ReLU", "Activation")
BLUR = (0.0625, 0.25, 0.375, 0.25, 0.0625)
"""Burt and Adelson's (1983) kernel of a pyramid."""


def layer_names(network: FloatNetwork) -> list[str]:
    """Layers whose channels can be looked at, from the photo upwards: those with an activation."""
    return [
        layer.name
        for layer in network.model.layers
        if has_places(layer)
        and (
            type(layer).__name__ in ACTIVATIONS
            or getattr(getattr(layer, "activation", None), "__name__", "linear") != "linear"
        )
    ]


class Dreamer:
    """One layer of a run's network, cut off above and free of the size of its input."""

    def __init__(self, network: FloatNetwork, layer: str) -> None:
        """Cut the network.

        Args:
            network: of a run.
            layer: one of `layer_names`, or its number: 1 is next to the photo.

        Raises:
            TrainingError: there is no such layer, or it has no places.
        """
        names = layer_names(network)
        if layer.isdecimal() and 1 <= int(layer) <= len(names):
            layer = names[int(layer) - 1]
        if layer not in names:
            raise TrainingError(
                f"--layer: found '{layer}'; give a number from 1, next to the photo, to "
                f"{len(names)}, or one of: {', '.join(names)}"
            )
        self.layer = layer
        keras = backend.keras()
        chosen = network.model.get_layer(layer)
        # Below its ReLU where that is a layer: from a channel that is silent no gradient comes.
        goal = chosen.input if type(chosen).__name__ in ACTIVATIONS else chosen.output
        below = keras.Model(network.model.inputs[0], goal)
        self._tower = keras.models.clone_model(
            below, input_tensors=keras.layers.Input((None, None, 3))
        )
        self._tower.set_weights(below.get_weights())
        self._network = network
        self.channels = int(below.output.shape[-1])

    def answers(self, photo: Pixels) -> NDArray[np.float64]:
        """How strongly each channel answers a photo: the mean over the places, (channels,)."""
        made = self._tower(self._network.inputs([photo]), training=False)
        return np.asarray(np.asarray(made[0], np.float64).mean(axis=(0, 1)))

    def feature(self, channel: int, *, steps: int = STEPS, seed: int = 0) -> Pixels:
        """A picture, grown from noise, of what a channel searches for.

        Args:
            channel: index.
            steps: on each octave.
            seed: of the noise.
        """
        side = max(SMALLEST_PX, self._network.preprocess.size_px)
        random = np.random.default_rng(seed)
        start = GREY + NOISE * random.standard_normal((side, side, 3))
        grown = self._grow(start, channel, steps, seed, keep=0.0)
        edge = round(BORDER * len(grown))
        return np.ascontiguousarray(grown[edge:-edge, edge:-edge])

    def dream(
        self,
        photo: Pixels,
        channel: int | None,
        *,
        steps: int = STEPS,
        seed: int = 0,
        keep: float = KEEP,
    ) -> Pixels:
        """A photo in which what excites the layer has been amplified.

        Args:
            photo: uint8, BGR, any size.
            channel: index; None: whatever in the layer the photo excites already.
            steps: on each octave.
            seed: of the small shifts on the way.
            keep: part of the photo that is mixed in again at each octave.
        """
        side = max(SMALLEST_PX, self._network.preprocess.size_px)
        seen = shown(as_seen(photo, self._network.preprocess), side)
        return self._grow(
            self._ordered(seen.astype(np.float64) / 255), channel, steps, seed, keep=keep
        )

    def _grow(
        self, start: NDArray[np.float64], channel: int | None, steps: int, seed: int, *, keep: float
    ) -> Pixels:
        tf = backend.tensorflow()
        preprocess = self._network.preprocess
        random = np.random.default_rng(seed)
        first = tf.constant(start[None], tf.float32)
        picture = first

        def climb(picture: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(picture)
                levels = (255.0 * picture - preprocess.mean) / preprocess.std
                made = self._tower(levels, training=False)
                edge = tf.cast(BORDER * tf.cast(tf.shape(made)[1], tf.float32), tf.int32)
                inner = made[:, edge : tf.shape(made)[1] - edge, edge : tf.shape(made)[2] - edge]
                excited = tf.nn.relu(inner) ** 2 if channel is None else inner[..., channel]
                loss = tf.reduce_mean(excited)
            step = _evened_out(tape.gradient(loss, picture))
            return tf.clip_by_value(picture + RATE * step, 0.0, 1.0)

        traced = tf.function(climb, reduce_retracing=True)
        for octave in range(OCTAVES):
            if octave:
                side = round(start.shape[0] * OCTAVE**octave)
                picture = tf.image.resize(picture, (side, side), "bicubic")
                picture += keep * (tf.image.resize(first, (side, side), "bicubic") - picture)
            reach = round(JITTER * picture.shape[1])
            for by in random.integers(-reach, reach + 1, (steps, 2)):
                rolled = traced(tf.roll(picture, by, (1, 2)))
                picture = tf.roll(rolled, -by, (1, 2))
        made = np.clip(np.rint(255 * picture[0].numpy()), 0, 255)
        return np.ascontiguousarray(self._ordered(np.asarray(made, np.uint8)))

    def _ordered(self, picture: NDArray[Any]) -> NDArray[Any]:
        """From BGR to the network's order, or back."""
        return picture[..., ::-1] if self._network.preprocess.colour_order == "RGB" else picture


def _evened_out(gradient: Any) -> Any:
    """The gradient with each level of its Laplacian pyramid scaled to one spread."""
    tf = backend.tensorflow()
    line = tf.constant(BLUR)
    kernel = (line[:, None] * line[None, :])[:, :, None, None] * tf.eye(3)
    levels = []
    rest = gradient
    for weight in PYRAMID:
        small = tf.nn.conv2d(rest, kernel, 2, "SAME")
        levels.append((weight, rest - _larger(small, kernel, rest)))
        rest = small
    total = _one_spread(rest)
    for weight, level in reversed(levels):
        total = _larger(total, kernel, level) + weight * _one_spread(level)
    return total / (tf.math.reduce_std(total) + 1e-8)


def _larger(small: Any, kernel: Any, like: Any) -> Any:
    tf = backend.tensorflow()
    return tf.nn.conv2d_transpose(small, 4 * kernel, tf.shape(like), 2, "SAME")


def _one_spread(level: Any) -> Any:
    tf = backend.tensorflow()
    return level / (tf.math.reduce_std(level) + 1e-8)
