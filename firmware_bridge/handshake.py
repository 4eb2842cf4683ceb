"""What a board's identity means, in the host's words."""

from __future__ import annotations

from firmware_bridge.board import BoardIdentity
from firmware_bridge.messages import PROTOCOL_VERSION, RESET_CAUSES, Foreign, Identity


def describe(identity: Identity) -> BoardIdentity:
    """The identity as the rest of the program knows it."""
    return BoardIdentity(
        protocol=identity.protocol,
        firmware=f"{identity.version_major}.{identity.version_minor}.{identity.version_patch}",
        channels=identity.channels,
        boot_nonce=identity.boot_nonce,
        clock_hz=identity.clock_hz,
        reset_cause=_cause(identity),
    )


def foreign_board(name: str, foreign: Foreign) -> str:
    """The sentence on a board of another protocol version."""
    return (
        f"{name} speaks protocol version {foreign.protocol} and this program version "
        f"{PROTOCOL_VERSION}; flash the firmware that belongs to this program"
    )


def reset_board(name: str, identity: Identity) -> str:
    """The sentence on a board that was reset."""
    return f"{name} was reset (cause: {_cause(identity).replace('_', ' ')})"


def _cause(identity: Identity) -> str:
    known = identity.reset_cause < len(RESET_CAUSES)
    return RESET_CAUSES[identity.reset_cause] if known else "unknown"
