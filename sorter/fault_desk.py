"""Which faults stand, and what follows from them."""

from __future__ import annotations

from collections.abc import Callable

from sorter.config import FaultsConfig, Policy
from sorter.line import Line
from sorter.record_writer import RecordSink

_POLICY_OF = {
    "camera_dark": "dark",
    "camera_exposure": "exposure",
    "camera_dirty": "dirty",
    "camera_focus": "focus",
    "bin_full": "bin_full",
    "item_jammed": "jammed",
}
"""Keys of the config's section by fault; the board has its own rules for the others."""
_ALWAYS_STOP = {"camera_stalled", "camera_unplugged", "camera_frozen", "camera_reopened"}

_DOUBTING = frozenset({"doubt", "stop"})
"""Policies by which what the camera sees rides."""


class FaultDesk:
    """Tells and records each fault, and carries out its policy on the line."""

    def __init__(
        self,
        config: FaultsConfig,
        *,
        line: Line,
        records: RecordSink | None,
        tell: Callable[[str], None],
    ) -> None:
        """Join the parts.

        Args:
            config: the policies.
            line: that is put in doubt, or held.
            records: where faults are written; None keeps none.
            tell: takes what the operator should read.
        """
        self._config = config
        self._line = line
        self._records = records
        self._tell = tell
        self._standing: dict[str, Policy] = {}

    @property
    def standing(self) -> list[str]:
        """Names of the faults that stand, oldest first."""
        return list(self._standing)

    def doubts(self, name: str) -> bool:
        """Whether a fault stands that puts in doubt what the camera sees, by its own policy."""
        return self._standing.get(name, "warn") in _DOUBTING

    def change(self, name: str, active: bool, sentence: str = "") -> None:
        """A fault was raised or cleared; one that does not change anything is no news.

        Args:
            name: as in the records.
            active: raised.
            sentence: what it is and what to do.
        """
        if active == (name in self._standing):
            return
        if active:
            self._standing[name] = self._policy(name)
        else:
            del self._standing[name]
        policies = set(self._standing.values())
        self._line.doubted = not policies.isdisjoint(_DOUBTING)
        self._line.held = "stop" in policies
        self._tell(self._told(name, active, sentence))
        if self._records is not None:
            self._records.fault(name, active, sentence)

    def _policy(self, name: str) -> Policy:
        if name in _ALWAYS_STOP:
            return "stop"
        policy: Policy = getattr(self._config, _POLICY_OF[name]) if name in _POLICY_OF else "warn"
        return policy

    def _told(self, name: str, active: bool, sentence: str) -> str:
        if not active:
            return f"fault {name} cleared"
        follows = {
            "warn": "",
            "doubt": "; items ride to the default outlet meanwhile",
            "stop": "; the belt stops",
        }[self._standing[name]]
        return f"fault {name} raised{': ' if sentence else ''}{sentence}{follows}"
