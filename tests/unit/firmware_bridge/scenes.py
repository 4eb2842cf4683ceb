"""What may befall a board, in little scenes that lead where single steps seldom come."""

from hypothesis import strategies as st

from firmware_bridge.compiled_in import HORIZON_TICKS, SHOT_SLOTS
from firmware_bridge.messages import Heartbeat, MachineWrite, OutletWrite, Pulse
from firmware_bridge.plant import InputPin
from tests.contract.wire import belt_command, shot_command
from tests.unit.firmware_bridge.player import LAST_ITEM, Player, Step

items = st.integers(1, LAST_ITEM)
channels = st.integers(0, 3)


def machine(
    *,
    silence_ms: int = 500,
    encoder_dead_ms: int = 1_000,
    jam_ticks: int = 0,
    input_function: int = 0,
    auto_restart: int = 0,
) -> MachineWrite:
    return MachineWrite(
        silence_ms=silence_ms,
        encoder_dead_ms=encoder_dead_ms,
        jam_ticks=jam_ticks,
        beams=3,
        input_function=input_function,
        auto_restart=auto_restart,
    )


def outlet(
    channel: int, *, duty_percent: int = 25, max_on_ms: int = 300, min_cycle_ms: int = 20
) -> OutletWrite:
    return OutletWrite(
        channel=channel,
        kind=1,
        duty_percent=duty_percent,
        max_on_ms=max_on_ms,
        min_cycle_ms=min_cycle_ms,
        closed_us=0,
        open_us=0,
        delay_us=0,
    )


def shoot(player: Player, item: int, ahead: int, length: int, channel: int = 0) -> None:
    first = player.tick + ahead
    player.send(shot_command(item, first, first + length, channel=channel))


@st.composite
def shots_under_way(draw: st.DrawFn) -> Step:
    """The belt runs, some shots are open and some wait."""
    chosen = draw(st.lists(st.tuples(channels, st.integers(5, 60)), min_size=2, max_size=6))
    first_item = draw(st.integers(1, LAST_ITEM - 6))

    def step(player: Player) -> None:
        player.run()
        for number, (channel, ahead) in enumerate(chosen):
            shoot(player, first_item + number, ahead, 400, channel)
        player.turn(30, 300)

    return step


@st.composite
def after(draw: st.DrawFn, settings: MachineWrite | None, then: st.SearchStrategy[Step]) -> Step:
    """With these settings shots are under way, and then something comes."""
    under_way, befalls = draw(shots_under_way()), draw(then)

    def step(player: Player) -> None:
        player.stand()
        if settings is not None:
            player.send(settings)
        under_way(player)
        befalls(player)

    return step


def waiting(*durations_ms: int) -> st.SearchStrategy[Step]:
    return st.sampled_from(durations_ms).map(lambda ms: lambda player: player.wait(ms * 1_000))


def living(*durations_ms: int) -> st.SearchStrategy[Step]:
    return st.sampled_from(durations_ms).map(lambda ms: lambda player: player.live(ms * 1_000))


def turning(*ticks: int, tick_us: int = 300) -> st.SearchStrategy[Step]:
    return st.sampled_from(ticks).map(lambda count: lambda player: player.turn(count, tick_us))


@st.composite
def pressing(draw: st.DrawFn, pin: InputPin, ticks: int = 0) -> Step:
    """An input goes high, for a while, and low again or not."""
    wait_us = draw(st.sampled_from((300, 25_000, 25_000, 60_000)))
    released = draw(st.booleans())

    def step(player: Player) -> None:
        player.drive(pin, True)
        player.turn(ticks, 300)
        player.wait(wait_us)
        if released:
            player.drive(pin, False)
        player.turn(20, 300)
        player.send(belt_command("run"))

    return step


@st.composite
def pulses_in_a_row(draw: st.DrawFn) -> Step:
    channel = draw(channels)
    settings = outlet(
        channel,
        duty_percent=draw(st.sampled_from((5, 15))),
        max_on_ms=draw(st.sampled_from((100, 200))),
        min_cycle_ms=draw(st.sampled_from((20, 70))),
    )
    duration_ms, rest_ms = draw(st.sampled_from((20, 50))), draw(st.sampled_from((1, 30)))

    def step(player: Player) -> None:
        player.stand()
        player.send(settings)
        for number in range(10):
            player.send(
                Pulse(
                    boot_nonce=1,
                    session=1,
                    pulse_id=1_000 + number,
                    channel=channel,
                    duration_ms=duration_ms,
                )
            )
            player.live((duration_ms + rest_ms) * 1_000)
        player.run()
        shoot(player, LAST_ITEM, 10, 400, channel)
        player.turn(60, 2_000)
        player.send(Heartbeat())

    return step


@st.composite
def windows_in_a_row(draw: st.DrawFn) -> Step:
    """Of one outlet, close together or overlapping, on a belt of some speed."""
    channel = draw(channels)
    settings = outlet(
        channel,
        max_on_ms=draw(st.sampled_from((10, 300))),
        min_cycle_ms=draw(st.sampled_from((20, 40, 200))),
    )
    windows = draw(
        st.lists(st.tuples(st.integers(1, 30), st.integers(1, 25)), min_size=3, max_size=8)
    )
    tick_us = draw(st.sampled_from((200, 1_000, 3_000)))

    def step(player: Player) -> None:
        player.stand()
        player.send(settings)
        player.run()
        ahead = 5
        for number, (gap, length) in enumerate(windows):
            ahead += gap
            shoot(player, number + 1, ahead, length, channel)
        player.turn(ahead + 30, tick_us)

    return step


@st.composite
def windows_too_long(draw: st.DrawFn) -> Step:
    """For a rested outlet's on-time; the later ones meet its share of time."""
    channel, max_on_ms = draw(channels), draw(st.sampled_from((11, 15, 19, 27)))
    offset_us = draw(st.integers(0, 4_000))

    def step(player: Player) -> None:
        player.stand()
        player.send(outlet(channel, max_on_ms=max_on_ms))
        player.run()
        for number in range(4):
            player.wait(offset_us)
            shoot(player, number + 1, 5, 60, channel)
            player.turn(80, 1_000)
            player.send(Heartbeat())

    return step


@st.composite
def too_many(draw: st.DrawFn) -> Step:
    count = draw(st.integers(SHOT_SLOTS + 1, SHOT_SLOTS + 3))

    def step(player: Player) -> None:
        player.stand()
        player.run()
        for number in range(count):
            shoot(player, number + 1, 100 + 3 * number, 2, number % 4)
        player.turn(180, 200)

    return step


@st.composite
def too_far(draw: st.DrawFn) -> Step:
    item, beyond = draw(items), draw(st.integers(-1, 1))

    def step(player: Player) -> None:
        player.stand()
        player.run()
        shoot(player, item, HORIZON_TICKS + 1 + beyond, 5)
        shoot(player, item % LAST_ITEM + 1, 10, HORIZON_TICKS + 1 + beyond)

    return step


@st.composite
def restart(draw: st.DrawFn) -> Step:
    """By itself, or not, or called off."""
    settings = machine(silence_ms=200, auto_restart=draw(st.sampled_from((0, 1, 1, 1))))
    stopped = draw(st.sampled_from((False, False, True)))
    under_way = draw(shots_under_way())

    def step(player: Player) -> None:
        player.stand()
        player.send(settings)
        under_way(player)
        player.wait(250_000)
        player.send(Heartbeat())
        player.send(belt_command("run"))
        player.live(1_000_000)
        if stopped:
            player.send(belt_command("stop"))
        player.live(1_100_000)

    return step


SCENES: dict[str, st.SearchStrategy[Step]] = {
    "cancelled encoder": after(machine(encoder_dead_ms=60), living(40, 70, 90)),
    "cancelled silence": after(machine(silence_ms=60), waiting(30, 61, 80)),
    "cancelled estop": after(None, pressing(InputPin.ESTOP)),
    "cancelled cover": after(machine(input_function=3), pressing(InputPin.AUX)),
    "cancelled jam": after(machine(input_function=1), pressing(InputPin.AUX)),
    "cancelled reverse": after(None, turning(-1, -3, -40)),
    "fault bin_full": after(machine(input_function=2), pressing(InputPin.AUX)),
    "fault jam": after(machine(jam_ticks=12), pressing(InputPin.PASSED_BEAM, 15)),
    "fault encoder_storm": after(None, turning(20, 60, 200, tick_us=10)),
    "refused duty": pulses_in_a_row(),
    "refused min_cycle": windows_in_a_row(),
    "fired on_time": windows_too_long(),
    "shot answered full": too_many(),
    "shot answered horizon": too_far(),
    "fault silence": restart(),
}
"""By what each is to lead to, if not in every case."""
any_scene = st.one_of(list(SCENES.values()))
