"""When a waiting task starts: cases by hand, and what must hold for all."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from millpond.scheduling.estimate import LEAST_KNOWN, Estimate, Load, estimate

TENS = (10.0,) * 8
MIXED = (10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0)

CASES: dict[str, tuple[Load, tuple[float, float] | str]] = {
    "a slot is free": (Load(2, (3.0,), TENS), (0.0, 0.0)),
    "the one slot is free in a while": (Load(1, (4.0,), TENS), (6.0, 6.0)),
    "the first of two slots": (Load(2, (4.0, 9.0), TENS), (1.0, 1.0)),
    "two slots are wanted": (Load(2, (4.0, 9.0), TENS, wanted=2), (6.0, 6.0)),
    "one goes before": (Load(1, (4.0,), TENS, ahead=1), (16.0, 16.0)),
    "a hundred go before on ten slots": (Load(10, (0.0,) * 10, TENS, ahead=100), (110.0, 110.0)),
    "one may go before": (Load(1, (4.0,), TENS, in_turn=1), (6.0, 16.0)),
    "run times differ": (Load(1, (0.0,), MIXED), (30.0, 70.0)),
    "it has run for long: as long as the longest": (Load(1, (60.0,), MIXED), (0.0, 20.0)),
    "it has run longer than any": (Load(1, (100.0,), MIXED), (0.0, 70.0)),
    "little is known": (Load(1, (0.0,), TENS[: LEAST_KNOWN - 1]), "only 4 of the pool's tasks"),
    "no node": (Load(0, (), TENS), "no node takes tasks"),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case: str) -> None:
    load, expected = CASES[case]
    found = estimate(load)
    if isinstance(expected, str):
        assert (found.earliest, found.latest) == (None, None)
        assert expected in found.unknown
    else:
        assert found == Estimate(*expected)


times = st.floats(0, 1000, allow_nan=False)


@st.composite
def loads(draw: st.DrawFn) -> Load:
    ages = tuple(draw(st.lists(times, max_size=6)))
    return Load(
        slots=len(ages) + draw(st.integers(0, 4)) or 1,
        ages=ages,
        run_times=tuple(draw(st.lists(times, min_size=LEAST_KNOWN, max_size=20))),
        wanted=draw(st.integers(1, 4)),
        ahead=draw(st.integers(0, 30)),
        in_turn=draw(st.integers(0, 30)),
    )


def range_of(load: Load) -> tuple[float, float]:
    found = estimate(load)
    assert found.earliest is not None
    assert found.latest is not None
    return found.earliest, found.latest


@given(loads(), st.integers(1, 5))
def test_more_slots_never_later_and_more_before_it_never_earlier(load: Load, more: int) -> None:
    earliest, latest = range_of(load)
    assert 0 <= earliest <= latest
    sooner = range_of(msgspec.structs.replace(load, slots=load.slots + more))
    assert (sooner[0] <= earliest, sooner[1] <= latest) == (True, True)
    for change in ({"ahead": load.ahead + more}, {"in_turn": load.in_turn + more}, {"wanted": load.wanted + more}):
        later = range_of(msgspec.structs.replace(load, **change))
        assert (later[0] >= earliest, later[1] >= latest) == (True, True)
