"""Messages drawn field by field from the one description of their layouts."""

from dataclasses import fields

from hypothesis import strategies as st

from firmware_bridge.compiled_in import PROTOCOL_VERSION
from firmware_bridge.messages import BOARD_MESSAGES, HOST_MESSAGES, Message
from firmware_bridge.packing import wire_fields

_BITS = {"B": 8, "H": 16, "I": 32}


def messages_of(kind: type[Message]) -> st.SearchStrategy[Message]:
    numbers = {
        name: st.just(PROTOCOL_VERSION)
        if name == "protocol"
        else st.integers(0, 2 ** _BITS[wire.code] - 1)
        for name, wire in wire_fields(kind)
    }
    assert list(numbers) == [field.name for field in fields(kind)]
    return st.builds(kind, **numbers)


any_message = st.one_of([messages_of(kind) for kind in (*HOST_MESSAGES, *BOARD_MESSAGES)])
sequence_number = st.integers(0, 255)
