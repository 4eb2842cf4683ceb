"""What `sorter.yaml` allows at each key, in words, from the one JSON schema."""

from __future__ import annotations

from functools import cache
from typing import Any

from sorter.config import Keys, SorterConfig

_WORDS = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}


@cache
def schema() -> dict[str, Any]:
    """The JSON schema of the whole file, as editors read it."""
    return SorterConfig.model_json_schema()


def keys_at(keys: Keys) -> list[str]:
    """The keys that a section may have; none where there is no section."""
    return list(_node(keys).get("properties", {}))


def allowed_at(keys: Keys) -> str:
    """What may stand at a key, as the end of a sentence."""
    return _words(_unresolved(keys))


def _node(keys: Keys) -> dict[str, Any]:
    return _resolved(_unresolved(keys))


def _unresolved(keys: Keys) -> dict[str, Any]:
    node = schema()
    for key in keys:
        node = _resolved(node)
        node = node.get("items", {}) if isinstance(key, int) else node["properties"].get(key, {})
    return node


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    """The node itself; of several forms the last, which is the one with keys."""
    while "anyOf" in node or "$ref" in node:
        node = _choices(node)[-1]
    return node


def _choices(node: dict[str, Any]) -> list[dict[str, Any]]:
    if "$ref" in node:
        return [schema()["$defs"][node["$ref"].rpartition("/")[2]]]
    return [choice for choice in node["anyOf"] if choice.get("type") != "null"]


def _words(node: dict[str, Any]) -> str:
    while "anyOf" in node or "$ref" in node:
        choices = _choices(node)
        if len(choices) > 1:
            return " or ".join(map(_words, choices))
        (node,) = choices
    if "enum" in node:
        return "one of " + ", ".join(str(value) for value in node["enum"])
    kind = node.get("type", "")
    if kind in ("integer", "number"):
        return _WORDS[kind] + _range(node)
    if kind == "string":
        if node.get("maxLength"):
            return f"text of {node.get('minLength', 0)} to {node['maxLength']} characters"
        return "a path" if node.get("format") == "path" else "text"
    if kind == "array":
        least = f"at least {node['minItems']} of " if node.get("minItems") else ""
        return f"a list [...] of {least}{_words(node['items'])}"
    if kind == "object":
        return "a section with the keys " + ", ".join(node["properties"])
    return _WORDS.get(kind, "something else")


def _range(node: dict[str, Any]) -> str:
    low, above, high = (node.get(k) for k in ("minimum", "exclusiveMinimum", "maximum"))
    lower = f"above {above:g}" if above is not None else f"from {low:g}" if low is not None else ""
    if lower and high is not None:
        return f" {lower} to {high:.10g}" if low is not None else f" {lower} and up to {high:.10g}"
    return f" {lower}" if lower else ""
