"""A machine, its twin and the real pipeline, put together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from numpy.random import Generator, default_rng

from firmware_bridge.board import Board
from firmware_bridge.plant import Plant
from sorter.classifier import Classifier
from sorter.config import SorterConfig
from sorter.errors import SorterError
from sorter.frame import Frame
from sorter.grades_fit import grades_fit
from sorter.line import Line
from sorter.records import Records
from sorter.twin.belt import Belt
from sorter.twin.fruit import Fruit
from sorter.twin.load import load
from sorter.twin.lockstep import Lockstep, Log
from sorter.twin.machine import Machine
from sorter.twin.pace import flat_out
from sorter.twin.scene import Scene
from sorter.twin.score import Ending, Score, score
from sorter.twin.world import World

SPEEDS_M_PER_S = (0.05, 2.0)
MOST_ITEMS = 100_000
RUN_UP_MM = 60.0
"""Empty belt before the first fruit comes into sight."""

BoardKind = Literal["virtual", "simavr"]


class BoardInPlant(Board, Plant, Protocol):
    """A simulated board, with its wire and its pins."""


def make_board(kind: BoardKind) -> BoardInPlant:
    """The virtual board, or the firmware in simavr.

    Raises:
        BoardError: simavr or the built firmware is missing.
    """
    if kind == "simavr":
        from firmware_bridge.simavr_board import SimavrBoard

        return SimavrBoard()
    from firmware_bridge.virtual_board import VirtualBoard

    return VirtualBoard()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A finished run."""

    score: Score
    log: Log
    ticks: int
    belt_s: float
    """Simulated duration."""

    def trouble(self, board: BoardKind = "virtual") -> str | None:
        """One sentence when the run had to be given up, else None.

        Args:
            board: that it ran with.
        """
        if not self.log.stalled:
            return None
        faults = self.log.board_faults
        why = list(self.log.board_losses)
        if faults:
            why.append(f"the board's faults are {', '.join(faults)}")
        told = "; ".join(why) or "the board did not run it"
        advice = "; try --board virtual" if board == "simavr" else ""
        return f"the belt stood still with fruit on it: {told}{advice}"


class Demo:
    """One run of the twin. Nothing of the truth reaches the pipeline but through the camera."""

    def __init__(
        self,
        *,
        config: SorterConfig,
        classifier: Classifier,
        board: BoardInPlant,
        items: int,
        seed: int,
        records: Records | None = None,
        machine: Machine | None = None,
        mix: Sequence[str] | None = None,
        fruits: Sequence[Fruit] | None = None,
        world: World | None = None,
        pace: Callable[[float], None] = flat_out,
        watch: Callable[[Frame, Log], None] = lambda frame, log: None,
    ) -> None:
        """Lay out the run.

        Args:
            config: what the pipeline is told.
            classifier: of the bundle in use.
            board: fresh.
            items: how many fruits, 1 … `MOST_ITEMS`.
            seed: decides everything that is random.
            records: where each item leaves its row.
            machine: as it really is; as configured unless given.
            mix: grades that the fruit is chosen from, each as likely; all unless given.
            fruits: the very ones to lay on the belt, in this order, in the place of any others.
            world: the produce, and what camera and belt do to it; the demo's unless given.
            pace: see `Lockstep`.
            watch: see `Lockstep`.

        Raises:
            SorterError: a number is out of range, or the bundle is not about this produce.
        """
        world = world or World()
        _check(config, classifier, items, world)
        self.config = config
        self._machine = machine or Machine.as_configured(config)
        self._grades = classifier.grades
        choice, fruit, scene = (default_rng([seed, stream]) for stream in range(3))
        laid = load(
            fruits or _any_grades(items, mix or world.crop.grade_names, choice),
            config.camera,
            fruit,
            first_mm=config.camera.reference_mm + RUN_UP_MM,
            crop=world.crop,
            layout=world.layout,
        )
        self.items = items
        self.belt = Belt(self._machine, laid, board, world.script)
        self._lockstep = Lockstep(
            line=Line(
                start_belt=True,
                config=config,
                classifier=classifier,
                board=board,
                records=records,
                lot="demo",
            ),
            belt=self.belt,
            scene=Scene(
                config.camera,
                scene,
                optics=world.optics,
                imaging=world.imaging,
                belt=world.belt,
            ),
            camera=config.camera,
            script=world.script,
            imaging=world.imaging,
            pace=pace,
            watch=watch,
        )

    def run(self) -> Result:
        """Run until every fruit has fallen, then compare with the truth."""
        log = self._lockstep.run()
        return Result(
            score=score(
                falls=self.belt.falls,
                left=[laid.produce for laid in self.belt.remaining()],
                decisions=log.decisions,
                reports=log.reports,
                outlets=self.config.outlets,
                grades=self._grades,
                at_mm=self.belt.at_mm,
            ),
            log=log,
            ticks=self.belt.ticks,
            belt_s=self.belt.now_us / 1e6,
        )


def with_speed(config: SorterConfig, speed_m_per_s: float) -> SorterConfig:
    """The same machine with another belt speed.

    Raises:
        SorterError: outside `SPEEDS_M_PER_S`.
    """
    low, high = SPEEDS_M_PER_S
    if not low <= speed_m_per_s <= high:
        raise SorterError(
            f"--speed {speed_m_per_s:g} is outside {low:g} … {high:g} m/s; choose one within"
        )
    belt = config.belt.model_copy(update={"speed_mm_per_s": 1000 * speed_m_per_s})
    return config.model_copy(update={"belt": belt})


def summary(result: Result) -> dict[str, Any]:
    """What `--json` prints: the same for the same seed, on any computer."""
    score = result.score
    counts = {ending.value: score.count(ending) for ending in Ending}
    return {
        "items": len(score.fates),
        **counts,
        "classifier_accuracy": score.classifier_accuracy,
        "decided_accuracy": score.decided_accuracy,
        "delivered_accuracy": score.delivered_accuracy,
        "grades": list(score.grades),
        "confusion": score.confusion,
        "by_cause": score.by_cause,
        "wrong_by_cause": score.wrong_by_cause,
        "bins": list(score.bins),
        "into_bins": score.into_bins,
        "strays": score.strays,
        "shots": sum(decision.shot is not None for decision in result.log.decisions),
        "frames": result.log.frames,
        "frames_dropped": result.log.dropped,
        "ticks": result.ticks,
        "belt_s": round(result.belt_s, 6),
        "record_sha256": record_digest(result),
    }


def record_digest(result: Result) -> str:
    """SHA-256 over what became of every item: equal where two runs agree in every one of them."""
    digest = hashlib.sha256()
    for fate in result.score.fates:
        decision = fate.decision
        report = None if decision is None else result.log.reports.get(decision.item.item_id)
        digest.update(repr((fate.produce.number, fate.bin, fate.cause, decision, report)).encode())
    return digest.hexdigest()


def _check(config: SorterConfig, classifier: Classifier, items: int, world: World) -> None:
    if not 1 <= items <= MOST_ITEMS:
        raise SorterError(f"--items {items} is outside 1 … {MOST_ITEMS}; choose one within")
    world.script.check(config.belt.speed_mm_per_s)
    crop = world.crop
    if set(classifier.grades) ^ set(crop.grade_names):
        raise SorterError(
            f"the belt carries {crop.name} of the grades {' '.join(crop.grade_names)}, but the "
            f"model knows {' '.join(classifier.grades)}; give --model a bundle that was trained "
            f"on such {crop.name} ('sorter-train synth' renders photos of them)"
        )
    misfits = grades_fit(config, classifier.bundle.manifest).errors
    if misfits:
        raise SorterError(f"--model does not fit the machine: {misfits[0][1]}")


def _any_grades(items: int, mix: Sequence[str], rng: Generator) -> Iterator[str]:
    for _ in range(items):
        yield mix[int(rng.integers(len(mix)))]
