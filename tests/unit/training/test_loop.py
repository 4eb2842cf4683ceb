from __future__ import annotations

import json
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sorter.preprocess import Preprocess
from training import backend, checkpoint, distribution, loop, zoo
from training.checkpoint import Past
from training.errors import TrainingError
from training.fit import Method, fit
from training.labelled import Labelled
from training.loop import Plan, Source
from training.progress import steps
from training.zoo.architecture import Recipe

SIDE = 16


def bright_and_dark(n: int = 48) -> Labelled:
    """Photos of two grades that differ in brightness."""
    random = np.random.default_rng(1)
    labels = np.arange(n) % 2
    photos = random.integers(0, 90, (n, SIDE, SIDE, 3)) + 120 * labels[:, None, None, None]
    return Labelled(inputs=photos.astype(np.uint8), labels=labels.astype(np.intp))


def source(data: Labelled) -> Source:
    photos = backend.tensorflow().constant(data.inputs / np.float32(255))
    return Source(
        batch=lambda chosen, seed: backend.tensorflow().gather(photos, chosen), labels=data.labels
    )


def judged(data: Labelled) -> tuple[Any, Any]:
    return (data.inputs / np.float32(255)).astype(np.float32), data.labels


def train(plan: Plan, advance: Any = lambda note: None, name: str = "lenet") -> tuple[Any, Past]:
    backend.keras().utils.set_random_seed(3)
    network = zoo.build(name, SIDE, 2)
    data = bright_and_dark()
    strategy = backend.tensorflow().distribute.get_strategy()
    seconds = iter(range(0, 10**6, 60))
    past = loop.train(
        network,
        source(data),
        judged(data),
        plan,
        strategy=strategy,
        advance=advance,
        clock=lambda: next(seconds),
    )
    return network, past


PLAN = Plan(recipe=Recipe(learning_rate=2e-3, batch=16), epochs=6, seed=1, grades=2)


@pytest.mark.training
def test_a_training_that_was_killed_ends_with_the_weights_it_would_have_had(tmp_path: Path) -> None:
    whole, past = train(replace(PLAN, checkpoint=tmp_path / "whole.npz"))
    plan = replace(PLAN, checkpoint=tmp_path / "torn.npz")
    notes: list[str] = []

    def kill_in_the_fifth_epoch(note: str) -> None:
        notes.append(note)
        if len(notes) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(plan, kill_in_the_fifth_epoch)
    resumed, again = train(plan, notes.append)
    assert len(notes) == 6
    assert again == past
    for one, other in zip(whole.model.variables, resumed.model.variables, strict=True):
        assert np.array_equal(one.numpy(), other.numpy())


@pytest.mark.training
def test_the_network_ends_with_the_weights_of_its_best_epoch() -> None:
    network, past = train(PLAN)
    inputs, labels = judged(bright_and_dark())
    loss, accuracy = loop.judge(loop.predictor(network.model)(inputs), labels, 0.1)
    assert past.best_epoch is not None
    assert past.best_epoch >= PLAN.epochs * loop.SETTLED
    assert loss == pytest.approx(min(past.losses[3:]), rel=1e-4)
    assert accuracy == past.accuracies[past.best_epoch] == 1.0


@pytest.mark.training
def test_training_stops_when_nothing_improves_any_more() -> None:
    stuck = replace(PLAN, recipe=Recipe(learning_rate=0.0, weight_decay=0.0), epochs=40)
    _, past = train(stuck)
    assert past.epochs < 40


@pytest.mark.training
def test_the_second_head_is_trained_too_and_tensorboard_can_watch(tmp_path: Path) -> None:
    network, _ = train(replace(PLAN, epochs=1, logs=tmp_path), name="inception-mini")
    backend.keras().utils.set_random_seed(3)
    untrained = zoo.build("inception-mini", SIDE, 2)
    kernels = [one.trained.layers[-1].kernel.numpy() for one in (network, untrained)]
    assert not np.allclose(*kernels)
    assert [path.name.startswith("events.out.tfevents") for path in tmp_path.iterdir()] == [True]


@pytest.mark.training
def test_a_rare_grade_counts_as_much_as_the_others_when_balanced() -> None:
    from training.fit import _balance

    data = Labelled(inputs=np.zeros((8, 1, 1, 3), np.uint8), labels=np.array([0] * 6 + [1] * 2))
    weights = _balance(data, 2)
    assert weights[data.labels][:6].sum() == pytest.approx(weights[data.labels][6:].sum())
    assert weights[data.labels].mean() == pytest.approx(1)


@pytest.mark.training
@pytest.mark.parametrize("half_precision", [False, True])
def test_what_was_trained_in_half_precision_is_delivered_in_float32(half_precision: bool) -> None:
    data = bright_and_dark()
    with steps() as bars:
        fitted = fit(
            data,
            data,
            method=Method(model="lenet", epochs=4, half_precision=half_precision, mixup=0.2),
            preprocess=Preprocess(size_px=SIDE),
            grades=2,
            ranks=[0, 1],
            steps=bars,
        )
    assert {layer.compute_dtype for layer in fitted.model.layers} == {"float32"}
    assert fitted.validation_accuracy == 1.0
    assert fitted.epochs == 4


def test_a_checkpoint_of_another_training_or_a_damaged_one_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "resume.npz"
    arrays = [np.ones((2, 3)), np.zeros(4)]
    shapes = [(2, 3), (4,)]
    assert checkpoint.load(path, "a", shapes) is None
    past = Past(losses=[1.0], accuracies=[0.5], best_epoch=0)
    checkpoint.save(path, "a", past, arrays, [np.ones(1)])
    found = checkpoint.load(path, "a", shapes)
    assert found is not None
    assert found[0] == past
    assert np.array_equal(found[1][0], arrays[0])
    assert found[2] == [np.ones(1)]
    assert checkpoint.load(path, "b", shapes) is None
    assert checkpoint.load(path, "a", [(2, 3), (5,)]) is None
    path.write_bytes(path.read_bytes()[:200])
    assert checkpoint.load(path, "a", shapes) is None


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ("{", "not what TensorFlow reads"),
        ('{"cluster": {"worker": ["a:1", "b:2"]}}', "not what TensorFlow reads"),
        (
            '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
            "correct the index",
        ),
    ],
)
@pytest.mark.training
def test_a_tf_config_that_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, config: str, sentence: str
) -> None:
    monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(TrainingError, match=sentence):
        distribution.choose()


WORKER = """
import sys
import numpy as np
from training import backend, distribution
strategy = distribution.choose()
from tests.unit.training.test_loop import PLAN, SIDE, bright_and_dark, judged, source
from training import loop, zoo
backend.keras().utils.set_random_seed(distribution.worker(strategy))
with strategy.scope():
    network = zoo.build("ds-cnn", SIDE, 2)
data = bright_and_dark()
loop.train(network, source(data), judged(data), PLAN, strategy=strategy, advance=lambda note: None)
np.savez(sys.argv[1], *[one.numpy() for one in network.model.variables])
"""


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@pytest.mark.training
def test_two_workers_end_with_equal_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers = [f"127.0.0.1:{port}" for port in free_ports(2)]
    running = []
    for index in range(2):
        task = {"type": "worker", "index": index}
        monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": {"worker": workers}, "task": task}))
        out = tmp_path / f"{index}.npz"
        running.append(
            subprocess.Popen(
                [sys.executable, "-c", WORKER, str(out)],
                stderr=subprocess.PIPE,
                text=True,
                cwd=Path(__file__).parents[3],
            )
        )
    for one in running:
        _, heard = one.communicate()
        assert one.returncode == 0, heard
    with np.load(tmp_path / "0.npz") as first, np.load(tmp_path / "1.npz") as second:
        assert len(first.files) == len(second.files) > 40
        for name in first.files:
            assert np.array_equal(first[name], second[name]), name


TWO_DEVICES = """
from training import backend
tf = backend.tensorflow()
(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
from tests.unit.training.test_loop import PLAN, SIDE, bright_and_dark, judged, loop, source, zoo
with strategy.scope():
    network = zoo.build("lenet", SIDE, 2)
data = bright_and_dark()
past = loop.train(
    network, source(data), judged(data), PLAN, strategy=strategy, advance=lambda note: None
)
for one in network.model.variables:
    first, second = (value.numpy() for value in strategy.experimental_local_results(one.value))
    assert (first == second).all(), one.path
assert max(past.accuracies) > 0.9, past.accuracies
"""


@pytest.mark.training
def test_two_devices_of_one_machine_learn_together() -> None:
    """As several GPUs do; the two are halves of this machine's processor."""
    done = subprocess.run(
        [sys.executable, "-c", TWO_DEVICES],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert done.returncode == 0, done.stderr
