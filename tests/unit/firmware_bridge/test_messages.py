import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.board import Outcome, Reason
from firmware_bridge.codes import OUTCOME_CODES, REASON_CODES
from firmware_bridge.compiled_in import MAX_PAYLOAD, PROTOCOL_VERSION
from firmware_bridge.generate_header import HEADER_PATH, render
from firmware_bridge.messages import (
    BOARD_MESSAGES,
    HOST_MESSAGES,
    Heartbeat,
    Hello,
    Identity,
    Message,
    State,
)
from firmware_bridge.packing import Foreign, MessageError, pack, payload_size, unpack
from tests.unit.firmware_bridge.strategies import any_message


@given(any_message)
def test_a_message_comes_back_from_its_payload(message: Message) -> None:
    assert unpack(message.TYPE, pack(message)) == message


@given(st.integers(0, 255), st.binary(max_size=MAX_PAYLOAD))
def test_any_payload_is_a_message_or_a_clear_error(kind: int, payload: bytes) -> None:
    try:
        message = unpack(kind, payload)
    except MessageError:
        return
    if not isinstance(message, Foreign):
        assert pack(message) == payload


def test_fields_lie_little_endian_and_without_gaps() -> None:
    hello = Hello(protocol=PROTOCOL_VERSION, session=0x11223344)
    assert pack(hello) == bytes([PROTOCOL_VERSION, 0x44, 0x33, 0x22, 0x11])


def test_types_are_unique_and_tell_the_direction() -> None:
    assert len({m.TYPE for m in (*HOST_MESSAGES, *BOARD_MESSAGES)}) == 22
    assert all(m.TYPE < 0x80 for m in HOST_MESSAGES)
    assert all(m.TYPE >= 0x80 for m in BOARD_MESSAGES)


def test_every_payload_fits_a_frame() -> None:
    assert max(payload_size(m) for m in (*HOST_MESSAGES, *BOARD_MESSAGES)) <= MAX_PAYLOAD


@pytest.mark.parametrize("kind", [Hello.TYPE, Identity.TYPE])
def test_a_greeting_of_another_version_is_known_by_its_first_byte(kind: int) -> None:
    assert unpack(kind, b"\x07and more") == Foreign(kind=kind, protocol=7)


def test_a_wrong_length_is_named() -> None:
    with pytest.raises(MessageError, match="State of 3 bytes instead of 20"):
        unpack(State.TYPE, b"abc")
    with pytest.raises(MessageError, match="unknown message type 0x70"):
        unpack(0x70, b"")
    assert unpack(Heartbeat.TYPE, b"") == Heartbeat()


def test_every_outcome_and_reason_that_a_board_can_tell_has_a_code() -> None:
    of_the_link = {Reason.NOT_READY, Reason.RESET, Reason.LINK_LOST}
    of_the_dispatcher = {Reason.CROWDED, Reason.STOPPED, Reason.SLID, Reason.CAMERA}
    assert set(REASON_CODES) == set(Reason) - of_the_link - of_the_dispatcher
    assert set(OUTCOME_CODES) == set(Outcome) - {Outcome.UNKNOWN}


def test_the_c_header_is_the_one_that_the_layouts_generate() -> None:
    assert HEADER_PATH.read_text(encoding="utf-8") == render(), (
        "run: python -m firmware_bridge.generate_header"
    )
