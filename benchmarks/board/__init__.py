"""The board's promises: latency, throughput, encoder, safety, faults, memory."""

from __future__ import annotations

from benchmarks.board import encoder, faults, memory, safety, speed
from benchmarks.report import Report


def measure(report: Report) -> None:
    """Measure the built firmware in simavr."""
    speed.measure(report)
    encoder.measure(report)
    safety.measure(report)
    memory.measure(report)
    faults.measure(report)
