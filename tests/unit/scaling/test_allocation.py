"""How a resize is doing, and what it says when it cannot be done."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.nodetemplate import NodeClass
from millpond.api.reasons import AllocationState as State
from millpond.api.reasons import ResizeErrorCode as Code
from millpond.scaling.allocation import Allocation, AllocationFacts, is_of, judge_allocation, together

DONE: dict[str, Any] = {
    "target": 3,
    "staying": 3,
    "placed": 3,
    "leaving": 0,
    "began": 100.0,
    "timeout": 300.0,
    "timed_out": False,
    "stopped": False,
}
SHORT = {"placed": 2, "waits_for": "no host matches"}
QUOTA = SHORT | {"over_quota": "all used", "refusal": "all used"}
CASES: list[tuple[str, dict[str, Any], float, State, list[Code], float | None]] = [
    # story, facts, now, state, errors, when to look again
    ("all there", {}, 1000, State.STEADY, [], None),
    ("none wanted", {"target": 0, "staying": 0, "placed": 0}, 1000, State.STEADY, [], None),
    ("growing", SHORT, 399, State.RESIZING, [], 400.0),
    ("too late", SHORT, 400, State.STEADY, [Code.ALLOCATION_TIMED_OUT], None),
    ("was too late already", SHORT | {"timed_out": True}, 101, State.STEADY, [Code.ALLOCATION_TIMED_OUT], None),
    ("too late, and there at last", {"timed_out": True}, 1000, State.STEADY, [], None),
    ("Pods are refused", SHORT | {"refusal": "quota"}, 101, State.STEADY, [Code.ALLOCATION_FAILED], None),
    ("a quota", QUOTA, 101, State.STEADY, [Code.ACCOUNT_CORE_QUOTA_REACHED], None),
    ("Pods were refused, and all are there", {"refusal": "quota"}, 101, State.STEADY, [], None),
    ("draining", {"leaving": 1}, 1000, State.RESIZING, [], None),
    ("to be chosen", {"staying": 4, "placed": 4}, 1000, State.RESIZING, [], None),
    ("draining goes on after the timeout", SHORT | {"leaving": 1}, 9000, State.RESIZING, [], None),
    ("draining and growing", SHORT | {"leaving": 1}, 101, State.RESIZING, [], 400.0),
    ("stopping", {"leaving": 1, "stopped": True}, 101, State.STOPPING, [], None),
    ("stopped", {"stopped": True}, 101, State.STEADY, [Code.RESIZE_STOPPED], None),
    ("a host is lost after the stop", SHORT | {"stopped": True}, 101, State.RESIZING, [], 400.0),
    ("a node cannot be removed", {"not_removed": "a webhook"}, 101, State.STEADY, [Code.REMOVE_NODES_FAILED], None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "now", "state", "errors", "again"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_a_resize(facts: dict[str, Any], now: float, state: State, errors: list[Code], again: float | None) -> None:
    found = judge_allocation(AllocationFacts(**(DONE | facts)), now)
    assert (found.state, [error.code for error in found.errors], found.look_again) == (state, errors, again)


@pytest.mark.parametrize("facts", [SHORT, SHORT | {"refusal": "quota is used up"}, {"not_removed": "no"}])
def test_an_error_says_why_and_what_to_do(facts: dict[str, Any]) -> None:
    (error,) = judge_allocation(AllocationFacts(**(DONE | facts)), 1000).errors
    (reason,) = error.values
    assert reason.name == "Reason"
    assert reason.value in facts.values()
    assert ". " in error.message


LOW = {"node_class": NodeClass.LOW_PRIORITY}


def test_errors_are_those_of_a_class() -> None:
    low = judge_allocation(AllocationFacts(**(DONE | SHORT | LOW)), 1000)
    own = judge_allocation(AllocationFacts(**(DONE | SHORT)), 1000)
    found = together([own, low])
    assert [is_of(error, NodeClass.LOW_PRIORITY) for error in found.errors] == [False, True]
    assert found.errors[1].message.startswith("Desired number of low priority nodes could not be allocated")
    assert "targetLowPriorityNodes" in found.errors[1].message
    quota = judge_allocation(AllocationFacts(**(DONE | SHORT | LOW), over_quota="all used"), 101)
    assert [error.code for error in quota.errors] == [Code.ACCOUNT_LOW_PRIORITY_CORE_QUOTA_REACHED]


@pytest.mark.parametrize(
    ("one", "other", "state"),
    [
        (State.STEADY, State.STEADY, State.STEADY),
        (State.STEADY, State.RESIZING, State.RESIZING),
        (State.STOPPING, State.STEADY, State.STOPPING),
        (State.STOPPING, State.RESIZING, State.RESIZING),
    ],
)
def test_a_pool_is_as_busy_as_its_busiest_class(one: State, other: State, state: State) -> None:
    error = judge_allocation(AllocationFacts(**(DONE | SHORT)), 1000).errors
    for pair in ((one, other), (other, one)):
        found = together([Allocation(each, error if each is State.STEADY else (), 5.0) for each in pair])
        assert (found.state, bool(found.errors), found.look_again) == (state, state is State.STEADY, 5.0)
