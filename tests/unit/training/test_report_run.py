"""What a packed run tells about itself: its report, and where its network looks."""

from __future__ import annotations

import json
import re
import sys
from html import unescape
from pathlib import Path

import cv2
import numpy as np
import pytest

from sorter.frame import Pixels
from training.cli import main
from training.progress import Silent

pytestmark = pytest.mark.training

GRADES = ("2L", "2S", "BL")
PER_GRADE = 16


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on rendered cucumbers of three grades, packed."""
    from sorter.twin.photos import labelled_photos
    from training.learn import Settings, learn
    from training.pack import pack

    folder = tmp_path_factory.mktemp("report")
    for index, (grade, photo, _) in enumerate(labelled_photos(PER_GRADE, seed=3)):
        if grade in GRADES:
            (folder / "photos" / grade).mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(folder / "photos" / grade / f"<i>{index}.png"), photo)
    (folder / "photos" / "grades.yaml").write_text(
        "grades: [{name: 2L, worth: 3}, {name: BL, worth: 2}, {name: 2S, worth: 1}]\n"
        "ordered: true\nlicence: CC BY 4.0, <b>rendered</b>\n"
    )
    # Of a network that takes no measured shape besides, all that it knows is what it looks at.
    settings = Settings(model="vgg-mini", size_px=48, epochs=30, group_copies=False)
    learn(folder / "photos", folder / "run", settings, Silent())
    pack(folder / "run", folder / "run" / "model.sorter", Silent())
    return folder / "run"


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Rendered photos that the run has not seen."""
    from sorter.twin.photos import labelled_photos

    folder = tmp_path_factory.mktemp("unseen")
    for index, (grade, photo, _) in enumerate(labelled_photos(3, seed=8)):
        if grade in GRADES:
            cv2.imwrite(str(folder / f"{grade}-{index}.png"), photo)
    return sorted(folder.iterdir())


def explain(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str | Path
) -> tuple[str, str]:
    monkeypatch.setattr(sys, "argv", ["sorter-train", "explain", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        main()
    heard = capsys.readouterr()
    assert end.value.code == 0, heard.err
    return heard.out, heard.err


def test_the_report_shows_each_number_of_the_metrics(run: Path) -> None:
    from training.report.page import flat

    page = unescape((run / "report.html").read_text())
    metrics = json.loads((run / "metrics.json").read_text())
    numbers = list(flat(metrics))
    assert len(numbers) > 80
    missing = [key for key, value in numbers if f">{value}<" not in page]
    assert missing == []
    assert metrics["scale"]["kappa"] <= 1
    assert metrics["model_card"]["licence"] == "CC BY 4.0, <b>rendered</b>"
    assert [len(row["accuracies"]) for row in metrics["robustness"]["rows"]] == [5] * 7


def test_names_of_files_and_licences_are_text_in_the_report(run: Path) -> None:
    page = (run / "report.html").read_text()
    assert "<i>" not in page
    assert "&lt;i&gt;" in page
    assert "<b>rendered</b>" not in page


def test_the_report_asks_nothing_of_any_network(run: Path) -> None:
    page = (run / "report.html").read_text()
    assert set(re.findall(r'src="(.{5})', page)) == {"data:"}
    assert not re.search(r"<script|<link|href=|url\(|@import", page)


@pytest.mark.parametrize("packed", [False, True], ids=["run", "bundle"])
def test_the_class_map_lies_on_the_item_more_than_chance_would(
    run: Path,
    photos: list[Path],
    packed: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = run / "model.sorter" if packed else run
    out, err = explain(monkeypatch, capsys, source, *photos, "--out", tmp_path, "--json")
    found = json.loads(out)["photos"]
    assert 0.02 < np.mean([one["item"] for one in found]) < 0.15
    on_item, by_chance = ([one[key] for one in found] for key in ("on_item", "item"))
    assert np.mean(on_item) > 1.1 * np.mean(by_chance)
    assert ("has no gradients" in err) == packed
    widths = {cv2.imread(one["picture"]).shape[1] for one in found}
    assert widths == {256 * (3 if packed else 4) + 6 * (2 if packed else 3)}


def test_the_packed_map_is_the_map_of_the_network(run: Path, photos: list[Path]) -> None:
    from sorter.photo import read_photo
    from training.explain.explain import load

    before, packed = load(run), load(run / "model.sorter")
    for path in photos[:3]:
        maps = [one.class_map(read_photo(path), 0).ravel() for one in (before, packed)]
        if maps[0].any():
            assert np.corrcoef(maps)[0, 1] > 0.9


def test_features_and_dreams_are_the_same_with_the_same_seed(
    run: Path,
    photos: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    what = ("--layer", "4", "--channel", "2", "--dream", "--steps", "2")
    made: list[list[Pixels]] = []
    for out in (tmp_path / "first", tmp_path / "again"):
        explain(monkeypatch, capsys, run, photos[0], *what, "--out", out, "--seed", "1")
        made.append([cv2.imread(str(path)) for path in sorted(out.iterdir())])
    first, again = made
    assert len(first) == 3
    assert all(np.array_equal(*pair) for pair in zip(first, again, strict=True))


def test_a_feature_excites_its_channel_more_than_noise_does(run: Path) -> None:
    from training.explain.dream import Dreamer
    from training.explain.explain import load
    from training.explain.float_network import FloatNetwork

    network = load(run)
    assert isinstance(network, FloatNetwork)
    dreamer = Dreamer(network, "3")
    noise, other = (dreamer.feature(5, steps=0, seed=seed) for seed in (1, 2))
    assert not np.array_equal(noise, other)
    grown = dreamer.feature(5, steps=6, seed=1)
    assert dreamer.answers(grown)[5] > dreamer.answers(noise)[5]
