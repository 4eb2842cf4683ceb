"""`python -m benchmarks.line [PART ...]`: parts alone; exit code 1 when a promise is broken."""

from __future__ import annotations

import sys

from benchmarks.line import PARTS, run
from benchmarks.report import Report


def main() -> int:
    """Run and report."""
    names = sys.argv[1:] or list(PARTS)
    if unknown := set(names) - set(PARTS):
        print(f"no part {', '.join(sorted(unknown))}; there are: {', '.join(PARTS)}")
        return 2
    report = Report(name="line")
    for name in names:
        run(name, report)
    return 0 if report.save() else 1


if __name__ == "__main__":
    sys.exit(main())
