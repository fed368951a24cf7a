"""Chains: what must happen in order shares one, what may go side by side does not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from millpond.api.computenode import ComputeNodeStatus
from millpond.api.job import JobStatus
from millpond.api.labels import Role
from millpond.api.pool import PoolStatus
from millpond.control import actions as act
from millpond.control.task_patch import TaskStatusPatch

VALUES: dict[str, Any] = {
    "status": None,
    "finalizers": (),
    "attempt": 1,
    "slots": 1,
    "cpu_millis": 1,
    "memory_bytes": 1,
    "kind": "Pool",
    "role": Role.PREPARATION,
}
STATUSES = {
    act.WriteTask: TaskStatusPatch(),
    act.WriteJob: JobStatus(),
    act.WritePool: PoolStatus(),
    act.WriteNode: ComputeNodeStatus(),
}


def an_action(kind: type[act.Action]) -> act.AnyAction:
    """An action of the kind; each name is the field's own."""
    fields = [f.name for f in msgspec.structs.fields(kind) if f.name not in ("namespace", "events")]
    values = {field: VALUES.get(field, field) for field in fields}
    if kind in STATUSES:
        values["status"] = STATUSES[kind]
    return kind(namespace="studio", **values)  # type: ignore[return-value]


CHAINS = {
    act.StartAttempt: "task/job/task",
    act.StartJobTask: "jobtask/job/node",
    act.WriteTask: "task/job/task",
    act.StopAttempt: "chain",
    act.DisplaceAttempt: "chain",
    act.ReleaseEvidence: "chain",
    act.WriteNode: "node/node",
    act.CreateNode: "node/node",
    act.RemoveNode: "node/node",
    act.ReleaseNode: "node/node",
    act.CreateNodePod: "node/node",
    act.ClaimHost: "node/node",
    act.CreateEraser: "node/node",
    act.DeleteClaim: "node/node",
    act.DeleteNodePod: "pod/pod",
    act.ShrinkNodePod: "pod/pod",
    act.ReleaseHost: "host/host",
    act.WriteJob: "job/job",
    act.HoldJob: "job/job",
    act.CreateManager: "job/job",
    act.CreatePool: "job/job",
    act.DeletePool: "job/job",
    act.ReleaseJob: "job/job",
    act.WritePool: "pool/pool",
    act.LoadSamples: "samples/pool",
    act.KeepSamples: "samples/pool",
    act.CloseNetwork: "network",
    act.SupplyHosts: "supply",
    act.SweepPods: "sweep",
    act.Announce: "announce/Pool/name",
}


@pytest.mark.parametrize(("kind", "chain"), CHAINS.items(), ids=lambda value: getattr(value, "__name__", str(value)))
def test_every_action_has_its_chain(kind: type[act.Action], chain: str) -> None:
    assert act.chain_of(an_action(kind)) == chain


def test_the_list_is_closed() -> None:
    assert set(act.AnyAction.__args__) == set(CHAINS)


def test_a_patch_says_only_what_it_changes() -> None:
    patch = TaskStatusPatch(state="Running", exit_code=None)
    assert msgspec.to_builtins(patch) == {"state": "Running", "exitCode": None}
