"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_CONFIG = Path("/etc/sorter/sorter.yaml")

Config = Annotated[Path, typer.Option(help="The config file.")]
