"""`sorter replay`: the pipeline on a video or a folder of frames."""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from sorter.config import SorterConfig
    from sorter.frame import Capture
    from sorter.replay import Replayed

DEFAULT_MM_PER_PX = 0.4
DEFAULT_BELT_MM_PER_S = 300.0


def replay(
    bundle: Annotated[Path, typer.Argument(help="The model, NAME.sorter.")],
    path: Annotated[Path, typer.Argument(help="A video, or a folder of frames.")],
    config: Annotated[
        Path | None,
        typer.Option(help="The machine; without it PATH/sorter.yaml, or one with no outlets."),
    ] = None,
    mm_per_px: Annotated[
        float | None,
        typer.Option(min=0.001, max=10, help="Scale; overrides the config's, and its calibration."),
    ] = None,
    belt_mm_per_s: Annotated[
        float | None,
        typer.Option(min=0.1, max=5000, help="Belt speed where the recording has no ticks."),
    ] = None,
    fps: Annotated[
        float | None, typer.Option(min=0.1, max=1000, help="Frame rate; overrides a video's own.")
    ] = None,
    still: Annotated[
        bool,
        typer.Option(
            "--still", help="Every frame shows other items on the same belt: a folder of photos."
        ),
    ] = False,
    db: Annotated[
        Path | None,
        typer.Option(
            help="Keep the items in this records file; no board: deliveries stay unknown."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Run the pipeline on a recording and print one line an item.

    Belt positions come from the recording (frames.csv), else from the belt's speed.

    For example:

        sorter demo --record frames --items 20

        sorter replay my.sorter frames

        sorter replay my.sorter belt.mp4 --mm-per-px 0.5 --belt-mm-per-s 250

        sorter replay my.sorter photos/ --still --json
    """
    from sorter.camera.file_camera import FileCamera
    from sorter.classifier import Classifier
    from sorter.config_file import ConfigError, read_config
    from sorter.grades_fit import grades_fit
    from sorter.records import Records
    from sorter.replay import Replay, bare_config
    from sorter.ruler.from_config import check_calibration

    recorded = path / "sorter.yaml"
    if config is None and recorded.is_file():
        config = recorded
    file = None if config is None else read_config(config)
    classifier = Classifier.load(bundle)
    if file is not None:
        if mm_per_px is None:
            check_calibration(file)
        fit = grades_fit(file.config, classifier.bundle.manifest)
        if fit.errors:
            raise ConfigError([file.problem(*found) for found in fit.errors])
        machine = _overridden(file.config, mm_per_px, belt_mm_per_s)
        fps = fps or (machine.camera.fps if path.is_dir() else None)

    def machine_for(first: Capture) -> SorterConfig:
        if file is not None:
            return machine
        return bare_config(
            first,
            mm_per_px=mm_per_px or DEFAULT_MM_PER_PX,
            belt_mm_per_s=belt_mm_per_s or DEFAULT_BELT_MM_PER_S,
            grades=classifier.grades,
        )

    if file is None and mm_per_px is None:
        print(
            f"warning: sizes assume {DEFAULT_MM_PER_PX:g} mm per pixel; give --mm-per-px",
            file=sys.stderr,
        )
    run = Replay(config=machine_for, classifier=classifier, lot=path.name, still=still)
    camera = FileCamera(
        path,
        fps=1.0 if still and fps is None and path.is_dir() else fps,
        rotate_deg=0 if file is None else file.config.camera.rotate_deg,
    )
    items: list[dict[str, Any]] = []
    with ExitStack() as stack:
        records = None if db is None else stack.enter_context(Records(db))
        stack.enter_context(camera)
        for replayed in run.run(camera):
            if records is not None:
                records.add(replayed.decision)
            items.append(_plain(replayed))
            if not as_json:
                print(_line(items[-1]), flush=True)
    grades = Counter(item["grade"] or item["reason"] for item in items)
    if as_json:
        print(json.dumps({"frames": run.frames, "items": items, "counts": dict(grades)}))
        return
    counts = ", ".join(f"{name} {count}" for name, count in grades.most_common())
    print(f"{len(items)} items in {run.frames} frames" + (f": {counts}" if counts else ""))


def _overridden(
    config: SorterConfig, mm_per_px: float | None, belt_mm_per_s: float | None
) -> SorterConfig:
    camera, belt = config.camera, config.belt
    if mm_per_px is not None:
        camera = camera.model_copy(update={"mm_per_px": mm_per_px, "calibration": None})
    if belt_mm_per_s is not None:
        belt = belt.model_copy(update={"speed_mm_per_s": belt_mm_per_s})
    return config.model_copy(update={"camera": camera, "belt": belt})


def _plain(replayed: Replayed) -> dict[str, Any]:
    decision = replayed.decision
    item, verdict = decision.item, decision.verdict
    return {
        "item_id": item.item_id,
        "frame": replayed.frame,
        "time_s": decision.time_s,
        "tick": item.reference_tick,
        "lane": item.lane,
        "grade": verdict.grade,
        "best_guess": verdict.best_guess,
        "probability": verdict.probabilities.get(verdict.best_guess or ""),
        "probabilities": verdict.probabilities,
        "reason": verdict.why.value,
        "length_mm": item.measures.length_mm,
        "width_mm": item.measures.width_mm,
        "outlet": decision.outlet,
    }


def _line(item: dict[str, Any]) -> str:
    share = item["probability"]
    guess = "nothing" if share is None else f"{item['best_guess']} {share:.3f}"
    return (
        f"item {item['item_id']}  frame {item['frame']}  tick {item['tick']:.0f}  "
        f"grade {item['grade'] or '-'} ({guess}, {item['reason']})  "
        f"{item['length_mm']:.1f} mm  outlet {item['outlet']}"
    )
