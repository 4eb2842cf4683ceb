"""Reading `sorter.yaml`, with errors that name the line."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from sorter.config import Keys, MisfitError, SorterConfig
from sorter.config_allowed import allowed_at, keys_at
from sorter.errors import SorterError
from sorter.stream_address import shown_address

MAX_BYTES = 256 * 1024
MAX_VALUES = 10_000
"""Aliases count each time they are used: it bounds what a few lines can unfold to."""
MAX_DEPTH = 16

MERGE_TAG = "tag:yaml.org,2002:merge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong in a config file."""

    file: Path
    line: int | None
    """From 1; None when it is the file as a whole."""
    key: str
    """As in `camera.fps` or `outlets[0].grades`; empty when no key is concerned."""
    sentence: str

    def __str__(self) -> str:
        where = str(self.file) if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (where, self.key, self.sentence) if part)


class ConfigError(SorterError):
    """The config cannot be used; the message has one line for each problem."""

    def __init__(self, problems: list[Problem]) -> None:
        """Sort the problems by line."""
        self.problems = sorted(problems, key=lambda problem: problem.line or 0)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFile:
    """A valid config and where its values stand."""

    path: Path
    config: SorterConfig
    lines: dict[Keys, int]
    """Line of each key or list entry that is written in the file."""

    def problem(self, keys: Keys, sentence: str) -> Problem:
        """A problem found later, for instance against the model, at the line of `keys`."""
        return _problem(self.path, self.lines, keys, sentence)


def load_config(path: Path) -> SorterConfig:
    """Read and validate a config file.

    Raises:
        ConfigError: it is missing, not YAML, or not valid; all problems at once.
    """
    return read_config(path).config


def read_config(path: Path) -> ConfigFile:
    """Read and validate a config file, and remember where its values stand.

    Raises:
        ConfigError: it is missing, not YAML, or not valid; all problems at once.
    """
    tree = _Tree(path)
    values = tree.load(_text(path))
    problems = list(tree.problems)
    try:
        config = SorterConfig.model_validate(values)
    except ValidationError as error:
        for found in error.errors(include_url=False):
            problems += [
                _problem(path, tree.lines, keys, sentence) for keys, sentence in _explain(found)
            ]
    if problems:
        raise ConfigError(problems)
    return ConfigFile(path=path, config=config, lines=tree.lines)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise _whole(path, "there is no such file; give one with --config") from error
    except OSError as error:
        why = error.strerror or "unreadable"
        raise _whole(path, f"cannot be read ({why}); give a file with --config") from error
    if len(data) > MAX_BYTES:
        raise _whole(path, f"larger than {MAX_BYTES // 1024} KiB; this is no sorter.yaml")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _whole(path, "not UTF-8 text; save the file as UTF-8", line) from error


def _whole(path: Path, sentence: str, line: int | None = None) -> ConfigError:
    return ConfigError([Problem(file=path, line=line, key="", sentence=sentence)])


class _Tree:
    """Turns the YAML nodes into plain values and notes the line of each."""

    def __init__(self, path: Path) -> None:
        self.lines: dict[Keys, int] = {}
        self.problems: list[Problem] = []
        self._path = path
        self._values = 0

    def load(self, text: str) -> Any:
        """The values of a YAML document, from safe scalars, lists and mappings alone."""
        try:
            self._loader = yaml.SafeLoader(text)
            root = self._loader.get_single_node()
            if root is None:
                raise _whole(self._path, "is empty; it needs at least outlets: [...]")
            return self._value(root, ())
        except RecursionError as error:
            raise _whole(self._path, "nested too deeply; this is no sorter.yaml") from error
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else None
            raise _whole(self._path, f"not valid YAML: {error.problem}", line) from error
        except yaml.YAMLError as error:
            sentence = f"not valid YAML: {str(error).splitlines()[0]}"
            raise _whole(self._path, sentence) from error

    def _value(self, node: yaml.Node, keys: Keys) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(keys, line)
        self._values += 1
        if self._values > MAX_VALUES or len(keys) > MAX_DEPTH:
            raise _whole(self._path, "too large or nested too deeply for a sorter.yaml", line)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, keys)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(child, (*keys, k)) for k, child in enumerate(node.value)]
        try:
            return self._loader.construct_object(node)
        except ValueError as error:
            raise _whole(self._path, f"not valid YAML: {error}", line) from error

    def _mapping(self, node: yaml.MappingNode, keys: Keys) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == MERGE_TAG:
                raise _whole(self._path, "a key has to be plain text; write it out", line)
            key = str(key_node.value)
            here = (*keys, key)
            if key in values:
                sentence = f"is given twice (first on line {self.lines[here]}); remove one"
                self.problems.append(
                    Problem(file=self._path, line=line, key=_dotted(here), sentence=sentence)
                )
                continue
            self.lines[here] = line
            values[key] = self._value(value_node, here)
        return values


def _explain(found: Any) -> list[tuple[Keys, str]]:
    """Keys and sentence for each problem behind one pydantic error."""
    keys: Keys = found["loc"]
    kind: str = found["type"]
    if kind == "value_error":
        error = found["ctx"]["error"]
        if isinstance(error, MisfitError):
            return [((*keys, *more), sentence) for more, sentence in error.misfits]
        return [(keys, str(error))]
    if kind == "missing":
        return [(keys, f"is missing; allowed: {allowed_at(keys)}")]
    if kind == "extra_forbidden":
        names = keys_at(keys[:-1])
        near = difflib.get_close_matches(str(keys[-1]), names, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        return [
            (
                keys,
                f"unknown key (value {_shown(found['input'])}){hint}; "
                f"allowed here: {', '.join(names)}",
            )
        ]
    hint = ""
    if kind == "string_type" and not isinstance(found["input"], dict | list | None):
        hint = "; put it in quotes"
    return [(keys, f"found {_shown(found['input'])}; allowed: {allowed_at(keys)}{hint}")]


def _problem(path: Path, lines: dict[Keys, int], keys: Keys, sentence: str) -> Problem:
    written = keys
    while written and written not in lines:
        written = written[:-1]
    return Problem(file=path, line=lines.get(written), key=_dotted(keys), sentence=sentence)


def _dotted(keys: Keys) -> str:
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)
    return text.removeprefix(".")


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a section"
    if isinstance(value, str) and "://" in value:
        value = shown_address(value)
    elif "://" in str(value):
        return "something with an address in it"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
