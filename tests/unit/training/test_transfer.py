from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest

from sorter.preprocess import Preprocess
from training import backend, transfer, weights, zoo
from training.bottlenecks import BottleneckCache, bottlenecks, open_cache
from training.compare import compare
from training.errors import TrainingError
from training.fit import Method, fit
from training.labelled import Labelled
from training.learn import Settings, learn
from training.progress import Silent, steps
from training.zoo.backbones import POOLED

SIDE = 32
PREPROCESS = Preprocess(size_px=SIDE, mean=127.5, std=127.5)


def photos(n: int, seed: int = 1) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (n, SIDE, SIDE, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def trunk() -> Any:
    model = zoo.build("mobilenet-0.25", SIDE, 3).model
    return backend.keras().Model(model.input, model.get_layer(POOLED).output)


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "mobilenet.weights.h5"
    backbone = zoo.build("mobilenet-0.25", SIDE, 3).backbone
    backbone.save_weights(path)
    return path


def look(trunk: Any, inputs: Any, cache: BottleneckCache, **changes: Any) -> Any:
    options: dict[str, Any] = {
        "views": 3,
        "full_turn": False,
        "preprocess": PREPROCESS,
        "backbone": "test",
        "advance": lambda note: None,
    }
    return bottlenecks(trunk, inputs, cache=cache, **(options | changes))


def forbidden(*_: Any, **__: Any) -> Any:
    raise AssertionError("the backbone was asked again")


@pytest.mark.training
def test_a_warm_cache_answers_in_place_of_the_backbone(trunk: Any, tmp_path: Path) -> None:
    with open_cache(tmp_path / "cache.sqlite") as cache:
        cold = look(trunk, photos(5), cache)
    with open_cache(tmp_path / "cache.sqlite") as cache:
        warm = look(forbidden, photos(5)[::-1], cache)
    assert cold.shape == (5, 3, 256)
    assert np.array_equal(warm, cold[::-1])
    assert not np.array_equal(cold[:, 0], cold[:, 1])


@pytest.mark.training
@pytest.mark.parametrize(
    "changes",
    [
        {"backbone": "other weights"},
        {"full_turn": True},
        {"preprocess": PREPROCESS.model_copy(update={"mean": 0.0})},
    ],
)
def test_other_weights_or_preprocessing_are_looked_at_anew(
    trunk: Any, tmp_path: Path, changes: dict[str, Any]
) -> None:
    with open_cache(tmp_path / "cache.sqlite") as cache:
        look(trunk, photos(2), cache)
        with pytest.raises(AssertionError, match="asked again"):
            look(forbidden, photos(2), cache, **changes)


@pytest.mark.training
def test_what_was_looked_at_before_a_kill_is_not_lost(trunk: Any, tmp_path: Path) -> None:
    inputs = photos(33)
    calls: list[int] = []

    def killed_in_the_second_portion(part: Any, training: bool) -> Any:
        calls.append(len(part))
        return trunk(part, training=training)

    def stop(note: str) -> None:
        calls.append(0)
        if calls.count(0) == 32:
            raise KeyboardInterrupt

    path = tmp_path / "cache.sqlite"
    with pytest.raises(KeyboardInterrupt), open_cache(path) as cache:
        look(killed_in_the_second_portion, inputs, cache, views=1, advance=stop)
    with open_cache(path) as cache:
        look(forbidden, inputs[:32], cache, views=1)


def test_a_damaged_cache_ends_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    path.write_bytes(b"no database" * 1000)
    sentence = r"cache of bottlenecks fails .* delete it"
    with pytest.raises(TrainingError, match=sentence), open_cache(path):
        pass


def test_half_of_a_portion_is_never_remembered(tmp_path: Path) -> None:
    with open_cache(tmp_path / "cache.sqlite") as cache:
        vectors: dict[Any, Any] = {b"1": np.ones(2, np.float32), b"2": "no vector"}
        with pytest.raises(AttributeError):
            cache.put(vectors)
        assert cache.get(b"1") is None
    with sqlite3.connect(tmp_path / "cache.sqlite") as database:
        assert database.execute("SELECT count(*) FROM bottlenecks").fetchone() == (0,)


@pytest.mark.training
def test_a_frozen_backbone_keeps_its_weights_and_a_fine_tuned_one_its_lower_blocks(
    weights_file: Path, tmp_path: Path
) -> None:
    labels = np.arange(24) % 2
    inputs = (photos(24) // 2 + 120 * labels[:, None, None, None]).astype(np.uint8)
    data = Labelled(inputs=inputs, labels=labels.astype(np.intp))
    given = zoo.build("mobilenet-0.25", SIDE, 2)
    weights.load(given.backbone, str(weights_file), "mobilenet-0.25")
    for blocks in (0, 2):
        method = Method(
            model="mobilenet-0.25", weights=str(weights_file), fine_tune=blocks, epochs=2
        )
        with steps() as bars:
            fitted = fit(
                data,
                None,
                method=method,
                preprocess=PREPROCESS,
                grades=2,
                cache=tmp_path / "cache.sqlite",
                steps=bars,
            )
        assert fitted.validation_accuracy is None
        changed = {
            after.path.split("/")[-2]
            for before, after in zip(given.model.weights, fitted.model.weights, strict=True)
            if not np.array_equal(before.numpy(), after.numpy())
        }
        changed = {name for name in changed if not name.startswith("grades")}
        top = {"conv_dw_12", "conv_pw_12", "conv_dw_13", "conv_pw_13"}
        assert changed == (top if blocks else set())


@pytest.mark.training
def test_as_many_blocks_as_there_are_cannot_be_fine_tuned() -> None:
    model = zoo.build("mobilenet-0.25", SIDE, 2).model
    with pytest.raises(TrainingError, match=r"has 13 blocks .* give at most 12"):
        transfer.freeze_below(model, 13, zoo.ZOO["mobilenet-0.25"].block_ends or "")


@pytest.mark.training
def test_weights_of_another_network_do_not_fit(weights_file: Path) -> None:
    for name in ("mobilenet-0.5", "mobilenetv2"):
        backbone = zoo.build(name, SIDE, 3).backbone
        with pytest.raises(TrainingError, match=f"does not fit {name}"):
            weights.load(backbone, str(weights_file), name)


@pytest.mark.training
@pytest.mark.parametrize(
    ("model", "fine_tune", "sentence"),
    [
        ("inceptionv3", 0, "inceptionv3 needs an input of at least 75 px, found 32"),
        ("mobilenetv2", 0, "does not fit mobilenetv2"),
        ("mobilenet-0.25", 40, "--fine-tune: found 40; this backbone has 13 blocks"),
    ],
)
def test_weights_that_cannot_be_used_are_refused_before_any_photo_is_read(
    weights_file: Path, model: str, fine_tune: int, sentence: str, tmp_path: Path
) -> None:
    for grade in ("L", "M"):
        (tmp_path / "photos" / grade).mkdir(parents=True)
        for index in range(12):
            (tmp_path / "photos" / grade / f"{index}.png").write_bytes(b"no photo")
    asked = Settings(model=model, weights=str(weights_file), fine_tune=fine_tune, size_px=32)
    with pytest.raises(TrainingError, match=sentence):
        learn(tmp_path / "photos", tmp_path / "run", asked, Silent())
    assert not (tmp_path / "run").exists()
    with pytest.raises(TrainingError, match=sentence):
        compare(
            tmp_path / "photos",
            [asked],
            size_px=32,
            folds=2,
            way="random",
            skip_unreadable=False,
            steps=Silent(),
        )


@pytest.mark.training
def test_weights_that_lack_a_layer_do_not_fit(weights_file: Path, tmp_path: Path) -> None:
    import h5py

    path = tmp_path / "torn.weights.h5"
    path.write_bytes(weights_file.read_bytes())
    with h5py.File(path, "r+") as file:
        del file["layers/conv2d_3"]
    backbone = zoo.build("mobilenet-0.25", SIDE, 3).backbone
    with pytest.raises(TrainingError, match=r"torn.weights.h5 does not fit"):
        weights.load(backbone, str(path), "mobilenet-0.25")


@pytest.mark.training
def test_a_download_that_breaks_off_leaves_nothing_under_a_final_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keras.src.backend import config
    from keras.src.utils import file_utils

    written: list[str] = []

    def half(address: str, target: Path, report: Any) -> None:
        Path(target).write_bytes(b"half of it")
        written.extend(path.name for path in Path(target).parent.iterdir())
        raise URLError("the line is dead")

    monkeypatch.setattr(config, "_KERAS_DIR", str(tmp_path))
    monkeypatch.setattr(file_utils, "urlretrieve", half)
    backbone = zoo.build("mobilenet-0.25", 128, 3).backbone
    with pytest.raises(
        TrainingError, match=r"cannot be downloaded .*the line is dead.*give a file"
    ):
        weights.load(backbone, "imagenet", "mobilenet-0.25")
    assert [name for name in written if not name.startswith("partial.")] == []
    assert written
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert file_utils.urlretrieve is half


@pytest.mark.parametrize(
    ("given", "model", "sentence"),
    [
        ("imagenet", "ds-cnn", "ds-cnn is trained from scratch"),
        ("gone.h5", "mobilenetv2", "no file gone.h5"),
        (__file__, "mobilenetv2", "does not end in .weights.h5"),
    ],
)
def test_weights_that_cannot_be_meant_are_refused_early(
    given: str, model: str, sentence: str
) -> None:
    with pytest.raises(TrainingError, match=sentence):
        weights.check(given, model)
