"""What a camera over a belt varies, applied in tf.data and so never part of the exported model.

There is no zoom: size can be part of the grade.
"""

from __future__ import annotations

from typing import Any

from training import backend

TURN_RAD = 0.17
"""Items are turned by up to this; with the two flips, half turns are in too."""
SHIFT = 0.06
"""Part of the side by which items move."""
BRIGHTNESS = 25.0
"""Grey levels."""
CONTRAST = 0.2


def augment(photos: Any, seed: Any) -> Any:
    """Turn, flip, shift and relight a batch.

    Args:
        photos: n × side × side × 3, float32 tensor, 0 … 255.
        seed: int64 tensor of shape (2,); the same seed gives the same result.

    Returns:
        As `photos`.
    """
    tf = backend.tensorflow()
    n, side = tf.shape(photos)[0], photos.shape[1]

    def uniform(index: int, width: float, count: int) -> Any:
        values = tf.random.stateless_uniform((count, n), seed + index, -width, width)
        return tf.unstack(values)

    (angle,) = uniform(0, TURN_RAD, 1)
    flip_x, flip_y = (tf.sign(value) for value in uniform(1, 1.0, 2))
    shift_x, shift_y = uniform(2, SHIFT * side, 2)
    # Rows of the projective transform from output to input pixels: flip and turn about the
    # middle, then shift.
    middle = (side - 1) / 2
    cos, sin = tf.cos(angle), tf.sin(angle)
    xx, xy, yx, yy = cos * flip_x, -sin * flip_y, sin * flip_x, cos * flip_y
    none = tf.zeros_like(angle)
    rows = [
        *(xx, xy, middle + shift_x - middle * (xx + xy)),
        *(yx, yy, middle + shift_y - middle * (yx + yy)),
        *(none, none),
    ]
    photos = tf.raw_ops.ImageProjectiveTransformV3(
        images=photos,
        transforms=tf.stack(rows, axis=1),
        output_shape=(side, side),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )
    brightness, contrast = (value[:, None, None, None] for value in uniform(3, 1.0, 2))
    mean = tf.reduce_mean(photos, axis=(1, 2, 3), keepdims=True)
    photos = (photos - mean) * (1 + CONTRAST * contrast) + mean + BRIGHTNESS * brightness
    return tf.clip_by_value(photos, 0.0, 255.0)
