"""How a command of either program ends when it cannot do its work."""

from __future__ import annotations

import sys
from typing import Any, Protocol

import typer

from firmware_bridge.board import BoardError
from sorter.errors import SorterError

_UsageError: Any = typer.BadParameter.__mro__[1]
"""Newer versions of Typer bring their own copy of Click, so it cannot be imported by its name."""


class App(Protocol):
    """A Typer application."""

    def __call__(self, *, prog_name: str, standalone_mode: bool) -> object:
        """Run the command that `sys.argv` asks for; returns its exit code if it set one."""


def run_app(name: str, app: App) -> None:
    """Run a program; a user's mistake ends in one sentence on stderr.

    The exit code is 2 where the command line itself cannot be understood, otherwise 1.

    Args:
        name: of the program, in front of the sentence.
        app: to run.
    """
    code = 1
    try:
        sys.exit(app(prog_name=name, standalone_mode=False) or 0)  # type: ignore[arg-type]
    except (SorterError, BoardError) as error:
        sentence = str(error)
    except _UsageError as error:
        if len(sys.argv) < 2:
            # No command at all: the help is the answer.
            error.show()
            sys.exit(2)
        code, sentence = 2, _usage(name, error)
    except typer.Abort:
        sentence = "nobody has agreed, so nothing was done"
    except OSError as error:
        # A full disk names no file.
        where = "" if error.filename is None else f"{error.filename}: "
        sentence = f"{where}{error.strerror or error}"
    print(f"{name}: {sentence}", file=sys.stderr)
    sys.exit(code)


def _usage(name: str, error: Any) -> str:
    command = name if error.ctx is None else error.ctx.command_path
    said = error.format_message().rstrip(".")
    return f"{said[:1].lower()}{said[1:]}; see: {command} --help"
