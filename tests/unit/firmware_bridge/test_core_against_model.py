"""The C core against the Python one: the same machine and host, byte for byte and edge for edge."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from firmware_bridge.compiled_in import PROTOCOL_VERSION
from firmware_bridge.messages import (
    Cancel,
    EstopClear,
    EventAck,
    Flush,
    Heartbeat,
    Hello,
    MachineWrite,
    Message,
    OutletWrite,
    Pulse,
    Query,
    ReportAck,
    SettingsRead,
)
from firmware_bridge.plant import InputPin
from firmware_bridge.virtual_firmware import VirtualFirmware
from tests.contract.wire import belt_command, shot_command
from tests.unit.firmware_bridge.native_firmware import NativeFirmware
from tests.unit.firmware_bridge.player import Player, Step
from tests.unit.firmware_bridge.scenes import SCENES, any_scene, items
from tests.unit.firmware_bridge.strategies import any_message

nonces = st.sampled_from((*[1] * 15, 2))


@st.composite
def shots(draw: st.DrawFn) -> Step:
    item, channel = draw(items), draw(st.sampled_from((0, 1, 2, 3, 0, 1, 2, 7, 8)))
    mates = tuple(draw(st.lists(items, max_size=3)))
    ahead, length = draw(st.integers(-1, 40)), draw(st.integers(0, 30))
    boot_nonce, session = draw(nonces), draw(nonces)

    def step(player: Player) -> None:
        first = player.tick + ahead
        player.send(
            shot_command(
                item,
                first,
                first + length,
                channel=channel,
                mates=mates,
                boot_nonce=boot_nonce,
                session=session,
            )
        )

    return step


@st.composite
def drives(draw: st.DrawFn) -> Step:
    """A heartbeat, some shots ahead of the belt, and the belt that meets them."""
    firsts = draw(st.lists(shots(), min_size=1, max_size=4))
    tick_us = draw(st.sampled_from((200, 1_000, 3_000)))
    ticks = draw(st.sampled_from((10, 40, 90)))

    def step(player: Player) -> None:
        player.send(Heartbeat())
        for shot in firsts:
            shot(player)
        player.turn(ticks, tick_us)

    return step


def standing(messages: st.SearchStrategy[Message]) -> st.SearchStrategy[Step]:
    """With the belt stopped and no shot on the board, as far as the board lets the host."""

    def step(message: Message) -> Step:
        def play(player: Player) -> None:
            player.stand()
            player.send(message)

        return play

    return messages.map(step)


def sending(messages: st.SearchStrategy[Message]) -> st.SearchStrategy[Step]:
    return messages.map(lambda message: lambda player: player.send(message))


belts = st.builds(
    belt_command,
    st.sampled_from(("stop", "run", "run_by_operator", "run_by_operator")),
    order_id=st.sampled_from((0, 0, 0, 1, 3)),
    virtual_mticks_s=st.sampled_from((0, 0, 250_000)),
)
pulses = st.builds(
    Pulse,
    boot_nonce=st.just(1),
    session=st.just(1),
    pulse_id=st.integers(0, 9),
    channel=st.sampled_from((0, 0, 1, 8)),
    duration_ms=st.sampled_from((0, 1, 30, 1_500, 2_001)),
)
outlets = st.builds(
    OutletWrite,
    channel=st.sampled_from((0, 0, 1, 2, 8)),
    kind=st.integers(0, 4),
    duty_percent=st.sampled_from((0, 5, 5, 25, 25, 80, 81)),
    max_on_ms=st.sampled_from((0, 10, 10, 300, 1_000, 2_000, 2_001)),
    min_cycle_ms=st.sampled_from((0, 5, 20, 40, 40, 200)),
    closed_us=st.sampled_from((0, 500, 1_000, 1_000)),
    open_us=st.sampled_from((1_500, 1_500, 2_500, 2_501)),
    delay_us=st.integers(0, 65_535),
)
machines = st.builds(
    MachineWrite,
    silence_ms=st.sampled_from((49, 200, 500, 500, 500, 500, 501)),
    encoder_dead_ms=st.sampled_from((50, 300, 300, 1_000, 1_000, 1_001)),
    jam_ticks=st.sampled_from((0, 5, 40)),
    beams=st.sampled_from((3, 3, 3, 3, 1, 4)),
    input_function=st.sampled_from((0, 1, 2, 3, 3, 4)),
    auto_restart=st.sampled_from((0, 1, 1, 2)),
)
simple = st.sampled_from((Heartbeat(), Query(), Flush())) | st.one_of(
    st.builds(ReportAck, item_id=items),
    st.builds(Cancel, item_id=items),
    st.builds(EventAck, number=st.integers(0, 12)),
    st.builds(EstopClear, boot_nonce=st.just(1), session=st.just(1), step=st.integers(0, 3)),
    st.builds(SettingsRead, part=st.integers(0, 9)),
    st.builds(
        Hello, protocol=st.sampled_from((PROTOCOL_VERSION, 9)), session=st.sampled_from((0, 1, 1))
    ),
)
turns = st.builds(
    lambda ticks, tick_us: lambda player: player.turn(ticks, tick_us),
    st.sampled_from((1, 5, 20, 20, 60, -1, -3)),
    st.sampled_from((100, 300, 1_100)),
)
waits = st.sampled_from((700, 5_000, 30_000, 120_000, 600_000, 2_500_000)).map(
    lambda duration_us: lambda player: player.wait(duration_us)
)
pins = st.builds(
    lambda pin, level: lambda player: player.drive(pin, level),
    st.sampled_from(
        (
            InputPin.ESTOP,
            InputPin.BUTTON,
            InputPin.AUX,
            InputPin.ENTRY_BEAM,
            InputPin.PASSED_BEAM,
            InputPin.ENCODER_A,
        )
    ),
    st.booleans(),
)
garbage = st.binary(max_size=60).map(lambda data: lambda player: player.firmware.send(data))
alive: st.SearchStrategy[Step] = st.just(lambda player: player.send(Heartbeat()))
any_step = st.one_of(
    drives(),
    drives(),
    shots(),
    turns,
    alive,
    alive,
    sending(simple),
    sending(belts),
    sending(belts),
    standing(pulses),
    standing(outlets),
    standing(machines),
    sending(st.one_of(pulses, outlets, machines)),
    sending(any_message),
    waits,
    pins,
    garbage,
)
steps = st.lists(st.one_of(any_step, any_scene, any_scene), min_size=10, max_size=20)
starts = st.sampled_from((0, 2**31 - 30, 2**32 - 30))


@given(start=starts, steps=steps)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # an example takes too long to shrink
)
def test_the_c_core_does_what_the_python_core_does(
    core_library: Path, start: int, steps: list[Step]
) -> None:
    python = Player(VirtualFirmware(start_tick=start), start)
    native = Player(NativeFirmware(core_library, start_tick=start), start)
    for step in steps:
        step(python)
        step(native)
        assert native.frames == python.frames
        assert native.edges == python.edges
    for seen in python.seen:
        event(seen)


@pytest.mark.parametrize("aim", SCENES)
def test_each_scene_leads_where_it_should(aim: str) -> None:
    """Or the cores would be compared over a board that nothing ever befalls."""
    reached: Counter[str] = Counter()

    @given(scene=SCENES[aim])
    @settings(max_examples=12, deadline=None, derandomize=True, phases=[Phase.generate])
    def play(scene: Step) -> None:
        player = Player(VirtualFirmware(), 0)
        scene(player)
        player.send(Query())
        player.wait(60_000)
        reached.update(set(player.seen))

    play()
    assert reached[aim] >= 3, reached
