from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.wrapping import ahead, fold, unfold

counts = st.integers(-(2**40), 2**40)
steps = st.integers(-(2**31) + 1, 2**31 - 1)


@given(counts, steps)
def test_distances_are_right_across_the_wrap(count: int, step: int) -> None:
    assert ahead(fold(count + step), fold(count)) == step


@given(counts, steps)
def test_a_folded_count_unfolds_beside_its_neighbour(near: int, step: int) -> None:
    assert unfold(fold(near + step), near) == near + step
