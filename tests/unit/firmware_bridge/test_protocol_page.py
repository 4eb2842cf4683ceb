"""The bytes in docs/protocol.md are the bytes on the wire."""

import re
from pathlib import Path

import pytest

from firmware_bridge import codes
from firmware_bridge.compiled_in import CEILINGS
from firmware_bridge.framing import encode
from firmware_bridge.messages import BOARD_MESSAGES, HOST_MESSAGES, Message
from firmware_bridge.packing import wire_fields
from firmware_bridge.plant import show_tick
from firmware_bridge.virtual_firmware import VirtualFirmware

PAGE = (Path(__file__).parents[3] / "docs" / "protocol.md").read_text(encoding="utf-8")
CLASSES = {m.__name__: m for m in (*HOST_MESSAGES, *BOARD_MESSAGES)}
ANSWER_US = 20_000


def block(name: str) -> list[str]:
    found = re.search(rf"```{name}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found.group(1).splitlines()


EXAMPLES = [(told.strip(), data) for told, data in zip(*[iter(block("frames"))] * 2, strict=True)]


def test_there_is_an_example_of_every_message() -> None:
    assert {told.split()[0] for told, _ in EXAMPLES} == set(CLASSES)


@pytest.mark.parametrize(("told", "data"), EXAMPLES)
def test_an_example_is_encoded_as_the_page_says(told: str, data: str) -> None:
    name, number, *pairs = told.split()
    fields = {key: int(value) for key, value in (pair.split("=") for pair in pairs)}
    assert encode(CLASSES[name](**fields), int(number[1:])) == bytes.fromhex(data)


def test_the_conversation_runs_as_the_page_says() -> None:
    board = VirtualFirmware()
    tick = 0
    heard: list[str] = []
    told: list[str] = []

    def listen() -> None:
        board.advance(board.now_us + ANSWER_US)
        heard.extend(frame.data.hex(" ") for frame in board.take())

    listen()
    for line in block("conversation"):
        mark, what = line[0], line[2:]
        if mark == "<":
            told.append(what)
        elif mark == ">":
            board.send(bytes.fromhex(what))
            listen()
        else:
            for _ in range(int(what.removeprefix("turn "))):
                tick += 1
                show_tick(board, tick)
                board.advance(board.now_us + 1_000)
            listen()
    assert heard == told


@pytest.mark.parametrize("message", CLASSES.values())
def test_the_tables_name_every_field_with_its_width(message: type[Message]) -> None:
    row = re.search(rf"^\| {message.TYPE:02x} \| `{message.__name__}` \| ([^|]*)", PAGE, re.M)
    assert row is not None
    fields = re.findall(r"(\w+) (u8|u16|u32)", row.group(1))
    widths = {"uint8_t": "u8", "uint16_t": "u16", "uint32_t": "u32"}
    assert fields == [(name, widths[wire.c_type]) for name, wire in wire_fields(message)]


def test_the_codes_on_the_page_are_those_of_the_layouts() -> None:
    text = " ".join(PAGE.split())
    for numbers in (codes.OUTCOME_CODES, codes.REASON_CODES):
        assert ", ".join(f"{code} {name.value}" for name, code in numbers.items()) in text
    causes = ", ".join(f"{code} {name}" for code, name in enumerate(codes.RESET_CAUSES))
    assert causes in text
    for bits in (codes.FAULT_BITS, codes.FLAG_BITS, codes.INPUT_BITS, codes.CAPABILITY_BITS):
        assert f": {', '.join(f'{bit:02x} {name}' for name, bit in bits.items())}" in text
    for names in (codes.BELT_ORDERS, codes.BEAMS, codes.OUTLET_KINDS, codes.INPUT_FUNCTIONS):
        assert f": {', '.join(f'{code} {name}' for code, name in enumerate(names))}" in text


def test_the_ceilings_on_the_page_are_those_that_are_compiled_in() -> None:
    rows = re.findall(r"^\| (\w+) \| (\d+) ms \| (\d+) % \| (\d+) ms \|$", PAGE, re.M)
    assert [(kind, *map(int, numbers)) for kind, *numbers in rows] == [
        (kind, ceiling.max_on_ms, ceiling.duty_percent, ceiling.min_cycle_ms)
        for kind, ceiling in CEILINGS.items()
    ]
