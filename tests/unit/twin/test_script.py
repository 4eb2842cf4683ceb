"""Belt scripts as they are written."""

from __future__ import annotations

import pytest

from sorter.errors import SorterError
from sorter.twin.script import BeltScript, Reverse, Slip, Slow, Stop


def test_steps_are_read_in_order_of_time() -> None:
    assert BeltScript.parse("reverse@8:100, stop@3:2,slow@12:1.5,slip@20:5").steps == (
        Stop(at_s=3, for_s=2),
        Reverse(at_s=8, mm=100),
        Slow(at_s=12, for_s=1.5),
        Slip(at_s=20, mm=5),
    )


def test_no_text_is_no_step() -> None:
    assert BeltScript.parse("").steps == ()


@pytest.mark.parametrize("text", ["halt@3:2", "stop@3", "stop@:2", "stop@1.2.3:4", "stop 3 2"])
def test_what_is_no_step_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(SorterError, match=r"is no step of a belt script; write for example"):
        BeltScript.parse(text)


def test_the_operator_wants_no_belt_while_it_is_stopped() -> None:
    script = BeltScript.parse("stop@3:2")
    assert [script.wants_belt(at_s) for at_s in (2.9, 3.0, 4.9, 5.0)] == [True, False, False, True]


def test_after_an_emergency_stop_the_start_button_is_pressed_twice() -> None:
    script = BeltScript.parse("estop@3:2")
    assert [script.presses_estop(at_s) for at_s in (2.9, 3.0, 4.9, 5.0)] == [
        False,
        True,
        True,
        False,
    ]
    times = (4.0, 5.4, 5.6, 5.8, 6.1, 6.3)
    assert [script.presses_start(at_s) for at_s in times] == [
        False,
        False,
        True,
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(
    "text",
    ["stop@3:5,slow@4:2", "estop@3:2,stop@6:1", "reverse@3:100,slow@4:1", "slip@3:60,stop@3.5:1"],
)
def test_a_step_that_begins_before_another_is_over_is_refused(text: str) -> None:
    with pytest.raises(SorterError, match=r"begins before \w+@3 is over at .* let one step end"):
        BeltScript.parse(text).check(300.0)


def test_a_step_may_begin_when_another_ends() -> None:
    BeltScript.parse("stop@3:2,reverse@5:100,slow@7:2,slip@9:5,estop@9.2:2").check(300.0)


def test_the_belt_is_held_until_the_start_button_was_pressed_twice() -> None:
    script = BeltScript.parse("stop@1:1,estop@3:6")
    times = (0.9, 1.5, 2.1, 3.0, 8.9, 9.5, 10.1, 10.3)
    assert [script.holds_belt(at_s) for at_s in times] == [
        *(False, True, False),
        *(True, True, True, True, False),
    ]


def test_a_step_that_a_run_is_too_short_for_is_named() -> None:
    script = BeltScript.parse("stop@2:1,reverse@100:60")
    script.check_begun(101.0)
    with pytest.raises(SorterError, match=r"reverse@100 never came, .* over after 7\.5 s"):
        script.check_begun(7.5)
