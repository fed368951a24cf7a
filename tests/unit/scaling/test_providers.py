"""What a provider is asked for: machines for nodes that have no host, and none of those whose host is empty."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from millpond.scaling.providers import Machine, Supply, plan_supply

A, B, C = Machine("a", "h1"), Machine("b", "h2"), Machine("c", "h3")
YOUNG, OLD = Machine("y"), Machine("o", marked=True)


def marked(machine: Machine) -> Machine:
    return Machine(machine.name, machine.host, marked=True)


@pytest.mark.parametrize(
    ("wanted", "kept", "machines", "expected"),
    [
        (0, [], [], Supply(0)),
        (3, [], [], Supply(3)),
        (3, ["h1"], [A], Supply(3)),
        (2, ["h1", "h2"], [A, B], Supply(2)),
        (1, ["h2"], [A, B], Supply(1, mark=("a",))),
        (1, ["h2"], [marked(A), B], Supply(1)),
        (1, ["h1"], [marked(C), B, A], Supply(1, mark=("b",))),
        (2, ["h1", "h2"], [A, B, YOUNG], Supply(2, mark=("y",))),
        (1, ["h2"], [A, B, YOUNG], Supply(1, mark=("a", "y"))),
        (0, [], [A, B], Supply(0, mark=("a", "b"))),
    ],
)
def test_growing_and_shrinking(wanted: int, kept: list[str], machines: list[Machine], expected: Supply) -> None:
    assert plan_supply(wanted, kept, machines) == expected


@pytest.mark.parametrize(
    ("wanted", "kept", "machines", "expected"),
    [
        pytest.param(2, ["h1", "h2"], [marked(A), B], Supply(2, unmark=("a",)), id="taken again before it went"),
        pytest.param(3, ["h1"], [A, marked(B)], Supply(3, unmark=("b",)), id="the pool grows again"),
        pytest.param(1, ["h1"], [A, Machine("b", "h2", going=True)], Supply(1), id="one is going already"),
        pytest.param(2, ["h1"], [A, Machine("b", "h2", going=True)], Supply(2), id="one more beside one that goes"),
        pytest.param(1, ["h1", "h2"], [A, B], Supply(2, short=1), id="others hold its host"),
        pytest.param(1, ["h9"], [YOUNG, A], Supply(1, mark=("a",)), id="the young one may be the host in use"),
        pytest.param(1, ["h8", "h9"], [YOUNG, OLD], Supply(2, unmark=("o",), short=1), id="both may be"),
    ],
)
def test_what_is_not_as_it_was(wanted: int, kept: list[str], machines: list[Machine], expected: Supply) -> None:
    assert plan_supply(wanted, kept, machines) == expected


HOSTS = [f"h{number}" for number in range(6)]
MACHINES = st.lists(
    st.builds(Machine, st.just(""), st.none() | st.sampled_from(HOSTS), st.booleans(), st.booleans()), max_size=6
).map(lambda drawn: [Machine(f"m{n}", m.host, m.marked, m.going) for n, m in enumerate(drawn)])


@given(st.integers(0, 8), st.sets(st.sampled_from(HOSTS)), MACHINES)
def test_no_host_in_use_is_given_up_and_it_comes_to_rest(wanted: int, kept: set[str], machines: list[Machine]) -> None:
    supply = plan_supply(wanted, kept, machines)
    by_name = {machine.name: machine for machine in machines}
    assert not {by_name[name].host for name in supply.mark} & kept
    assert supply.replicas >= wanted
    after = [
        Machine(m.name, m.host, (m.marked or m.name in supply.mark) and m.name not in supply.unmark, m.going)
        for m in machines
    ]
    assert plan_supply(wanted, kept, after) == Supply(supply.replicas, short=supply.short)
    staying = [m for m in after if not m.going]
    assert len(staying) - sum(m.marked for m in staying) <= supply.replicas
