"""The firmware's decoder and encoder against the host's."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.compiled_in import MAX_PAYLOAD
from firmware_bridge.framing import Deframer, encode_frame
from tests.unit.firmware_bridge.native_framing import NativeFraming

byte = st.integers(0, 255)
payloads = st.binary(max_size=MAX_PAYLOAD)
frames = st.builds(encode_frame, byte, byte, payloads)


@given(kind=byte, seq=byte, payload=payloads)
def test_the_firmware_encodes_as_the_host_does(
    core_library: Path, kind: int, seq: int, payload: bytes
) -> None:
    assert NativeFraming(core_library).encode(kind, seq, payload) == encode_frame(
        kind, seq, payload
    )


@given(pieces=st.lists(st.one_of(frames, st.binary(max_size=80), st.just(b"\0")), max_size=10))
def test_the_firmware_finds_the_same_frames_in_any_bytes_as_the_host(
    core_library: Path, pieces: list[bytes]
) -> None:
    stream = b"".join(pieces)
    native, host = NativeFraming(core_library), Deframer()
    assert native.feed(stream) == [(f.kind, f.seq, f.payload) for f in host.feed(stream)]
    assert native.errors == host.errors
