"""What `sorter-train` answers to mistakes, and what of it works without TensorFlow."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

import sorter.twin
from sorter.bundle import Grade
from sorter.preprocess import Preprocess
from tests.unit.training.folders import noise, write_photos
from training.cli import main
from training.cli.training_options import TrainingOptions
from training.photos import scan
from training.run_folder import Entry, RunRecord

DEMO = Path(sorter.twin.__file__).with_name("demo.sorter")

Shell = Callable[..., tuple[int, str, str]]


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Runs `sorter-train` in this process: exit code, stdout, stderr."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sorter-train", *map(str, arguments)])
        try:
            main()
            code: str | int | None = 0
        except SystemExit as end:
            code = end.code
        heard = capsys.readouterr()
        return int(code or 0), heard.out, heard.err

    return run


@pytest.fixture
def refuse(shell: Shell) -> Callable[..., str]:
    """Runs a command that must end in one sentence on stderr."""

    def run(*arguments: str | Path) -> str:
        code, out, err = shell(*arguments)
        assert code == 1
        assert out == ""
        assert err.startswith("sorter-train: ")
        assert err.count("\n") == 1
        return err

    return run


Refuse = Callable[..., str]


@pytest.mark.parametrize("half", ["run", "fit"])
def test_a_missing_folder_is_refused(refuse: Refuse, half: str, tmp_path: Path) -> None:
    assert "does not exist" in refuse(half, tmp_path / "gone", "--out", tmp_path / "out")


def test_an_empty_folder_is_refused(refuse: Refuse, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    assert "no sub-folders" in refuse("run", tmp_path / "photos", "--out", tmp_path / "out")


def test_one_grade_is_refused(refuse: Refuse, tmp_path: Path) -> None:
    write_photos(tmp_path / "photos", grades=("L",))
    err = refuse("run", tmp_path / "photos", "--out", tmp_path / "out")
    assert "there is only one grade (L)" in err


def test_too_few_photos_are_refused_with_the_number_needed(refuse: Refuse, tmp_path: Path) -> None:
    write_photos(tmp_path / "photos")
    for path in list((tmp_path / "photos" / "M").iterdir())[4:]:
        path.unlink()
    err = refuse("run", tmp_path / "photos", "--out", tmp_path / "out")
    assert "M has 4; each grade needs at least 10" in err
    assert not (tmp_path / "out").exists()


@pytest.mark.training
@pytest.mark.parametrize(
    ("per_grade", "reason"), [(20, "no time for a trial"), (12, "too few photos for trials")]
)
def test_a_choice_without_trials_takes_the_default_and_says_so(
    shell: Shell, tmp_path: Path, per_grade: int, reason: str
) -> None:
    photos, out = write_photos(tmp_path / "photos", per_grade), tmp_path / "out"
    arguments = ("--model", "auto", "--minutes", "0", "--epochs", "1", "--size", "16")
    code, _, err = shell("fit", photos, "--out", out, *arguments)
    assert code == 0
    assert "Note: ds-cnn was taken untried: " in err
    assert reason in err
    assert RunRecord.load(out).model == "ds-cnn"
    assert not list(out.glob("resume*"))


@pytest.mark.training
def test_unreadable_photos_are_refused_by_name(refuse: Refuse, tmp_path: Path) -> None:
    write_photos(tmp_path / "photos")
    (tmp_path / "photos" / "L" / "broken.jpg").write_bytes(b"\xff\xd8\xff no more")
    err = refuse("run", tmp_path / "photos", "--out", tmp_path / "out")
    assert "1 of 25 files are no readable photos" in err
    assert "broken.jpg" in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--size", "big", "--size: found 'big'; give 'auto' or a number from 16 to 512"),
        ("--size", "8", "--size: found '8'"),
        ("--split", "thirds", "--split: found 'thirds'; choose one of: random, blocks"),
        ("--views", "rnn", "--views: found 'rnn'; choose one of: mean, gru, lstm"),
        ("--fine-tune", "2", "--fine-tune: there are no weights to start from"),
        ("--folds", "1", "--folds: found 1; give 0, or 2 or more"),
        ("--pretrain", "nowhere", "nowhere: does not exist; give a folder"),
        ("--weights", "imagenet", "--weights: ds-cnn is trained from scratch"),
        ("--model", "resnet", "no model is called 'resnet'; choose one of: ds-cnn, deep-mnist"),
    ],
)
def test_an_option_that_is_not_allowed_is_named(
    refuse: Refuse, tmp_path: Path, option: str, value: str, sentence: str
) -> None:
    write_photos(tmp_path / "photos")
    args = ("run", tmp_path / "photos", "--out", tmp_path / "out", option, value)
    assert sentence in refuse(*args)


@pytest.mark.training
def test_a_head_for_views_that_nobody_took_is_refused_at_once(
    refuse: Refuse, tmp_path: Path
) -> None:
    photos = write_photos(tmp_path / "photos")
    err = refuse("run", photos, "--out", tmp_path / "out", "--views", "gru")
    assert "--views gru: found 0 items with several photos, at least 50 are needed" in err
    assert not (tmp_path / "out").exists()


def test_one_grade_of_other_photos_teaches_nothing(refuse: Refuse, tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos")
    other = write_photos(tmp_path / "other", grades=("L",))
    err = refuse("run", photos, "--out", tmp_path / "out", "--pretrain", other)
    assert "has only one grade (L), of which nothing can be learned" in err


def test_several_workers_do_not_choose_a_network_apart(
    refuse: Refuse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = write_photos(tmp_path / "photos")
    cluster = {"worker": ["127.0.0.1:1", "127.0.0.1:2"]}
    config = {"cluster": cluster, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    err = refuse("fit", photos, "--out", tmp_path / "out", "--model", "auto")
    assert "let one machine choose, then give that network's name to all" in err


def test_a_finished_run_is_not_written_over(refuse: Refuse, tmp_path: Path) -> None:
    photos, out = write_photos(tmp_path / "photos"), tmp_path / "out"
    out.mkdir()
    (out / "run.json").touch()
    assert "holds a run already; give a new folder" in refuse("run", photos, "--out", out)


def test_a_run_is_not_written_among_its_photos(refuse: Refuse, tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos")
    assert "lies among the photos" in refuse("run", photos, "--out", photos / "out")


def test_an_out_that_is_a_file_is_refused(refuse: Refuse, tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos")
    (tmp_path / "out").touch()
    assert "out: is a file; give a folder" in refuse("run", photos, "--out", tmp_path / "out")


def test_a_place_where_nothing_can_be_written_is_refused_before_any_work(
    refuse: Refuse, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    nowhere = tmp_path / "file" / "out"
    photos = write_photos(tmp_path / "photos")
    # Refused though these cannot be read: nobody has looked at them yet.
    for broken in (photos / "L").iterdir():
        broken.write_bytes(b"no photo")
    for arguments in (
        ("run", photos, "--out", nowhere),
        ("fit", photos, "--out", nowhere),
        ("pack", tmp_path / "no-run", "--out", nowhere),
        ("import", photos, "--out", nowhere),
        ("synth", "--per-grade", "1", "--out", nowhere),
        ("explain", DEMO, photos / "L" / "0.png", "--out", nowhere),
        ("audit", photos, "--html", nowhere),
    ):
        option = arguments[-2]
        err = refuse(*arguments)
        assert err.endswith(
            f"{nowhere}: nothing can be written there (Not a directory); "
            f"give another place with {option}\n"
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "photos"]


def test_pictures_are_not_written_over_a_file(refuse: Refuse, tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    err = refuse("explain", DEMO, DEMO, "--out", tmp_path / "out")
    assert "out: is a file; give a folder" in err


def test_a_bundle_is_not_written_over_a_folder(refuse: Refuse, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    assert "is a folder; give a file" in refuse("pack", tmp_path, "--out", tmp_path)


def test_a_folder_that_is_no_run_is_not_packed(refuse: Refuse, tmp_path: Path) -> None:
    assert "not a run folder" in refuse("pack", tmp_path, "--out", tmp_path / "x.sorter")


def test_a_damaged_run_is_not_packed(refuse: Refuse, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"format": 9}')
    assert "run.json: format" in refuse("pack", tmp_path, "--out", tmp_path / "x.sorter")


def write_run(folder: Path) -> None:
    record = RunRecord(
        name="test",
        photos=folder / "photos",
        grades=[Grade(name="L"), Grade(name="M")],
        preprocess=Preprocess(size_px=32),
        model="ds-cnn",
        seed=0,
        way="random",
        entries=[Entry(path="L/1.png", grade="L", digest="0", part="test")],
        epochs=1,
        best_epoch=1,
        parameters=1,
        validation_accuracy=0.5,
        float_accuracy=0.5,
        seconds=1,
    )
    (folder / "run.json").write_text(record.model_dump_json())


def test_photos_of_one_item_and_copies_count_once(tmp_path: Path) -> None:
    write_run(tmp_path)
    run = json.loads((tmp_path / "run.json").read_text())
    entry = run["entries"][0]
    run["entries"] = [
        entry | {"group": 3, "item": "a"},
        entry | {"group": 3, "item": "a"},
        entry | {"group": 3, "digest": "1"},
        entry | {"group": 4, "part": "train"},
    ]
    record = RunRecord.model_validate(run)
    assert record.groups("test") == [3, 3, 3]
    # There a group is a whole session.
    assert record.model_copy(update={"way": "sessions"}).groups("test") == ["a", "a", "1"]


def test_a_run_that_tests_on_copies_of_what_it_learned_is_not_packed(
    refuse: Refuse, tmp_path: Path
) -> None:
    write_run(tmp_path)
    run = json.loads((tmp_path / "run.json").read_text())
    entry = run["entries"][0] | {"group": 3}
    run["entries"] = [entry, entry | {"path": "L/2.png", "part": "train"}]
    (tmp_path / "run.json").write_text(json.dumps(run))
    err = refuse("pack", tmp_path, "--out", tmp_path / "x.sorter")
    assert "photos that belong together (group 3) lie in test and in train" in err
    assert not (tmp_path / "x.sorter").exists()


def test_a_run_with_an_exchanged_photo_is_not_packed(refuse: Refuse, tmp_path: Path) -> None:
    write_run(tmp_path)
    photo = tmp_path / "photos" / "L" / "1.png"
    photo.parent.mkdir(parents=True)
    cv2.imwrite(str(photo), noise(1))
    err = refuse("pack", tmp_path, "--out", tmp_path / "x.sorter")
    assert f"1 photos are not those of this run any more: {photo}" in err


def test_a_run_whose_photos_are_gone_is_not_packed(refuse: Refuse, tmp_path: Path) -> None:
    write_run(tmp_path)
    err = refuse("pack", tmp_path, "--out", tmp_path / "x.sorter")
    assert f"1 photos of this run are gone: {tmp_path / 'photos' / 'L' / '1.png'}" in err


def test_evaluating_prints_what_scripts_read(shell: Shell, tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos", per_grade=3)
    code, out, _ = shell("evaluate", DEMO, photos, "--json")
    assert code == 0
    result = json.loads(out)
    assert result["n"] == 6
    assert result["accuracy_low"] <= result["accuracy"] <= result["accuracy_high"]
    assert sum(map(sum, result["confusion"])) == 6


def test_folders_that_are_no_grades_of_the_bundle_are_named(refuse: Refuse, tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos", grades=("L", "XL", "huge"))
    assert "the folder XL, huge is no grade of this bundle (2L, L," in refuse(
        "evaluate", DEMO, photos
    )


def test_a_bundle_that_is_none_is_not_evaluated(refuse: Refuse, tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos")
    assert "not a model bundle" in refuse("evaluate", photos / "L" / "0.png", photos)


def test_unreadable_photos_are_not_evaluated_in_silence(
    shell: Shell, refuse: Refuse, tmp_path: Path
) -> None:
    photos = write_photos(tmp_path / "photos", per_grade=3)
    (photos / "M" / "bad.png").write_text("bad")
    assert "1 of 7 files are no readable photos" in refuse("evaluate", DEMO, photos)
    code, out, err = shell("evaluate", DEMO, photos, "--json", "--skip-unreadable")
    assert (code, json.loads(out)["n"]) == (0, 6)
    assert "bad.png" in err


def test_rendered_photos_come_with_grades_and_truth(shell: Shell, tmp_path: Path) -> None:
    out = tmp_path / "rendered"
    assert shell("synth", "--out", out, "--per-grade", "1", "--seed", "3")[0] == 0
    truths = [json.loads(line) for line in (out / "truth.jsonl").read_text().splitlines()]
    assert len(truths) == 9
    assert all(cv2.imread(str(out / truth["path"])) is not None for truth in truths)
    assert "window_mm: 280" in (out / "grades.yaml").read_text()
    assert not [path for path in tmp_path.iterdir() if path != out]


def test_rendered_views_of_an_item_are_listed_as_one(shell: Shell, tmp_path: Path) -> None:
    out = tmp_path / "rendered"
    assert shell("synth", "--out", out, "--per-grade", "1", "--views", "2")[0] == 0
    found = scan(out)
    assert len(found) == 18
    assert len({photo.item for photo in found}) == 9
    assert [photo.path.name for photo in found[:2]] == ["00000-1.png", "00000-2.png"]


def test_the_same_seed_renders_the_same_photos(shell: Shell, tmp_path: Path) -> None:
    for name in ("first", "second"):
        shell("synth", "--out", tmp_path / name, "--per-grade", "1", "--seed", "3")
    first, second = (sorted((tmp_path / name).rglob("*.png")) for name in ("first", "second"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_rendering_does_not_mix_into_a_folder_that_is_not_empty(
    refuse: Refuse, tmp_path: Path
) -> None:
    (tmp_path / "mine.png").write_bytes(noise(0).tobytes())
    assert "not empty" in refuse("synth", "--out", tmp_path, "--per-grade", "1")


def test_only_the_very_same_photos_are_copies_where_the_user_says_so() -> None:
    assert TrainingOptions().settings().group_copies
    assert not TrainingOptions(exact_copies=True).settings().group_copies
