"""A training that is killed, or whose disk is full, goes on to the weights it would have had."""

from __future__ import annotations

import errno
import io
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.unit.training.folders import noise, write_photos
from training import checkpoint, loop, zoo
from training import learn as learning
from training.choose import Choice
from training.compare import Answers, Field
from training.errors import TrainingError
from training.fit import Method
from training.full_disk import explained
from training.learn import Settings, learn, trained
from training.over_folds import FoldAccuracy, over_folds
from training.progress import Silent
from training.run_folder import load_network

pytestmark = pytest.mark.training
SETTINGS = Settings(model="lenet", epochs=5, size_px=16, seed=4, group_copies=False)

KILLED_AMID_THE_THIRD_SAVE = """
import io, os, signal, sys
import numpy as np
from pathlib import Path
from training import loop
from training.progress import Silent
from tests.unit.training.test_killed import SETTINGS, learn

loop.SAVE_EVERY_S = 0.0
saves, whole = [], np.savez

def savez(file, **arrays):
    saves.append(file)
    if len(saves) == 3:
        body = io.BytesIO()
        whole(body, **arrays)
        file.write(body.getvalue()[: len(body.getvalue()) // 2])
        file.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    whole(file, **arrays)

np.savez = savez
learn(Path(sys.argv[1]), Path(sys.argv[2]), SETTINGS, Silent())
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("killed") / "photos", per_grade=16)


@pytest.fixture(scope="module")
def unbroken(photos: Path) -> list[Any]:
    """The weights of a training that nothing happened to."""
    learn(photos, photos.parent / "unbroken", SETTINGS, Silent())
    return weights(photos.parent / "unbroken")


def weights(run: Path) -> list[Any]:
    return [np.array(one) for one in load_network(run).get_weights()]


def assert_equal(some: list[Any], other: list[Any]) -> None:
    assert len(some) == len(other)
    assert all(np.array_equal(one, two) for one, two in zip(some, other, strict=True))


def test_after_a_kill_amid_a_save_the_same_call_ends_with_the_same_weights(
    photos: Path, unbroken: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_AMID_THE_THIRD_SAVE, photos, run],
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert (run / "resume-0.npz").exists()
    assert not (run / "run.json").exists()
    assert not (run / "model.keras").exists()

    begun: list[int] = []
    load = checkpoint.load

    def noted(*arguments: Any) -> Any:
        found = load(*arguments)
        assert found is not None
        begun.append(found[0].epochs)
        return found

    monkeypatch.setattr(checkpoint, "load", noted)
    learn(photos, run, SETTINGS, Silent())
    assert begun == [2]
    assert_equal(weights(run), unbroken)
    assert {path.name for path in run.iterdir()} == {"run.json", "model.keras", "logs"}


def test_a_disk_that_fills_up_ends_in_a_sentence_and_the_training_goes_on_later(
    photos: Path, unbroken: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, saves, whole = tmp_path / "run", [], np.savez
    monkeypatch.setattr(loop, "SAVE_EVERY_S", 0.0)

    def savez(file: io.BufferedWriter, **arrays: Any) -> None:
        saves.append(file)
        if len(saves) == 3:
            file.write(b"half of it")
            raise OSError(errno.ENOSPC, "No space left on device")
        whole(file, **arrays)

    with monkeypatch.context() as full:
        full.setattr(np, "savez", savez)
        with (
            pytest.raises(
                TrainingError, match="the disk is full; free some space and give the sam"
            ),
            explained(run),
        ):
            learn(photos, run, SETTINGS, Silent())
    assert {path.name for path in run.iterdir()} == {"resume-0.npz", "logs"}
    learn(photos, run, SETTINGS, Silent())
    assert_equal(weights(run), unbroken)


def test_a_disk_that_is_full_when_the_network_is_saved_leaves_no_network(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    def save(self: Any, path: Path) -> None:
        path.write_bytes(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    run = tmp_path / "run"
    monkeypatch.setattr(keras.Model, "save", save)
    with pytest.raises(OSError, match="No space left"):
        learn(photos, run, SETTINGS, Silent())
    assert not {path.name for path in run.iterdir()} - {"logs", "resume-0.npz"}


def test_a_training_by_another_recipe_is_not_gone_on_with(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an update of the program may bring it."""
    known = []

    def killed(*data: Any, **others: Any) -> None:
        (plan,) = (one for one in data if isinstance(one, loop.Plan))
        known.append(plan.fingerprint)
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "train", killed)
    lenet = zoo.architecture("lenet")
    slower = replace(lenet, recipe=replace(lenet.recipe, learning_rate=1e-3))
    for network in (lenet, lenet, slower, replace(lenet, mirrored=True)):
        monkeypatch.setitem(zoo.ZOO, "lenet", network)
        with pytest.raises(KeyboardInterrupt):
            learn(photos, tmp_path / "run", SETTINGS, Silent())
    assert [known.index(one) for one in known] == [0, 0, 2, 3]


def test_after_a_kill_amid_the_packing_the_same_call_need_not_train_again(
    photos: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    assert trained(photos, run, SETTINGS) is None
    record = learn(photos, run, SETTINGS, Silent())
    assert trained(photos, run, SETTINGS) == record
    assert trained(photos, run, replace(SETTINGS, seed=99)) is None
    (run / "metrics.json").touch()
    assert trained(photos, run, SETTINGS) is None


def test_after_a_kill_the_network_that_trials_have_chosen_is_not_chosen_anew(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, asked = tmp_path / "run", replace(SETTINGS, model="auto")
    chosen = []

    def choose(*data: Any, method: Settings, **others: Any) -> Choice:
        chosen.append("lenet" if not chosen else "vgg-mini")
        return Choice(method=replace(method, model=chosen[-1]), reason="it was quick")

    def killed(*data: Any, **others: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(learning, "choose", choose)
    with monkeypatch.context() as amid, pytest.raises(KeyboardInterrupt):
        amid.setattr(learning, "fit", killed)
        learn(photos, run, asked, Silent())
    record = learn(photos, run, asked, Silent())
    assert (record.model, chosen) == ("lenet", ["lenet"])
    assert record.notes[0] == "it was quick"
    assert {path.name for path in run.iterdir()} == {"run.json", "model.keras", "logs"}


def test_a_network_that_was_chosen_on_other_photos_is_chosen_anew(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, asked = tmp_path / "own", replace(SETTINGS, model="auto")
    shutil.copytree(photos, own)
    chosen = []

    def choose(*data: Any, method: Settings, **others: Any) -> Choice:
        chosen.append("lenet")
        return Choice(method=replace(method, model="lenet"), reason="it was quick")

    def killed(*data: Any, **others: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(learning, "choose", choose)
    monkeypatch.setattr(learning, "fit", killed)
    for expected in (1, 1, 2):
        if expected == 2:
            # Another photo under the name of one that the trials have seen.
            cv2.imwrite(str(own / "L" / "3.png"), noise(4711))
        with pytest.raises(KeyboardInterrupt):
            learn(own, tmp_path / "run", asked, Silent())
        assert len(chosen) == expected


def test_folds_that_test_a_network_on_what_it_was_chosen_by_say_so(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = FoldAccuracy(accuracy=0.5, accuracy_low=0.4, accuracy_high=0.6, n=4, accuracies=[0.5])
    monkeypatch.setattr(learning, "over_folds", lambda *data, **others: found)
    monkeypatch.setattr(
        learning,
        "choose",
        lambda *data, method, **others: Choice(
            method=replace(method, model="lenet"), reason="it was quick"
        ),
    )
    asked = replace(SETTINGS, model="auto", epochs=1, folds=2)
    chosen = learn(photos, tmp_path / "chosen", asked, Silent())
    assert any("flatters the accuracy over folds" in note for note in chosen.notes)
    given = learn(photos, tmp_path / "given", replace(asked, model="lenet"), Silent())
    assert not any("flatters" in note for note in given.notes)


def test_after_a_kill_a_fold_that_was_tested_is_not_trained_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    field = Field(
        read={},
        sizes={},
        fold_of=np.array([0, 1, 1, 0, 2]),
        groups=list("abcde"),
        grades=2,
        ranks=None,
        window_mm=None,
    )
    begun: list[int] = []

    def tested(field: Field, method: Method, folds: list[int], advance: Any) -> Answers:
        begun.append(folds[0])
        if begun == [0, 1]:
            raise KeyboardInterrupt
        truth = np.arange((field.fold_of == folds[0]).sum()) % 2
        # Right about the first photo of each fold alone.
        by_int8 = np.eye(2)[np.zeros_like(truth)]
        return Answers(
            truth=truth,
            by_float=by_int8,
            by_int8=by_int8,
            fold=np.full(len(truth), folds[0]),
            groups=[],
            parameters=1,
        )

    monkeypatch.setattr("training.compare.cross_validate", tested)
    kept, note = tmp_path / "folds.json", lambda note: None
    with pytest.raises(KeyboardInterrupt):
        over_folds(field, SETTINGS, note, kept=kept, asked="this")
    found = over_folds(field, SETTINGS, note, kept=kept, asked="this")
    assert begun == [0, 1, 1, 2]
    assert (found.n, found.accuracy, found.accuracies) == (5, 0.6, [0.5, 0.5, 1.0])
    assert over_folds(field, SETTINGS, note, kept=kept, asked="other") == found
    assert begun[4:] == [0, 1, 2]


def test_photos_that_came_since_are_trained_on(photos: Path, tmp_path: Path) -> None:
    grown, run = tmp_path / "grown", tmp_path / "run"
    shutil.copytree(photos, grown)
    learn(grown, run, SETTINGS, Silent())
    first = min((grown / "L").iterdir())
    shutil.copy(first, first.with_name(f"new-{first.name}"))
    assert trained(grown, run, SETTINGS) is None


def test_another_error_of_the_system_is_not_called_a_full_disk(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), explained(tmp_path):
        raise PermissionError(errno.EACCES, "Permission denied")
