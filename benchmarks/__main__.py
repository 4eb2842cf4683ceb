"""Runs the benchmarks named on the command line, or all; exit code 1 when a promise is broken."""

from __future__ import annotations

import importlib
import sys

from benchmarks.report import Report

ALL = ("training", "board", "line")
PARTS = ("runs", "promises", "networks", "audit")
"""Of `training`, to be run alone."""


def main() -> int:
    """Run and report."""
    names = sys.argv[1:] or list(ALL)
    if unknown := set(names) - {*ALL, *PARTS}:
        print(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join((*ALL, *PARTS))}")
        return 2
    kept = True
    for name in names:
        report = Report(name=name)
        importlib.import_module(f"benchmarks.{name}").measure(report)
        kept = report.save() and kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
