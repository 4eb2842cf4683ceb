"""From belt to bin: real pipeline, real link, virtual board, bins by the pins."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware_bridge.virtual_board import VirtualBoard
from sorter.config import SorterConfig
from sorter.errors import SorterError
from sorter.records import Records
from sorter.twin.demo import Demo, Result, make_board, summary, with_speed
from sorter.twin.machine import Machine
from sorter.twin.score import Ending
from sorter.twin.setup import demo_config
from tests.factories import StubClassifier
from tests.unit.twin.ruler import STRAIGHT, ruler_classifier

CONFIG = demo_config()


def run(
    *,
    items: int = 20,
    seed: int = 1,
    config: SorterConfig = CONFIG,
    machine: Machine | None = None,
    board: VirtualBoard | None = None,
    records: Records | None = None,
) -> Result:
    return Demo(
        config=config,
        classifier=ruler_classifier(),  # type: ignore[arg-type]
        board=board or VirtualBoard(),
        items=items,
        seed=seed,
        machine=machine or Machine.as_configured(config),
        records=records,
        mix=STRAIGHT,
    ).run()


def shifted(outlets: set[str], by_mm: float) -> SorterConfig:
    """The configuration with outlets believed further down the belt than they are."""
    tree = CONFIG.model_dump(mode="python")
    tree["belt"]["length_mm"] += by_mm
    for outlet in tree["outlets"]:
        if outlet["name"] in outlets:
            outlet["at_mm"] += by_mm
    return SorterConfig.model_validate(tree)


def right_share(result: Result, grades: set[str]) -> float:
    fates = [fate for fate in result.score.fates if fate.produce.fruit.grade in grades]
    return sum(fate.ending is Ending.RIGHT for fate in fates) / len(fates)


@pytest.mark.parametrize("speed_m_per_s", [0.1, 0.3, 1.0, 2.0])
def test_every_fruit_falls_into_its_own_bin_at_any_speed(speed_m_per_s: float) -> None:
    result = run(config=with_speed(CONFIG, speed_m_per_s))
    assert [fate.cause for fate in result.score.fates] == [None] * 20
    assert result.score.strays == 0
    assert result.trouble() is None


@pytest.mark.parametrize("by_mm", [55.0, 190.0], ids=["extent along the belt", "length"])
def test_outlets_a_fruits_length_off_miss_more_than_half(by_mm: float) -> None:
    off = run(
        items=40,
        config=shifted(set(STRAIGHT), by_mm),
        machine=Machine.as_configured(CONFIG),
    )
    assert right_share(off, set(STRAIGHT)) < 0.5


@pytest.mark.parametrize("outlet", ["2L", "M"])
def test_one_outlet_a_fruits_length_off_misses_more_than_half_of_its_own(outlet: str) -> None:
    off = run(
        items=30, config=shifted({outlet}, 55.0), machine=Machine.as_configured(CONFIG), seed=3
    )
    assert right_share(off, {outlet}) < 0.5
    others = [fate for fate in off.score.fates if fate.produce.fruit.grade != outlet]
    assert all(fate.ending is Ending.RIGHT or fate.bin == outlet for fate in others)


def test_the_same_seed_gives_the_same_run_to_the_item() -> None:
    one, other = run(seed=5), run(seed=5)
    assert summary(one) == summary(other)
    assert one.log.decisions == other.log.decisions
    assert one.log.reports == other.log.reports
    assert [fate.bin for fate in one.score.fates] == [fate.bin for fate in other.score.fates]


def test_another_seed_gives_another_run() -> None:
    assert summary(run(seed=5)) != summary(run(seed=6))


def test_every_fruit_leaves_one_row_that_ends_as_fired(tmp_path: Path) -> None:
    with Records(tmp_path / "records.sqlite") as records:
        result = run(records=records)
        rows = list(records.items())
    assert [row.item_id for row in rows] == list(range(1, 21))
    assert {row.delivery for row in rows} == {"fired"}
    outlets = [fate.decision.outlet for fate in result.score.fates if fate.decision]
    assert [row.outlet for row in rows] == outlets


def test_a_board_that_never_runs_the_belt_is_given_up() -> None:
    class Stubborn(VirtualBoard):
        def set_belt(self, running: bool, now_s: float, *, by_operator: bool = False) -> None:
            pass

    result = run(items=3, board=Stubborn())
    assert summary(result)["lost"] == 3
    assert summary(result)["by_cause"] == {"still_on_belt": 3}
    assert "stood still" in str(result.trouble())
    assert "--board virtual" not in str(result.trouble())
    assert "try --board virtual" in str(result.trouble("simavr"))


def test_a_model_of_other_produce_is_refused() -> None:
    with pytest.raises(SorterError, match="the model knows good fair poor; give --model"):
        Demo(
            config=CONFIG,
            classifier=StubClassifier(),  # type: ignore[arg-type]
            board=VirtualBoard(),
            items=1,
            seed=1,
        )


@pytest.mark.hil
def test_the_firmware_in_simavr_sorts_like_the_virtual_board(built_firmware: Path) -> None:
    result = Demo(
        config=CONFIG,
        classifier=ruler_classifier(),  # type: ignore[arg-type]
        board=make_board("simavr"),
        items=20,
        seed=1,
        mix=STRAIGHT,
    ).run()
    assert [fate.bin for fate in result.score.fates] == [fate.bin for fate in run().score.fates]


def test_the_pace_is_asked_with_a_time_that_only_grows() -> None:
    times: list[float] = []
    Demo(
        config=with_speed(CONFIG, 2.0),
        classifier=ruler_classifier(),  # type: ignore[arg-type]
        board=VirtualBoard(),
        items=1,
        seed=1,
        pace=times.append,
    ).run()
    assert times == sorted(times)
    assert times[-1] > 1


def test_every_bent_fruit_is_decided_exactly_once() -> None:
    result = Demo(
        config=with_speed(CONFIG, 1.5),
        classifier=ruler_classifier(),  # type: ignore[arg-type]
        board=VirtualBoard(),
        items=40,
        seed=4,
        mix=("BL", "C"),
    ).run()
    assert result.score.strays == 0
    assert [fate.produce.number + 1 for fate in result.score.fates] == [
        fate.decision.item.item_id for fate in result.score.fates if fate.decision
    ]
