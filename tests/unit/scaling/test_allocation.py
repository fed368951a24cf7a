"""How a resize is doing, and what it says when it cannot be done."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.reasons import AllocationState as State
from millpond.api.reasons import ResizeErrorCode as Code
from millpond.scaling.allocation import AllocationFacts, judge_allocation

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
CASES: list[tuple[str, dict[str, Any], float, State, list[Code], float | None]] = [
    # story, facts, now, state, errors, when to look again
    ("all there", {}, 1000, State.STEADY, [], None),
    ("none wanted", {"target": 0, "staying": 0, "placed": 0}, 1000, State.STEADY, [], None),
    ("growing", SHORT, 399, State.RESIZING, [], 400.0),
    ("too late", SHORT, 400, State.STEADY, [Code.ALLOCATION_TIMED_OUT], None),
    ("was too late already", SHORT | {"timed_out": True}, 101, State.STEADY, [Code.ALLOCATION_TIMED_OUT], None),
    ("too late, and there at last", {"timed_out": True}, 1000, State.STEADY, [], None),
    ("Pods are refused", SHORT | {"refusal": "quota"}, 101, State.STEADY, [Code.ALLOCATION_FAILED], None),
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
