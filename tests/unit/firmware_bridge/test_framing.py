from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.compiled_in import MAX_PAYLOAD
from firmware_bridge.framing import MAX_ENCODED, Deframer, Frame, encode, encode_frame
from firmware_bridge.messages import Heartbeat, Message
from firmware_bridge.packing import pack
from tests.unit.firmware_bridge.strategies import any_message, sequence_number

payloads = st.binary(max_size=MAX_PAYLOAD)
byte = st.integers(0, 255)


@given(byte, sequence_number, payloads)
def test_a_frame_comes_back_from_its_bytes(kind: int, seq: int, payload: bytes) -> None:
    wire = encode_frame(kind, seq, payload)
    assert Deframer().feed(wire) == [Frame(kind=kind, seq=seq, payload=payload, size=len(wire))]


@given(byte, sequence_number, payloads)
def test_the_delimiter_stands_only_at_the_end(kind: int, seq: int, payload: bytes) -> None:
    wire = encode_frame(kind, seq, payload)
    assert wire.index(0) == len(wire) - 1
    assert len(wire) <= MAX_ENCODED + 1


@given(st.lists(st.tuples(any_message, sequence_number), max_size=8), st.integers(1, 7))
def test_frames_come_back_however_the_bytes_are_cut(
    sent: list[tuple[Message, int]], piece: int
) -> None:
    stream = b"".join(encode(message, seq) for message, seq in sent)
    deframer = Deframer()
    frames = [
        frame
        for start in range(0, len(stream), piece)
        for frame in deframer.feed(stream[start : start + piece])
    ]
    assert [(f.kind, f.seq, f.payload) for f in frames] == [
        (message.TYPE, seq, pack(message)) for message, seq in sent
    ]
    assert deframer.errors == 0


@given(st.binary(max_size=300))
def test_after_any_garbage_and_a_delimiter_the_next_frame_comes_through(garbage: bytes) -> None:
    deframer = Deframer()
    deframer.feed(garbage + b"\0")
    assert [f.kind for f in deframer.feed(encode(Heartbeat(), 9))] == [Heartbeat.TYPE]


@given(any_message, sequence_number, st.data())
def test_one_flipped_bit_never_makes_another_message(
    message: Message, seq: int, data: st.DataObject
) -> None:
    wire = bytearray(encode(message, seq))
    position = data.draw(st.integers(0, len(wire) - 1))
    wire[position] ^= 1 << data.draw(st.integers(0, 7))
    deframer = Deframer()
    deframer.feed(bytes(wire))
    assert deframer.feed(b"\0") == []


@given(any_message, st.data())
def test_a_lost_byte_never_makes_another_message(message: Message, data: st.DataObject) -> None:
    wire = encode(message, 1)
    lost = data.draw(st.integers(0, len(wire) - 2))
    # CRC-16 misses one in 65 536 at random; whatever passes must be what was sent.
    frames = Deframer().feed(wire[:lost] + wire[lost + 1 :])
    assert all(f.payload == pack(message) for f in frames)


def test_what_is_no_frame_is_counted() -> None:
    deframer = Deframer()
    assert deframer.feed(b"\0\0") == []
    assert deframer.errors == 0
    deframer.feed(b"abc\0")
    deframer.feed(b"x" * 1_000_000 + b"\0")
    assert deframer.errors == 2
