"""What the hands do with tasks and jobs, as a real API server stores it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from millpond.api import labels
from millpond.api.computenode import ComputeNode, ComputeNodeStatus
from millpond.api.conditions import Condition, ConditionStatus
from millpond.api.job import Job, JobStatus
from millpond.api.pool import Pool, PoolStatus
from millpond.api.reasons import AllocationState, JobState, NodeState, PoolState, TaskState
from millpond.control import actions as act
from millpond.control.outcomes import Done, Missed, Outcome, Refused
from millpond.control.task_patch import ConditionPatch, TaskStatusPatch
from support.hands import Hands, a_start, a_task, version


async def test_create_again_after_a_lost_answer_counts_once(hands: Hands) -> None:
    task = a_task(hands)
    start = a_start(hands, task)
    first = await hands.one(start)
    again = await hands.one(start)
    pod = hands.get("pod", "one-1")
    assert isinstance(first, Done)
    assert first.uid == pod["metadata"]["uid"]
    assert first.version == pod["metadata"]["resourceVersion"]
    assert isinstance(again, Done)
    assert again.uid == first.uid
    assert pod["spec"]["nodeName"] == "host-1"
    assert pod["spec"]["containers"][0]["command"][-1] == "$$(HOME)"
    assert pod["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "500m", "memory": str(2**20)}
    assert pod["metadata"]["finalizers"] == [labels.EVIDENCE_FINALIZER]


async def test_attempt_that_exists_elsewhere_is_looked_at(hands: Hands) -> None:
    task = a_task(hands)
    await hands.one(a_start(hands, task))
    assert isinstance(await hands.one(a_start(hands, task, host="host-2")), Missed)


async def test_namesake_task_is_not_started(hands: Hands) -> None:
    task = a_task(hands)
    await hands.one(a_start(hands, task))
    hands.server.done("delete", "task", "one", "-n", hands.space)
    newer = a_task(hands)
    old = await hands.one(a_start(hands, task, attempt=2))
    waits = await hands.one(a_start(hands, newer))
    assert isinstance(old, Missed)
    assert isinstance(waits, Missed)
    assert waits.again_in > 0


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"commandLine": "echo 'open"}, "InvalidCommandLine"),
        ({"commandLine": "true", "resources": {"limits": {"no/such/name": "1"}}}, "PodInvalid"),
    ],
    ids=["quote", "resource"],
)
async def test_task_that_cannot_run_is_refused_with_a_reason(hands: Hands, spec: dict[str, Any], reason: str) -> None:
    outcome = await hands.one(a_start(hands, a_task(hands, **spec)))
    assert isinstance(outcome, Refused)
    assert outcome.reason == reason
    assert outcome.message.endswith(".")


async def test_namespace_that_forbids_host_paths_says_so(hands: Hands) -> None:
    hands.server.done("label", "namespace", hands.space, "pod-security.kubernetes.io/enforce=restricted")
    task = a_task(hands)
    await hands.one(act.CreateNode(namespace=hands.space, pool="farm", node="farm-aaaaa"))
    outcomes: list[Outcome] = []
    deadline = time.monotonic() + 20
    # The server takes a moment to hear of the label; what it still admits gets another name the next time.
    while not (outcomes and all(isinstance(outcome, Refused) for outcome in outcomes)) and time.monotonic() < deadline:
        number = len(hands.get("pods")["items"]) + 1
        pod = act.CreateNodePod(namespace=hands.space, pool="farm", node="farm-aaaaa", pod=f"farm-{number}")
        outcomes = await hands.perform(a_start(hands, task, number), pod)
    for outcome in outcomes:
        assert isinstance(outcome, Refused)
        assert "hostPath" in outcome.message
    refused = await hands.one(a_start(hands, a_task(hands, "admin", userIdentity=ADMIN)))
    assert isinstance(refused, Refused)
    assert refused.reason == "PodForbidden"
    assert refused.message.endswith("use a NonAdmin user.")


ADMIN = {"autoUser": {"elevationLevel": "Admin"}}
NO_ROOT = "object.spec.containers.all(c, !has(c.securityContext.runAsUser) || c.securityContext.runAsUser != 0)"


async def test_policy_against_root_stops_administrators_and_nobody_else(hands: Hands) -> None:
    policy = {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": [
                {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
            ]
        },
        "validations": [{"expression": NO_ROOT, "message": "root is not admitted here."}],
    }
    here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": hands.space}}}
    binding = {"policyName": "no-root", "validationActions": ["Deny"], "matchResources": here}
    for kind, spec in (("ValidatingAdmissionPolicy", policy), ("ValidatingAdmissionPolicyBinding", binding)):
        about = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": "no-root"}}
        hands.apply(about | {"spec": spec})
    admin, neighbour = a_task(hands, "admin", userIdentity=ADMIN), a_task(hands, "neighbour")
    outcome: Outcome = Done()
    attempt, deadline = 0, time.monotonic() + 20
    # The server takes a moment to hear of the policy; what it still admits gets another name the next time.
    while not isinstance(outcome, Refused) and time.monotonic() < deadline:
        attempt += 1
        outcome = await hands.one(a_start(hands, admin, attempt))
    assert isinstance(outcome, Refused)
    assert outcome.reason == "PodInvalid"
    assert "root is not admitted here." in outcome.message
    assert outcome.message.endswith("use a NonAdmin user.")
    assert isinstance(await hands.one(a_start(hands, neighbour)), Done)


async def test_evidence_is_released_without_harm_to_other_finalizers(hands: Hands) -> None:
    task = a_task(hands)
    first = await hands.one(a_start(hands, task))
    second = await hands.one(a_start(hands, task, attempt=2))
    assert isinstance(first, Done)
    assert isinstance(second, Done)
    foreign = {"metadata": {"finalizers": ["example.com/mine", labels.EVIDENCE_FINALIZER]}}
    hands.server.done("patch", "pod", "one-2", "-n", hands.space, "--type=merge", "-p", json.dumps(foreign))
    outcomes = await hands.perform(
        act.ReleaseEvidence(namespace=hands.space, pod="one-1", uid=first.uid, chain="a"),
        act.ReleaseEvidence(namespace=hands.space, pod="one-2", uid=second.uid, chain="b"),
        act.ReleaseEvidence(namespace=hands.space, pod="gone", uid="0", chain="c"),
    )
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    for name, left in (("one-1", []), ("one-2", ["example.com/mine"])):
        metadata = hands.get("pod", name)["metadata"]
        assert metadata.get("finalizers", []) == left
        assert metadata["labels"][labels.COUNTED] == "true"


async def test_stop_deletes_that_very_pod(hands: Hands) -> None:
    done = await hands.one(a_start(hands, a_task(hands)))
    assert isinstance(done, Done)
    stop = act.StopAttempt(namespace=hands.space, pod="one-1", uid="another", chain="x")
    assert isinstance(await hands.one(stop), Done)
    assert "deletionTimestamp" not in hands.get("pod", "one-1")["metadata"]
    stop = act.StopAttempt(namespace=hands.space, pod="one-1", uid=done.uid, chain="x")
    assert isinstance(await hands.one(stop), Done)
    assert "deletionTimestamp" in hands.get("pod", "one-1")["metadata"]


async def test_sweep_takes_what_is_counted(hands: Hands) -> None:
    for number in range(3):
        task = a_task(hands, f"t{number}")
        done = await hands.one(a_start(hands, task))
        assert isinstance(done, Done)
        pod = f"t{number}-1"
        hands.server.done(
            "patch", "pod", pod, "-n", hands.space, "--subresource=status", "--type=merge", "-p",
            '{"status": {"phase": "Succeeded"}}',
        )  # fmt: skip
        if number:
            await hands.one(act.ReleaseEvidence(namespace=hands.space, pod=pod, uid=done.uid, chain=pod))
    assert isinstance(await hands.one(act.SweepPods(namespace=hands.space, pool="farm")), Done)
    assert [pod["metadata"]["name"] for pod in hands.get("pods")["items"]] == ["t0-1"]


async def test_task_status_is_patched_under_its_version(hands: Hands) -> None:
    task = a_task(hands)
    version = task["metadata"]["resourceVersion"]

    def write(version: str, status: TaskStatusPatch) -> act.WriteTask:
        uid = task["metadata"]["uid"]
        return act.WriteTask(namespace=hands.space, task="one", job="frames", uid=uid, version=version, status=status)

    conditions = (ConditionPatch("Complete", "False", "Running", "It runs.", "2026-01-01T00:00:00Z"),)
    running = TaskStatusPatch(
        conditions=conditions, state=TaskState.RUNNING, attempt=1, exit_code=None, pod_name="one-1"
    )
    done = await hands.one(write(version, running))
    assert isinstance(done, Done)
    status = hands.get("task", "one")["status"]
    assert (status["state"], status["attempt"], status["podName"]) == ("Running", 1, "one-1")
    assert status["conditions"][0]["lastTransitionTime"] == "2026-01-01T00:00:00Z"
    assert isinstance(await hands.one(write(version, running)), Missed)
    back = await hands.one(write(done.version, TaskStatusPatch(state=TaskState.ACTIVE, pod_name=None)))
    assert isinstance(back, Done)
    status = hands.get("task", "one")["status"]
    assert status["state"] == "Active"
    assert "podName" not in status
    assert status["attempt"] == 1


async def test_whole_statuses_are_written(hands: Hands) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    ready = Condition(
        type="Ready", status=ConditionStatus.TRUE, last_transition_time=at, reason="NodesReady", message="All is well."
    )
    pool = PoolStatus(conditions=(ready,), state=PoolState.ACTIVE, allocation_state=AllocationState.STEADY)
    job = JobStatus(state=JobState.ACTIVE, start_time=at)
    created = await hands.one(act.CreateNode(namespace=hands.space, pool="farm", node="farm-aaaaa"))
    assert isinstance(created, Done)
    node = ComputeNodeStatus(state=NodeState.IDLE, resources={"cpu": "2", "memory": "1Gi"}, host_name="host-1")
    outcomes = await hands.perform(
        act.WritePool(namespace=hands.space, pool="farm", version=version(hands, "pool", "farm"), status=pool),
        act.WriteJob(
            namespace=hands.space, job="frames", version=version(hands, "job.millpond.dev", "frames"), status=job
        ),
        act.WriteNode(namespace=hands.space, node="farm-aaaaa", version=created.version, status=node),
    )
    assert [type(outcome) for outcome in outcomes] == [Done, Done, Done], outcomes
    assert Pool.model_validate(hands.get("pool", "farm")).status == pool
    assert Job.model_validate(hands.get("job.millpond.dev", "frames")).status == job
    assert ComputeNode.model_validate(hands.get("computenode", "farm-aaaaa")).status == node
