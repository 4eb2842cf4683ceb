"""Items as a network sees them, for backgrounds that cannot be told from the items."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from sorter.config import BeltConfig, CameraConfig
from sorter.finding.cutout import cut
from sorter.finding.detector import Detector, shares
from sorter.finding.photo_window import PhotoWindow
from sorter.frame import Frame
from sorter.item import Sighting, Span
from sorter.preprocess import Preprocess
from sorter.ruler.ruler import Ruler

EDGE_SHARE = 0.005
"""Of the image's side: a box that ends so close to the edge is cut off by it."""
TOUCHING_IOU = 0.25
"""Two boxes that share so much may be one box around two items, or two around one."""
OUTLINE_POINTS = 48

Floats = NDArray[np.float32]


class DetectingFinder:
    """Asks a detector. A box has no outline: an ellipse in it stands for one."""

    blind = False
    light = None

    def __init__(
        self,
        detector: Detector,
        camera: CameraConfig,
        belt: BeltConfig,
        preprocess: Preprocess,
        ruler: Ruler,
    ) -> None:
        """Take the network, the geometry and the way the classifier wants its photos.

        Args:
            detector: of the bundle.
            camera: its nominal scale.
            belt: the length of a tick.
            preprocess: `window_mm` and `margin` of the photo.
            ruler: says where pixels lie on the belt.

        Raises:
            SorterError: the photos would be absurdly large.
        """
        self._detector = detector
        self._window = PhotoWindow(camera, preprocess)
        self._mm_per_px = camera.mm_per_px
        self._mm_per_tick = belt.mm_per_tick
        self._ruler = ruler

    def find(self, frame: Frame) -> list[Sighting]:
        """See `Finder.find`."""
        boxes = self._detector.find(frame.pixels).boxes_px
        boxes = boxes[np.argsort(boxes[:, 0], kind="stable")]
        over = shares(boxes)
        np.fill_diagonal(over, 0)
        return [
            self._sighting(frame, box, touching=share > TOUCHING_IOU)
            for box, share in zip(boxes, over.max(axis=1, initial=0).tolist(), strict=True)
        ]

    def _sighting(self, frame: Frame, box: Floats, *, touching: bool) -> Sighting:
        height, width = frame.pixels.shape[:2]
        left, top, right, bottom = box.tolist()
        middle = (left + right) / 2, (top + bottom) / 2
        size = right - left, bottom - top
        turns = np.linspace(0, 2 * np.pi, OUTLINE_POINTS, endpoint=False)
        ellipse = np.stack([np.cos(turns) * size[0] / 2, np.sin(turns) * size[1] / 2], axis=1)
        outline_px = (ellipse + middle).astype(np.float32)
        outline_mm = self._ruler.belt_mm(
            outline_px,
            height_mm=min(size) * self._mm_per_px / 2,
            speed_mm_per_s=frame.speed_mm_per_s,
        )
        (behind, upper), (ahead, lower) = outline_mm.min(axis=0), outline_mm.max(axis=0)
        belt_mm = frame.tick * self._mm_per_tick
        edge_x, edge_y = EDGE_SHARE * width, EDGE_SHARE * height
        return Sighting(
            along=Span(low_mm=float(behind) - belt_mm, high_mm=float(ahead) - belt_mm),
            across=Span(low_mm=float(upper), high_mm=float(lower)),
            from_reference_mm=float(behind + ahead) / 2,
            complete=left > edge_x
            and top > edge_y
            and right < width - 1 - edge_x
            and bottom < height - 1 - edge_y,
            touching=touching,
            outline_px=outline_px,
            measurer=partial(
                self._ruler.measure, outline_px, frame.pixels, speed_mm_per_s=frame.speed_mm_per_s
            ),
            cutter=partial(
                cut,
                frame.pixels,
                centre_px=(middle[0] + 0.5, middle[1] + 0.5),
                side_px=self._window.side_px(max(size)),
            ),
        )
