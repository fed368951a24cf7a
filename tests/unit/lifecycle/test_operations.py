"""What users want of a node: which of it begins, when, and what it serves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from millpond.api.computenode import ComputeNodeSpec, NodeOperation, NodeServed
from millpond.api.computenode import DisableSchedulingOption as Disabling
from millpond.api.pool import NodeDeallocationOption as Option
from millpond.api.reasons import NodeState
from millpond.lifecycle.operations import (
    RESTARTABLE,
    next_operation,
    option_of,
    served_by,
    why_postponed,
    without_postponed,
)

ONE, TWO = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
REMOVE, DISABLE, REBOOT, REIMAGE = (
    NodeOperation.REMOVE,
    NodeOperation.DISABLE_SCHEDULING,
    NodeOperation.REBOOT,
    NodeOperation.REIMAGE,
)
IDLE, STARTING = NodeState.IDLE, NodeState.STARTING
DISABLED, RESTARTED, REIMAGED = {"schedulable": False}, {"restarted_at": ONE}, {"reimaged_at": ONE}
BOTH = {**RESTARTED, **REIMAGED}


def a_spec(**wanted: Any) -> ComputeNodeSpec:
    return ComputeNodeSpec(pool_name="farm", **wanted)


CASES: list[tuple[dict[str, Any], dict[str, Any], NodeOperation | None, NodeState, NodeOperation | None]] = [
    # wanted, served, under way, state, what begins
    ({}, {}, None, IDLE, None),
    (DISABLED, {}, None, IDLE, DISABLE),
    (DISABLED, {}, None, STARTING, DISABLE),
    (DISABLED, {}, DISABLE, NodeState.OFFLINE, None),
    (RESTARTED, {}, None, IDLE, REBOOT),
    (RESTARTED, RESTARTED, None, IDLE, None),
    ({"restarted_at": TWO}, RESTARTED, None, IDLE, REBOOT),
    ({"restarted_at": ONE}, {"restarted_at": TWO}, None, IDLE, REBOOT),
    ({}, RESTARTED, None, IDLE, None),
    (REIMAGED, RESTARTED, None, IDLE, REIMAGE),
    (BOTH, {}, None, IDLE, REIMAGE),
    (BOTH, REIMAGED, None, IDLE, REBOOT),
    (BOTH, {}, REBOOT, NodeState.REBOOTING, REIMAGE),
    (RESTARTED, {}, REBOOT, NodeState.REBOOTING, None),
    (BOTH, {}, REIMAGE, NodeState.REIMAGING, None),
    (BOTH, {}, REMOVE, NodeState.LEAVING_POOL, None),
    ({**DISABLED, **RESTARTED}, {}, DISABLE, NodeState.OFFLINE, REBOOT),
    ({**DISABLED, **RESTARTED}, {}, None, STARTING, DISABLE),
    ({**DISABLED, **RESTARTED}, {}, None, IDLE, REBOOT),
]


@pytest.mark.parametrize(("wanted", "served", "under_way", "state", "begins"), CASES)
def test_what_begins(
    wanted: dict[str, Any],
    served: dict[str, Any],
    under_way: NodeOperation | None,
    state: NodeState,
    begins: NodeOperation | None,
) -> None:
    told = NodeServed(**served) if served else None
    assert next_operation(a_spec(**wanted), told, under_way, state) is begins


@pytest.mark.parametrize("state", NodeState)
def test_a_restart_begins_where_the_state_allows_it(state: NodeState) -> None:
    begins = next_operation(a_spec(**RESTARTED), None, None, state)
    assert (begins is REBOOT) is (state in RESTARTABLE)


def test_what_a_restart_waits_for() -> None:
    assert why_postponed(REBOOT, NodeState.UNKNOWN) == "It is to be rebooted; that waits until its host reports again."
    assert why_postponed(REIMAGE, STARTING) == "It is to be reimaged; that waits until it has started."


def test_each_operation_has_an_option_of_its_own() -> None:
    spec = a_spec(
        disable_scheduling_option=Disabling.TERMINATE,
        reboot_option=Option.TASK_COMPLETION,
        reimage_option=Option.REQUEUE,
    )
    options = [option_of(spec, operation) for operation in (DISABLE, REBOOT, REIMAGE)]
    assert options == [Option.TERMINATE, Option.TASK_COMPLETION, Option.REQUEUE]


@pytest.mark.parametrize(
    ("operation", "served"),
    [
        (REBOOT, {"restarted_at": TWO, "reimaged_at": ONE}),
        (REIMAGE, {"restarted_at": TWO, "reimaged_at": TWO}),
        (DISABLE, {"restarted_at": ONE, "reimaged_at": ONE}),
    ],
)
def test_what_each_serves(operation: NodeOperation, served: dict[str, Any]) -> None:
    before = NodeServed(restarted_at=ONE, reimaged_at=ONE)
    assert served_by(operation, a_spec(restarted_at=TWO, reimaged_at=TWO), before) == NodeServed(**served)


def test_what_nobody_asked_for_serves_nothing() -> None:
    assert served_by(NodeOperation.UPGRADE, a_spec(), None) is None


def test_a_time_that_was_taken_back_stays_served() -> None:
    assert served_by(REBOOT, a_spec(), NodeServed(restarted_at=ONE)) == NodeServed(restarted_at=ONE)


@pytest.mark.parametrize("restart", [REBOOT, REIMAGE])
def test_a_message_can_be_had_without_what_waits(restart: NodeOperation) -> None:
    """What is told of a node is read back by a later life of the operator, and must not grow."""
    told = f"Its host is gone. {why_postponed(restart, NodeState.PREEMPTED)}"
    assert without_postponed(told, NodeState.PREEMPTED) == "Its host is gone."
    assert without_postponed("Its host is gone.", NodeState.PREEMPTED) == "Its host is gone."
