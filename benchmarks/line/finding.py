"""Finding and following a frame with 21 items, and cutting photos, against the barest way to do it.

All on one thread, and in turns in one run: what slows one slows the other. Times are those of the
thread, so that other work on the machine counts as little as can be.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from benchmarks.line.opencv_network import opencv_network
from benchmarks.line.plain_network import plain_network
from benchmarks.line.scale import scaled
from benchmarks.report import Report
from sorter.classifier import Classifier
from sorter.config import SorterConfig
from sorter.finding.segmenting import SegmentingFinder
from sorter.frame import Frame, Pixels
from sorter.interpreter import make_interpreter
from sorter.item import Sighting
from sorter.preprocess import Preprocess
from sorter.ruler.linear import LinearRuler
from sorter.shape import shapes
from sorter.tracker import Tracker
from sorter.twin.crops import CUCUMBERS, ROUND
from sorter.twin.demo import with_speed
from sorter.twin.load import Layout, load
from sorter.twin.placed import Laid
from sorter.twin.scene import Scene
from sorter.twin.setup import demo_classifier, round_config

ITEMS_IN_VIEW = 21
PHOTO_PX = 96
STRETCH = 40
"""Frames of running belt that are rendered."""
SHOWINGS = scaled(12, 3)
APART_MM = 5000.0
"""Belt between two showings."""
BATCH = 8
CROP_ROUNDS = scaled(60, 15)
THRESHOLD = 24


def measure(report: Report) -> None:
    """Measure both."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        _finding(report)
        _crops(report)
    finally:
        cv2.setNumThreads(threads)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Film:
    frames: list[Frame]
    items: list[int]
    """In view, wholly or in part, in each frame."""
    empty: Pixels


def _film(config: SorterConfig, layout: Layout) -> _Film:
    camera, belt = config.camera, config.belt
    rng = default_rng(5)
    field_mm = camera.width * camera.mm_per_px
    grades = [ROUND.grade_names[int(rng.integers(len(ROUND.grade_names)))] for _ in range(120)]
    laid = list(load(grades, camera, rng, first_mm=0.0, crop=ROUND, layout=layout))
    scene = Scene(camera, rng)
    step_mm = belt.speed_mm_per_s / camera.fps
    empty = scene.render(-1e4, 0.0, [])
    frames, items = [], []
    for index in range(STRETCH):
        travel_mm = field_mm + index * step_mm
        seen = [one for one in laid if _in_view(one, travel_mm, config)]
        pixels = scene.render(travel_mm, index / camera.fps, [one.placed for one in seen])
        frames.append(
            Frame(
                pixels=pixels,
                time_s=index / camera.fps,
                tick=travel_mm / belt.mm_per_tick,
                index=index,
            )
        )
        items.append(len(seen))
    return _Film(frames=frames, items=items, empty=empty)


def _in_view(laid: Laid, travel_mm: float, config: SorterConfig) -> bool:
    camera, produce = config.camera, laid.produce
    at_mm = travel_mm - produce.at_mm
    half_mm = produce.along_mm / 2
    exit_mm = camera.width * camera.mm_per_px - camera.reference_mm
    return -camera.reference_mm < at_mm + half_mm and at_mm - half_mm < exit_mm


def _finding(report: Report) -> None:
    config = with_speed(round_config(), 1.0)
    camera, belt = config.camera, config.belt
    film = _film(config, Layout(lanes=4, pitch_mm=117, jitter_mm=4, clumps=0.1))
    small = (camera.width // 2, camera.height // 2)
    empty = cv2.resize(film.empty, small, interpolation=cv2.INTER_AREA)
    bare: dict[str, Callable[[Pixels], object]] = {
        "components": lambda mask: cv2.connectedComponentsWithStats(mask, connectivity=8),
        "labels": lambda mask: cv2.connectedComponents(mask, connectivity=8),
        "outlines": lambda mask: cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE),
    }
    finder = SegmentingFinder(camera, belt, Preprocess(size_px=PHOTO_PX), LinearRuler(camera))
    tracker = Tracker(
        mm_per_tick=belt.mm_per_tick,
        entry_mm=-camera.reference_mm,
        exit_mm=camera.width * camera.mm_per_px - camera.reference_mm,
        lane_edges_mm=[camera.height * camera.mm_per_px * k / 4 for k in (1, 2, 3)],
    )
    taken: dict[str, NDArray[np.float64]] = {
        name: np.full((SHOWINGS, STRETCH), np.inf) for name in (*bare, "ours", "ahead")
    }
    found = np.zeros(STRETCH)
    for showing in range(SHOWINGS):
        gap_ticks = showing * APART_MM / belt.mm_per_tick
        # What the showing before left in view would all be due at once after the gap.
        tracker.finish()
        for k, frame in enumerate(film.frames):
            shown = replace(
                frame,
                time_s=frame.time_s + showing,
                tick=frame.tick + gap_ticks,
                speed_mm_per_s=belt.speed_mm_per_s,
            )
            for name, last in bare.items():
                taken[name][showing, k] = _timed(
                    partial(_bare_pass, shown.pixels, small, empty, last)
                )
            start_s = time.thread_time()
            sightings = finder.find(shown)
            due = tracker.follow(shown.tick, sightings, blind=finder.blind)
            taken["ours"][showing, k] = time.thread_time() - start_s
            del due
            taken["ahead"][showing, k] = _timed(lambda: tracker.develop(PHOTO_PX))
            found[k] = len(sightings)
    full = np.abs(np.array(film.items) - ITEMS_IN_VIEW) <= 1
    shortest = {name: times.min(axis=0)[full] for name, times in taken.items()}
    ours = shortest["ours"]
    by_frame = ours / shortest["components"]
    report.at_most("find and follow by a bare pass", float(np.median(by_frame)), "x", 2.5)
    report.beside("the same, worst frame", float(by_frame.max()), "x")
    report.beside("frames with 20 to 22 items in view", int(full.sum()), f"of {STRETCH}")
    report.beside("find and follow them", round(float(np.median(ours)) * 1e3, 3), "ms")
    for name, what in (
        ("components", "bare pass, components with boxes"),
        ("labels", "bare pass, components without"),
        ("outlines", "bare pass, outlines"),
    ):
        report.beside(what, round(float(np.median(shortest[name])) * 1e3, 3), "ms")
    ahead_ms = float(np.median(shortest["ahead"])) * 1e3
    report.beside("photos and measures made ahead", round(ahead_ms, 3), "ms")
    report.at_least(
        "items found of 21",
        float(np.mean((found / film.items)[full])) * 21,
        "",
        ITEMS_IN_VIEW - 0.5,
    )


def _bare_pass(
    pixels: Pixels, small: tuple[int, int], empty: Pixels, last: Callable[[Pixels], object]
) -> None:
    last(_bare_mask(pixels, small, empty))


def _bare_mask(pixels: Pixels, small: tuple[int, int], empty: Pixels) -> Pixels:
    half = cv2.resize(pixels, small, interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(cv2.absdiff(half, empty), cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.threshold(grey, THRESHOLD, 255, cv2.THRESH_BINARY)[1], np.uint8)


def _crops(report: Report) -> None:
    demo = demo_classifier()
    sightings = _cucumbers(demo)
    _crop(report, demo, sightings)
    _peers(report, demo, sightings)


def _crop(report: Report, classifier: Classifier, sightings: Sequence[Sighting]) -> None:
    size = classifier.bundle.manifest.preprocess.size_px
    windows = [np.ascontiguousarray(one.crop) for one in sightings]
    small = _bare_photos(windows, size)
    invoke = _bare_invoke(classifier)
    invoke_s, bare_s, ours_s = _in_turns(
        [
            lambda: invoke(small),
            lambda: invoke(_bare_photos(windows, size)),
            lambda: classifier.invoke(classifier.quantize([one.photo(size) for one in sightings])),
        ]
    )
    over_us = (ours_s - bare_s) / BATCH * 1e6
    ratio = ours_s / bare_s
    if ratio <= 1.3:
        report.at_most("crop by bare resize and invoke", ratio, "x", 1.3)
    else:
        report.at_most("crop over bare resize and invoke", over_us, "us", 50)
    report.beside("crop in a batch of 8", ours_s / BATCH * 1e6, "us")
    report.beside("bare resize and invoke", bare_s / BATCH * 1e6, "us")
    report.beside("the first by the second", ratio, "x")
    report.beside("over it", over_us, "us")
    report.beside("invoke alone", invoke_s / BATCH * 1e6, "us")
    if classifier.bundle.manifest.measures:
        inputs = classifier.quantize([one.photo(size) for one in sightings])
        (shapes_s,) = _in_turns([lambda: shapes(inputs)])
        report.beside("measuring the shapes", shapes_s / BATCH * 1e6, "us")


def _bare_photos(windows: Sequence[Pixels], size: int) -> NDArray[np.int8]:
    photos = [cv2.resize(one, (size, size), interpolation=cv2.INTER_AREA) for one in windows]
    return np.stack(photos).view(np.int8)


def _bare_invoke(classifier: Classifier) -> Callable[[NDArray[np.int8]], object]:
    """The interpreter by itself, for a batch; a shape, where the model takes one, is always 0."""
    interpreter = make_interpreter(classifier.bundle.models["classifier"], 1)
    for details in interpreter.get_input_details():
        interpreter.resize_tensor_input(details["index"], [BATCH, *details["shape"][1:]])
    interpreter.allocate_tensors()
    photo, *shape = sorted(interpreter.get_input_details(), key=lambda one: -len(one["shape"]))
    (output,) = interpreter.get_output_details()

    def invoke(photos: NDArray[np.int8]) -> object:
        interpreter.set_tensor(photo["index"], photos)
        for details in shape:
            interpreter.set_tensor(details["index"], np.zeros(details["shape"], np.int8))
        interpreter.invoke()
        return interpreter.get_tensor(output["index"])

    return invoke


def _peers(report: Report, classifier: Classifier, sightings: Sequence[Sighting]) -> None:
    """What others do with a photo of the same size."""
    size = classifier.bundle.manifest.preprocess.size_px
    small = [one.photo(size) for one in sightings]
    (packed_s,) = _in_turns([lambda: _packed(small[0])])
    report.beside("packing pixels in plain Python", packed_s * 1e6, "us")
    plain = plain_network(classifier)
    if isinstance(plain, str):
        print(f"       OpenCV's DNN: {plain}")
        return
    inputs = plain.quantize(small)
    network = opencv_network(plain)
    if isinstance(network, str):
        print(f"       OpenCV's DNN: {network}")
        return
    floats = np.stack([one[:, :, ::-1] for one in small]).astype(np.float32) / np.float32(255)
    again_s, opencv_s = _in_turns([lambda: plain.invoke(inputs), lambda: network(floats)])
    agree = network(floats).argmax(axis=1) == plain.invoke(inputs).argmax(axis=1)
    report.beside("OpenCV's DNN says the same", float(agree.mean()), "of 1")
    report.beside("OpenCV's DNN, same network in float32", opencv_s / BATCH * 1e6, "us")
    report.beside("its time by the int8 invoke", opencv_s / again_s, "x")


def _cucumbers(classifier: Classifier) -> list[Sighting]:
    """A batch of views of cucumbers that lie as close as the fastest line has them."""
    config = round_config()
    camera, belt = config.camera, config.belt
    preprocess = classifier.bundle.manifest.preprocess
    finder = SegmentingFinder(camera, belt, preprocess, LinearRuler(camera))
    rng = default_rng(7)
    grades = ["2L", "L", "M", "S", "2S"] * 4
    layout = Layout(pitch_mm=60, crosswise_deg=3)
    laid = list(load(grades, camera, rng, first_mm=0.0, crop=CUCUMBERS, layout=layout))
    pixels = Scene(camera, rng).render(500.0, 0.0, [one.placed for one in laid])
    frame = Frame(pixels=pixels, time_s=0.0, tick=0.0, index=0)
    whole = [one for one in finder.find(frame) if one.complete and not one.touching]
    if len(whole) < BATCH:
        raise RuntimeError(f"{len(whole)} whole items in a frame laid out for {BATCH}")
    return whole[:BATCH]


def _packed(photo: Pixels) -> list[int]:
    """Features as integers 0xRRGGBB, pixel by pixel, as widely used SDKs want them."""
    features = []
    for row in photo:
        for blue, green, red in row.tolist():
            features.append((red << 16) + (green << 8) + blue)
    return features


def _in_turns(steps: Sequence[Callable[[], object]]) -> list[float]:
    """Shortest time of each, in seconds."""
    taken = [[_timed(step) for step in steps] for _ in range(CROP_ROUNDS)]
    return [float(shortest) for shortest in np.min(taken, axis=0)]


def _timed(step: Callable[[], object]) -> float:
    start_s = time.thread_time()
    step()
    return time.thread_time() - start_s
