"""Photos that the sorter keeps for teaching, and what the training makes of them."""

from __future__ import annotations

import csv
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest

from sorter.collecting import COLUMNS, ITEMS_CSV, Choice, Collector
from sorter.config import CollectConfig
from sorter.decision import Decision
from sorter.photo import read_photo
from sorter.pipeline import Pipeline
from sorter.record_writer import PHOTOS_WAITING, RecordWriter
from sorter.records import Records
from sorter.verdict import Why
from tests.factories import StubClassifier, draw_frame, make_config, make_item, make_verdict
from training.importing.source import incoming

NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
RUN = "20260501T120000Z"


def photo(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 255, (32, 32, 3), np.uint8)


def decision(item_id: int = 1, *, why: Why = Why.CLASS, photos: int = 2) -> Decision:
    return Decision(
        item=make_item(item_id),
        verdict=make_verdict("good", why=why),
        outlet="premium",
        shot=None,
        lot="field, 7",
        time_s=1.0,
        photos=tuple(photo(10 * item_id + number) for number in range(photos)),
    )


def collector(folder: Path, told: list[str], **limits: int) -> Collector:
    return Collector(
        CollectConfig(folder=folder, **limits), tell=told.append, wall_clock=lambda: NOON
    )


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / RUN / ITEMS_CSV).open(newline="") as file:
        return list(csv.DictReader(file))


def test_each_nth_item_is_chosen_and_every_doubtful_one() -> None:
    choice = Choice(CollectConfig(folder=Path("photos"), every=3))
    whys = [Why.CLASS, Why.UNSURE, Why.CLASS, Why.STRANGER, Why.DOUBLE, Why.CLASS]

    wanted = [choice.wants(decision(why=why)) for why in whys]

    assert wanted == [False, True, True, True, False, True]


def test_without_a_folder_nothing_is_chosen() -> None:
    assert not Choice(CollectConfig(every=1)).wants(decision(why=Why.UNSURE))


def test_photos_come_back_with_their_item_session_and_what_was_said(tmp_path: Path) -> None:
    keeper = collector(tmp_path, [])
    keeper.keep(decision(1))
    keeper.keep(decision(2, photos=1))

    found = rows(tmp_path)
    assert tuple(found[0]) == COLUMNS
    assert [(row["item"], row["said"], row["grade"]) for row in found] == [
        ("1", "good", ""),
        ("1", "good", ""),
        ("2", "good", ""),
    ]
    assert {row["session"] for row in found} == {f"{RUN} field, 7"}
    assert (read_photo(tmp_path / RUN / found[1]["path"]) == photo(11)).all()


def test_what_a_person_has_graded_is_imported_by_the_training(tmp_path: Path) -> None:
    keeper = collector(tmp_path, [])
    for item_id in (1, 2, 3):
        keeper.keep(decision(item_id))
    table = tmp_path / RUN / ITEMS_CSV
    graded = rows(tmp_path)
    for row in graded[:4]:
        row["grade"] = "fair"
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(graded)

    photos, notes = incoming(tmp_path / RUN, None)

    assert [(one.grade, one.item) for one in photos] == [
        ("fair", f"{RUN} field, 7/1"),
        ("fair", f"{RUN} field, 7/1"),
        ("fair", f"{RUN} field, 7/2"),
        ("fair", f"{RUN} field, 7/2"),
    ]
    assert notes == ["left out 2 photos that have no grade yet"]


def test_several_runs_are_imported_together_and_those_without_a_grade_left_out(
    tmp_path: Path,
) -> None:
    for hour in (12, 13, 14):
        keeper = Collector(
            CollectConfig(folder=tmp_path),
            tell=lambda sentence: None,
            wall_clock=lambda at=hour: NOON.replace(hour=at),  # type: ignore[misc]
        )
        keeper.keep(decision(1))
    for table in sorted(tmp_path.glob(f"*/{ITEMS_CSV}"))[:2]:
        table.write_text(table.read_text().replace(",good,", ",good,fair"))

    photos, notes = incoming(tmp_path, None)

    assert [one.item for one in photos] == [
        *["20260501T120000Z field, 7/1"] * 2,
        *["20260501T130000Z field, 7/1"] * 2,
    ]
    assert notes == ["left out 2 photos that have no grade yet"]


def test_a_full_folder_is_told_once_and_holds_no_half_item(tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / "earlier").mkdir()
    (tmp_path / "earlier" / "1.png").write_bytes(b"x" * 990_000)
    keeper = collector(tmp_path, told, most_mb=1)
    for item_id in range(1, 6):
        keeper.keep(decision(item_id))

    (sentence,) = told
    assert "holds the 1 MB of collect.most_mb; the sorting goes on" in sentence
    photos = {path.name for path in (tmp_path / RUN).glob("*.png")}
    assert photos == {row["path"] for row in rows(tmp_path)} != set()


def test_a_disk_that_refuses_ends_the_collecting_and_not_the_sorting(tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / "file").touch()
    keeper = collector(tmp_path / "file" / "folder", told)
    keeper.keep(decision(1))
    keeper.keep(decision(2))

    assert len(told) == 1 and told[0].startswith("no more photos are collected: ")


@pytest.mark.parametrize("every", [1, 3])
def test_the_pipeline_hands_over_what_the_classifier_saw_of_the_chosen_items(
    tmp_path: Path, every: int
) -> None:
    seen: list[np.ndarray] = []

    def answer(photo: np.ndarray) -> tuple[float, float, float]:
        seen.append(photo.copy())
        return (1.0, 0.0, 0.0)

    config = make_config(collect={"folder": tmp_path, "every": every})
    pipeline = Pipeline(
        config=config,
        classifier=StubClassifier(answer),  # type: ignore[arg-type]
        lot="today",
        collects=Choice(config.collect).wants,
    )
    decisions = []
    for index in range(60):
        fruits = [(20.0 * index - 100 * k, 100.0, 40.0, 60.0) for k in range(3)]
        decisions += pipeline.step(draw_frame(fruits, tick=40.0 * index, index=index))

    kept = [one for one in decisions if one.photos]
    assert [one.item.item_id for one in kept] == ([1, 2, 3] if every == 1 else [3])
    judged = {photo.tobytes() for photo in seen}
    assert all(photo.tobytes() in judged for one in kept for photo in one.photos)
    assert all(photo.base is None for one in kept for photo in one.photos)


def test_the_thread_that_writes_the_records_keeps_the_photos(tmp_path: Path) -> None:
    keeper = collector(tmp_path / "photos", [])
    with (
        Records(tmp_path / "records.sqlite") as records,
        RecordWriter(records, collect=keeper.keep) as writer,
    ):
        writer.add(decision(1))
        writer.add(decision(2, photos=0))

    assert [row["item"] for row in rows(tmp_path / "photos")] == ["1", "1"]


def test_photos_that_a_slow_disk_makes_wait_are_left_out_and_counted_but_no_row_is(
    tmp_path: Path,
) -> None:
    kept: list[int] = []
    with Records(tmp_path / "records.sqlite") as records:
        writer = RecordWriter(
            records,
            collect=lambda decision: kept.append(decision.item.item_id),
            start=lambda work: None,
        )
        for item_id in range(1, PHOTOS_WAITING + 11):
            writer.add(decision(item_id))
        writer._queue.put(None)
        writer.write()
        assert len(list(records.items())) == PHOTOS_WAITING + 10
        writer.add(decision(1000))
        writer._queue.put(None)
        writer.write()

    assert kept == [*range(1, PHOTOS_WAITING + 1), 1000]
    assert writer.photos_left_out == 10
