"""What a camera over a belt varies, applied in tf.data and so never part of the exported model.

There is no zoom, because size can be part of the grade, and no shift of hue, because ripeness can.
"""

from __future__ import annotations

from typing import Any

from training import backend

TURN_RAD = 0.17
"""Items are turned by up to this; with the two flips, half turns are in too."""
FULL_TURN_RAD = 3.141592653589793
SHIFT = 0.06
"""Part of the side by which items move."""
BRIGHTNESS = 10.0
"""Grey levels: what a lamp under a hood and a fixed exposure leave of a day's drift. Two and a half
times as much cost 5 points on cucumbers of 32 pixels (76 % against 71 %, two folds of five)."""
CONTRAST = 0.1
WHITE_BALANCE = 0.03
"""Part by which the outer two channels drift apart: a lamp that warms up, not another fruit."""
BLUR = 0.04
"""Longest smear along the belt, as part of the side: in a photo of 100 mm, 8 ms at 0.5 m/s."""
BLURRED, SOILED, GLARING, COMPRESSED = 0.3, 0.1, 0.1, 0.3
"""Share of the photos with motion blur, dirt on the lens, glare, and JPEG's losses."""
DIRT_DARK, GLARE_LEVELS = 0.5, 60.0
JPEG_QUALITY = (40, 95)
SMALLEST_JPEG_PX = 128
"""JPEG's blocks of 8 and 16 pixels are those of the camera's frame. On an input that was shrunk to
less than this they would wipe out what the grade hangs on: 49 % instead of 64 % right on
cucumbers of 32 pixels, same split."""


def augment(photos: Any, seed: Any, *, full_turn: bool = False) -> Any:
    """Turn, flip, shift, smear, soil and relight a batch.

    The belt runs along the rows of the photo, so motion blur does too.

    Args:
        photos: n × side × side × 3, float32 tensor, 0 … 255.
        seed: int64 tensor of shape (2,); the same seed gives the same result.
        full_turn: items lie at any angle; else they are turned by `TURN_RAD` and flipped.

    Returns:
        As `photos`.
    """
    tf = backend.tensorflow()
    photos = move(photos, seed, FULL_TURN_RAD if full_turn else TURN_RAD)
    photos = smear(photos, seed + 10)
    photos = soil(photos, seed + 20)
    photos = relight(photos, seed + 30)
    return compress(tf.clip_by_value(photos, 0.0, 255.0), seed + 40)


def mix_up(inputs: Any, targets: Any, seed: Any, *, alpha: float) -> tuple[Any, Any]:
    """Blend each photo and its target with another of the batch (Zhang et al. 2018).

    Args:
        inputs: n × side × side × 3, or a tuple of a network's inputs.
        targets: n × grades, one-hot.
        seed: int64 tensor of shape (2,).
        alpha: of the beta distribution from which the share of the blend comes.
    """
    tf = backend.tensorflow()
    n = tf.shape(targets)[0]
    one, other = tf.unstack(tf.random.stateless_gamma((2, n), seed, alpha) + 1e-6)
    share = tf.maximum(one, other) / (one + other)
    partner = tf.random.experimental.stateless_shuffle(tf.range(n), seed + 1)

    def blend(x: Any) -> Any:
        part = tf.reshape(share, [-1] + [1] * (len(x.shape) - 1))
        return part * x + (1 - part) * tf.gather(x, partner)

    return tf.nest.map_structure(blend, inputs), blend(targets)


def _uniform(count: int, n: Any, seed: Any, low: float = -1.0, high: float = 1.0) -> Any:
    tf = backend.tensorflow()
    return tf.unstack(tf.random.stateless_uniform((count, n), seed, low, high))


def move(photos: Any, seed: Any, turn_rad: float = TURN_RAD) -> Any:
    """Turn by up to `turn_rad`, flip along both axes, shift."""
    tf = backend.tensorflow()
    n, side = tf.shape(photos)[0], photos.shape[1]
    angle, flip_x, flip_y, shift_x, shift_y = _uniform(5, n, seed)
    cos, sin = tf.cos(angle * turn_rad), tf.sin(angle * turn_rad)
    flip_x, flip_y = tf.sign(flip_x), tf.sign(flip_y)
    # Rows of the projective transform from output to input pixels: flip and turn about the
    # middle, then shift.
    middle = (side - 1) / 2
    xx, xy, yx, yy = cos * flip_x, -sin * flip_y, sin * flip_x, cos * flip_y
    none = tf.zeros_like(angle)
    rows = [
        *(xx, xy, middle + SHIFT * side * shift_x - middle * (xx + xy)),
        *(yx, yy, middle + SHIFT * side * shift_y - middle * (yx + yy)),
        *(none, none),
    ]
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=photos,
        transforms=tf.stack(rows, axis=1),
        output_shape=(side, side),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )


def smear(photos: Any, seed: Any) -> Any:
    """Average some over a stretch of each row; its ends count by the part that they cover."""
    tf = backend.tensorflow()
    n, side = tf.shape(photos)[0], photos.shape[1]
    length, chosen = _uniform(2, n, seed, 0.0, 1.0)
    half = tf.where(chosen < BLURRED, length * BLUR * side / 2, 0.0)
    reach = int(BLUR * side / 2 + 1)
    padded = tf.pad(photos, ((0, 0), (0, 0), (reach, reach), (0, 0)), "SYMMETRIC")
    smeared, total = tf.zeros_like(photos), tf.zeros_like(half)
    for offset in range(-reach, reach + 1):
        weight = tf.clip_by_value(half + 0.5 - abs(offset), 0.0, 1.0)
        start = reach + offset
        smeared += weight[:, None, None, None] * padded[:, :, start : start + side]
        total += weight
    return smeared / total[:, None, None, None]


def soil(photos: Any, seed: Any) -> Any:
    """Put a soft dark spot on some, as of dirt on the lens, a wide bright one on others."""
    tf = backend.tensorflow()
    n, side = tf.shape(photos)[0], photos.shape[1]

    def spot(seed: Any, share: float, radius: tuple[float, float]) -> Any:
        x, y, size, strength, chosen = _uniform(5, n, seed, 0.0, 1.0)
        axis = (tf.range(side, dtype=tf.float32) + 0.5) / side
        radii = radius[0] + (radius[1] - radius[0]) * size
        distance2 = (axis - x[:, None])[:, None, :] ** 2 + (axis - y[:, None])[:, :, None] ** 2
        strength = tf.where(chosen < share, strength, 0.0)
        return (strength[:, None, None] * tf.exp(-distance2 / (2 * radii[:, None, None] ** 2)))[
            ..., None
        ]

    photos = photos * (1 - DIRT_DARK * spot(seed, SOILED, (0.02, 0.10)))
    return photos + GLARE_LEVELS * spot(seed + 1, GLARING, (0.10, 0.30))


def relight(photos: Any, seed: Any) -> Any:
    """Change brightness, contrast and white balance."""
    tf = backend.tensorflow()
    brightness, contrast, drift = (
        value[:, None, None, None] for value in _uniform(3, tf.shape(photos)[0], seed)
    )
    gains = 1 + WHITE_BALANCE * drift * tf.constant((1.0, 0.0, -1.0))
    mean = tf.reduce_mean(photos, axis=(1, 2, 3), keepdims=True)
    return ((photos - mean) * (1 + CONTRAST * contrast) + mean) * gains + BRIGHTNESS * brightness


def compress(photos: Any, seed: Any) -> Any:
    """Save some as JPEG and read them again; photos under `SMALLEST_JPEG_PX` stay as they are."""
    tf = backend.tensorflow()
    if photos.shape[1] < SMALLEST_JPEG_PX:
        return photos
    quality, chosen = _uniform(2, tf.shape(photos)[0], seed, 0.0, 1.0)
    worst, best = JPEG_QUALITY
    levels = tf.cast(worst + (best - worst) * quality, tf.int32)

    def one(element: Any) -> Any:
        photo, level, hit = element

        def lossy() -> Any:
            jpeg = tf.image.adjust_jpeg_quality(tf.cast(photo, tf.uint8), level)
            return tf.ensure_shape(tf.cast(jpeg, tf.float32), photo.shape)

        return tf.cond(hit, lossy, lambda: photo)

    return tf.map_fn(one, (photos, levels, chosen < COMPRESSED), fn_output_signature=tf.float32)
