"""The finder that the config asks for."""

from __future__ import annotations

from sorter.bundle import Bundle
from sorter.config import SorterConfig
from sorter.finding.detecting import DetectingFinder
from sorter.finding.detector import Detector
from sorter.finding.finder import Finder
from sorter.finding.segmenting import SegmentingFinder
from sorter.ruler.ruler import Ruler


def make_finder(config: SorterConfig, bundle: Bundle, ruler: Ruler) -> Finder:
    """Make it.

    Args:
        config: `finder`, `camera` and `belt`.
        bundle: says how photos are cut; may hold a detector.
        ruler: of the camera.

    Raises:
        BundleError: the config asks for a detector that the bundle does not hold.
        SorterError: the photos would be absurdly large.
    """
    preprocess = bundle.manifest.preprocess
    if config.finder.source == "background":
        return SegmentingFinder(config.camera, config.belt, preprocess, ruler)
    detector = Detector(bundle)
    return DetectingFinder(detector, config.camera, config.belt, preprocess, ruler)
