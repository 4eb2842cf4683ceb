"""How a command of either program ends when it cannot do its work."""

from __future__ import annotations

import sys
from collections.abc import Callable

from firmware_bridge.board import BoardError
from sorter.errors import SorterError


def run_app(name: str, app: Callable[[], object]) -> None:
    """Run a program; a user's mistake ends in one sentence on stderr and exit code 1.

    Args:
        name: of the program, in front of the sentence.
        app: runs the command that `sys.argv` asks for.
    """
    try:
        app()
    except (SorterError, BoardError) as error:
        sentence = str(error)
    except OSError as error:
        # A full disk names no file.
        where = "" if error.filename is None else f"{error.filename}: "
        sentence = f"{where}{error.strerror or error}"
    else:
        return
    print(f"{name}: {sentence}", file=sys.stderr)
    sys.exit(1)
