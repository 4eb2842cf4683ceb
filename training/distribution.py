"""One machine or several: which of TensorFlow's strategies a training runs under."""

from __future__ import annotations

import json
import os
from typing import Any

from training import backend
from training.errors import TrainingError


def choose() -> Any:
    """The strategy for this process; call it before TensorFlow has done anything else.

    Several workers in `TF_CONFIG` train together (MultiWorkerMirroredStrategy), several GPUs of
    one machine too (MirroredStrategy); anything else is TensorFlow's default.

    Raises:
        TrainingError: `TF_CONFIG` is set but is not what TensorFlow wants there.
    """
    tf = backend.tensorflow()
    if workers() > 1:
        with backend.quiet():
            return tf.distribute.MultiWorkerMirroredStrategy()
    if len(tf.config.list_physical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def workers() -> int:
    """How many processes train together, by `TF_CONFIG`.

    Raises:
        TrainingError: see `choose`.
    """
    return _workers(os.environ.get("TF_CONFIG", ""))


def worker(strategy: Any) -> int:
    """Number of this process among the workers; 0 writes the run folder."""
    resolver = strategy.cluster_resolver
    if resolver is None or resolver.task_type == "chief":
        return 0
    first = 1 if "chief" in resolver.cluster_spec().jobs else 0
    return int(resolver.task_id) + first


def agreed(strategy: Any, value: float) -> tuple[float, float]:
    """The least and the greatest of all workers' values; each worker gets the same two."""
    if strategy.num_replicas_in_sync == 1:
        return value, value
    tf = backend.tensorflow()

    def one() -> Any:
        context = tf.distribute.get_replica_context()
        values = context.all_gather(tf.constant([value], tf.float64), axis=0)
        return tf.reduce_min(values), tf.reduce_max(values)

    both = strategy.run(tf.function(one))
    least, greatest = (strategy.experimental_local_results(each)[0] for each in both)
    return float(least), float(greatest)


def average(strategy: Any, variables: list[Any]) -> None:
    """Set real-valued variables to their mean over the replicas.

    The strategy keeps trained weights in step, but not a batch norm's statistics.
    """
    if strategy.num_replicas_in_sync == 1:
        return
    tf = backend.tensorflow()
    real = [variable for variable in variables if "float" in variable.dtype]

    def one() -> Any:
        context = tf.distribute.get_replica_context()
        return context.all_reduce(
            tf.distribute.ReduceOp.MEAN, [tf.identity(each.value) for each in real]
        )

    means = strategy.run(tf.function(one))
    with strategy.scope():
        for variable, mean in zip(real, means, strict=True):
            variable.assign(strategy.experimental_local_results(mean)[0])


def _workers(config: str) -> int:
    if not config:
        return 1
    try:
        read = json.loads(config)
        cluster, task = read["cluster"], read["task"]
        workers = sum(len(cluster.get(job, [])) for job in ("chief", "worker"))
        known = task["type"] in cluster and 0 <= task["index"] < len(cluster[task["type"]])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrainingError(
            'TF_CONFIG: not what TensorFlow reads; write {"cluster": {"worker": ["HOST:PORT", '
            '...]}, "task": {"type": "worker", "index": 0}} or unset it'
        ) from error
    if not known:
        raise TrainingError("TF_CONFIG: its task is not among the cluster's; correct the index")
    return workers
