"""What a board's identity means, in the host's words."""

from __future__ import annotations

from collections.abc import Mapping

from firmware_bridge.board import BoardIdentity, BoardStatus
from firmware_bridge.codes import CAPABILITY_BITS, FAULT_BITS, FLAG_BITS, INPUT_BITS, RESET_CAUSES
from firmware_bridge.compiled_in import CHANNELS, PROTOCOL_VERSION
from firmware_bridge.messages import Identity, State
from firmware_bridge.packing import Foreign


def describe(identity: Identity) -> BoardIdentity:
    """The identity as the rest of the program knows it."""
    return BoardIdentity(
        protocol=identity.protocol,
        firmware=f"{identity.version_major}.{identity.version_minor}.{identity.version_patch}",
        channels=identity.channels,
        boot_nonce=identity.boot_nonce,
        clock_hz=identity.clock_hz,
        reset_cause=_cause(identity),
        build_hash=identity.build_hash,
        slots=identity.slots,
        capabilities=bit_names(identity.capabilities, CAPABILITY_BITS),
    )


def bit_names(bits: int, names: Mapping[str, int]) -> frozenset[str]:
    """The names of the bits that are set."""
    return frozenset(name for name, bit in names.items() if bits & bit)


def status(state: State, tick: int) -> BoardStatus:
    """The state as the rest of the program knows it; `tick` is its tick, unwrapped."""
    return BoardStatus(
        tick=tick,
        outlets=frozenset(k for k in range(CHANNELS) if state.outlets >> k & 1),
        faults=bit_names(state.faults, FAULT_BITS),
        flags=bit_names(state.flags, FLAG_BITS),
        inputs=bit_names(state.inputs, INPUT_BITS),
        free_slots=state.free_slots,
        encoder_errors=state.encoder_errors,
        frame_errors=state.frame_errors,
        ticks_back=state.ticks_back,
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
