"""`sorter bench`: how well a machine sorts, told by a twin that knows the truth of every item."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sorter.cli.demo import BoardChoice

if TYPE_CHECKING:
    from sorter.classifier import Classifier
    from sorter.config import SorterConfig
    from sorter.twin.world import World


def bench(
    items: Annotated[int, typer.Option(help="To send down the belt.")] = 200,
    seed: Annotated[int, typer.Option(help="Same seed, same record of every item.", min=0)] = 1,
    board: Annotated[
        BoardChoice, typer.Option(help="The Python board, or the real firmware in simavr.")
    ] = BoardChoice.virtual,
    crop: Annotated[
        str, typer.Option(help="Rendered: cucumbers, lemons, tomatoes or round (both mixed).")
    ] = "cucumbers",
    photos: Annotated[
        Path | None, typer.Option(help="Folder of real photos, one sub-folder a grade; --model.")
    ] = None,
    photo_mm: Annotated[
        float, typer.Option(min=10, max=2000, help="What a photo's longer side shows.")
    ] = 280.0,
    model: Annotated[Path | None, typer.Option(help="Model bundle; a built-in one else.")] = None,
    config: Annotated[
        Path | None, typer.Option(help="The machine; a built-in one for the crop without it.")
    ] = None,
    speed: Annotated[
        float | None, typer.Option(help="Belt speed in m/s, 0.05 to 2; overrides the config's.")
    ] = None,
    pitch_mm: Annotated[
        float | None,
        typer.Option(min=20, max=2000, help="From item to item in a lane; gaps at random else."),
    ] = None,
    clumps: Annotated[
        float, typer.Option(min=0, max=1, help="Share of items that touch the one before.")
    ] = 0.0,
    rolling: Annotated[
        float, typer.Option(min=0, max=2, help="Round fruit turns by this share of its way.")
    ] = 0.0,
    lens_mm: Annotated[
        float | None,
        typer.Option(min=100, max=5000, help="Height of a real lens over the belt; flat else."),
    ] = None,
    tilt_deg: Annotated[float, typer.Option(min=-2, max=2, help="Of the lens.")] = 0.0,
    readout_ms: Annotated[
        float, typer.Option(min=0, max=100, help="Of a rolling shutter under the lens.")
    ] = 0.0,
    blur_ms: Annotated[float, typer.Option(min=0, max=50, help="Exposure that smears.")] = 0.0,
    noise: Annotated[float, typer.Option(min=0, max=40, help="Grey levels.")] = 2.0,
    drift: Annotated[
        float | None, typer.Option(min=0, max=0.8, help="Share by which the light drifts.")
    ] = None,
    flicker: Annotated[float, typer.Option(min=0, max=0.5, help="Share of a mains lamp.")] = 0.0,
    flicker_hz: Annotated[float, typer.Option(min=50, max=200, help="100 or 120.")] = 100.0,
    dirt: Annotated[int, typer.Option(min=0, max=100, help="Specks on the lens.")] = 0,
    dropped: Annotated[
        float, typer.Option(min=0, max=0.9, help="Share of frames that never arrive.")
    ] = 0.0,
    script: Annotated[
        str,
        typer.Option(help="Of the belt: stop@3:2,slow@8:2,reverse@12:100,slip@15:5,estop@20:1."),
    ] = "",
    opening_ms: Annotated[
        float | None,
        typer.Option(min=0, max=500, help="What outlets really take; as the config says else."),
    ] = None,
    closing_ms: Annotated[
        float | None,
        typer.Option(min=0, max=500, help="What outlets really take; as the config says else."),
    ] = None,
    push_ms: Annotated[
        float, typer.Option(min=0, max=500, help="Time to push an item off the belt.")
    ] = 0.0,
    db: Annotated[
        Path | None, typer.Option(help="File that keeps the records for 'sorter lots'.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option(help="New folder that keeps the frames for 'sorter replay'.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Measure how well a machine delivers: accuracy, wrong bins by cause, losses.

    The belt, its fruit and the light are simulated and can be disturbed; everything between the
    frame and the outlet's pin is the real thing.

    For example:

        sorter bench --items 500 --drift 0.2 --flicker 0.05 --json

        sorter bench --crop lemons --lens-mm 460 --board simavr --script stop@3:2,reverse@8:100

        sorter bench --photos my-photos --model my.sorter --photo-mm 300
    """
    import json
    import sys
    import time
    from contextlib import ExitStack
    from dataclasses import replace

    from rich.console import Console

    from sorter.config_file import load_config
    from sorter.errors import SorterError
    from sorter.frame import Frame
    from sorter.records import Records
    from sorter.twin.demo import Demo, make_board, summary, with_speed
    from sorter.twin.lighting import Imaging
    from sorter.twin.live import as_delivered
    from sorter.twin.load import Layout
    from sorter.twin.lockstep import Log
    from sorter.twin.machine import Machine
    from sorter.twin.optics import TYPICAL_DISTORTION, Optics
    from sorter.twin.recorder import FrameRecorder
    from sorter.twin.script import BeltScript
    from sorter.twin.view import print_report

    machine = None if config is None else load_config(config)
    machine, classifier, world = _produce(machine, crop, photos, photo_mm, model)
    if speed is not None:
        machine = with_speed(machine, speed)
    if not machine.belt.encoder:
        raise SorterError(
            f"{config}: belt.encoder: found false; the belt of 'sorter bench' has an encoder, set "
            f"it to true to measure the rest of the machine"
        )
    machine = machine.model_copy(update={"camera": as_delivered(machine.camera)})
    optics = None
    if lens_mm is not None:
        optics = Optics.over(
            machine.camera,
            height_mm=lens_mm,
            distortion=TYPICAL_DISTORTION,
            tilt_deg=(tilt_deg, -tilt_deg, 0.0),
            readout_s=readout_ms / 1000,
        )
    elif tilt_deg or readout_ms:
        raise SorterError("--tilt-deg and --readout-ms need a lens; give its height: --lens-mm")
    world = replace(
        world,
        layout=Layout(
            lanes=machine.lanes,
            lane_edges_mm=tuple(machine.belt.lane_edges_mm or ()),
            pitch_mm=pitch_mm,
            clumps=clumps,
            rolling=rolling,
        ),
        optics=optics,
        imaging=Imaging(
            exposure_s=blur_ms / 1000,
            noise_levels=noise,
            drift=drift,
            flicker=flicker,
            flicker_hz=flicker_hz,
            dirt=dirt,
            dropped=dropped,
            seed=seed,
        ),
        script=BeltScript.parse(script),
    )
    with ExitStack() as stack:
        recorder = None
        if record is not None:
            recorder = stack.enter_context(FrameRecorder(record, machine))

        def keep(frame: Frame, log: Log) -> None:
            if recorder is not None:
                recorder.add(frame)

        plant = make_board(board.value)
        stack.callback(plant.close)
        run = Demo(
            config=machine,
            classifier=classifier,
            board=plant,
            items=items,
            seed=seed,
            records=None if db is None else stack.enter_context(Records(db)),
            machine=Machine.as_configured(machine).with_ejectors(
                opening_s=None if opening_ms is None else opening_ms / 1000,
                closing_s=None if closing_ms is None else closing_ms / 1000,
                push_s=push_ms / 1000,
            ),
            world=world,
            watch=keep,
        )
        start_s = time.monotonic()
        result = run.run()
    if as_json:
        json.dump(summary(result) | {"seed": seed, "board": board.value}, sys.stdout)
        print()
    else:
        print_report(Console(), result, wall_s=time.monotonic() - start_s)
    if trouble := result.trouble(board.value):
        raise SorterError(trouble)
    world.script.check_begun(result.belt_s)


def _produce(
    machine: SorterConfig | None,
    crop: str,
    photos: Path | None,
    photo_mm: float,
    model: Path | None,
) -> tuple[SorterConfig, Classifier, World]:
    """What lies on the belt, and the built-in machine and model for it unless they are given."""
    from sorter.classifier import Classifier
    from sorter.errors import SorterError
    from sorter.twin.crops import CUCUMBERS, crop_named
    from sorter.twin.setup import demo_classifier, demo_config, photo_config, round_classifier
    from sorter.twin.setup import round_config as round_machine
    from sorter.twin.world import World

    if photos is not None:
        from sorter.twin.photo_fruit import PhotoCrop

        if model is None:
            raise SorterError("--photos needs the bundle of a model that knows them; give --model")
        classifier = Classifier.load(model)
        found = PhotoCrop(photos, grades=list(classifier.bundle.manifest.grades), photo_mm=photo_mm)
        world = World(crop=found.crop, belt=found.ground())
        return machine or photo_config(classifier.bundle.manifest), classifier, world
    produce = crop_named(crop)
    world = World(crop=produce)
    if produce is CUCUMBERS:
        return machine or demo_config(), demo_classifier(model), world
    classifier = round_classifier() if model is None else Classifier.load(model)
    return machine or round_machine(), classifier, world
