"""The state of a compute node: one story for each state."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.computenode import NodeOperation
from millpond.api.reasons import FailureCode, NodeErrorCode, NodeState
from millpond.lifecycle.nodes import NodeFacts, host_is_lost, judge_node
from millpond.lifecycle.packages import PACKAGES_CONTAINER, PackageReport
from support.builders import a_host, a_node_pod, ended, exited, running, waiting

UP = {
    "leaving": False,
    "operation": None,
    "waits_for_tasks": False,
    "pod": a_node_pod(agent=running()),
    "host": a_host(),
    "claimed": True,
    "sized": True,
    "has_start_task": False,
    "waits_for_start_task": False,
    "busy": False,
}
WAITS = {"has_start_task": True, "waits_for_start_task": True}
BESIDE = {"has_start_task": True, "waits_for_start_task": False}
UNPLACED = a_node_pod(
    host=None, conditions=[{"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}]
)


def installing(state: dict[str, Any], last: dict[str, Any] | None = None) -> Any:
    """A node Pod whose packages are being installed."""
    own = {"name": PACKAGES_CONTAINER, "state": state, "lastState": last or {}}
    return a_node_pod(agent=waiting("PodInitializing"), initContainerStatuses=[own])


WORD = PackageReport(FailureCode.APPLICATION_PACKAGE_ERROR, "tool:1 is not there.", "tool:1").encode().decode()
FULL_WORD = PackageReport(FailureCode.DISK_FULL, "No room for tool:1.", "tool:1").encode().decode()
NO_PACKAGE = installing(ended(1, message=WORD))
NO_PACKAGE_YET = installing(waiting("CrashLoopBackOff"), ended(1, message=WORD))
INSTALLING = installing(running())

DISABLED = {"operation": NodeOperation.DISABLE_SCHEDULING}
REBOOT = {"operation": NodeOperation.REBOOT}
REIMAGE = {"operation": NodeOperation.REIMAGE}

STORIES: list[tuple[str, dict[str, Any], NodeState]] = [
    ("no Pod yet", {"pod": None}, NodeState.CREATING),
    ("Pod without a host", {"pod": a_node_pod(host=None)}, NodeState.CREATING),
    ("no host takes it", {"pod": UNPLACED}, NodeState.CREATING),
    ("placed, agent not up", {"pod": a_node_pod(agent=waiting())}, NodeState.STARTING),
    ("no container yet", {"pod": a_node_pod()}, NodeState.STARTING),
    ("not begun with", {"pod": a_node_pod(), "hindrance": "FailedMount: no Secret."}, NodeState.STARTING),
    ("agent up, host not claimed", {"claimed": False}, NodeState.STARTING),
    ("agent up, room not known", {"sized": False}, NodeState.STARTING),
    ("host of another pool", {"claimed": False, "host": a_host(claim="studio.other")}, NodeState.STARTING),
    ("up and free", {}, NodeState.IDLE),
    ("up and busy", {"busy": True}, NodeState.RUNNING),
    ("start task runs", {**WAITS, "pod": a_node_pod(start_task=running())}, NodeState.WAITING_FOR_START_TASK),
    ("start task not begun", {**WAITS, "pod": a_node_pod(start_task=waiting())}, NodeState.STARTING),
    (
        "start task failed",
        {**WAITS, "pod": a_node_pod(agent=running(), start_task=exited(1))},
        NodeState.START_TASK_FAILED,
    ),
    (
        "start task failed, agent not up",
        {**WAITS, "pod": a_node_pod(agent=waiting(), start_task=exited(1))},
        NodeState.WAITING_FOR_START_TASK,
    ),
    (
        "start task failed, agent cannot start",
        {**WAITS, "pod": a_node_pod(agent=waiting("ErrImagePull"), start_task=exited(1))},
        NodeState.START_TASK_FAILED,
    ),
    ("start task done", {**WAITS, "pod": a_node_pod(agent=running(), start_task=exited(0))}, NodeState.IDLE),
    ("start task's image", {**WAITS, "pod": a_node_pod(start_task=waiting("ErrImagePull"))}, NodeState.UNUSABLE),
    ("start task runs beside", {**BESIDE, "pod": a_node_pod(agent=running(), start_task=running())}, NodeState.IDLE),
    ("start task failed beside", {**BESIDE, "pod": a_node_pod(agent=running(), start_task=exited(1))}, NodeState.IDLE),
    ("a package missing", {"pod": NO_PACKAGE}, NodeState.UNUSABLE),
    ("a package missing, tried again", {"pod": NO_PACKAGE_YET}, NodeState.UNUSABLE),
    ("packages being installed", {"pod": INSTALLING}, NodeState.STARTING),
    ("disk full", {"disk_full": True, "busy": True}, NodeState.UNUSABLE),
    ("not mounted", {"unmounted": True, "pod": a_node_pod(agent=waiting())}, NodeState.UNUSABLE),
    ("not mounted, leaving", {"unmounted": True, "leaving": True}, NodeState.LEAVING_POOL),
    ("disk full, not up", {"disk_full": True, "pod": a_node_pod(agent=waiting())}, NodeState.STARTING),
    ("disk full, leaving", {"disk_full": True, "leaving": True}, NodeState.LEAVING_POOL),
    ("agent's image", {"pod": a_node_pod(agent=waiting("ErrImagePull"))}, NodeState.UNUSABLE),
    ("agent crashes", {"pod": a_node_pod(agent=waiting("CrashLoopBackOff"))}, NodeState.UNUSABLE),
    ("host silent", {"host": a_host(ready="Unknown")}, NodeState.UNKNOWN),
    ("host not ready", {"host": a_host(ready="False")}, NodeState.UNKNOWN),
    ("host gone", {"host": None}, NodeState.UNKNOWN),
    ("host silent with tasks", {"host": a_host(ready="Unknown"), "busy": True}, NodeState.UNKNOWN),
    ("Pod failed", {"pod": a_node_pod(phase="Failed", reason="Evicted")}, NodeState.STARTING),
    ("Pod being deleted", {"pod": a_node_pod(agent=running(), deleted=True)}, NodeState.STARTING),
    ("disabled and free", DISABLED, NodeState.OFFLINE),
    ("disabled and busy", {**DISABLED, "busy": True}, NodeState.RUNNING),
    ("disabled, its host silent", {**DISABLED, "host": a_host(ready="Unknown")}, NodeState.UNKNOWN),
    ("disabled, disk full", {**DISABLED, "disk_full": True}, NodeState.OFFLINE),
    ("disabled before it was up", {**DISABLED, "pod": a_node_pod(agent=waiting())}, NodeState.STARTING),
    ("to be rebooted, free", REBOOT, NodeState.REBOOTING),
    ("to be rebooted, its tasks being stopped", {**REBOOT, "busy": True}, NodeState.REBOOTING),
    ("to be rebooted after its tasks", {**REBOOT, "busy": True, "waits_for_tasks": True}, NodeState.RUNNING),
    ("to be rebooted after its tasks, free", {**REBOOT, "waits_for_tasks": True}, NodeState.REBOOTING),
    ("being rebooted, no Pod", {**REBOOT, "pod": None, "host": None}, NodeState.REBOOTING),
    ("to be rebooted, host silent", {**REBOOT, "host": a_host(ready="Unknown")}, NodeState.UNKNOWN),
    ("to be reimaged after its tasks", {**REIMAGE, "busy": True, "waits_for_tasks": True}, NodeState.RUNNING),
    ("being reimaged, no Pod", {**REIMAGE, "pod": None, "host": None}, NodeState.REIMAGING),
    ("comes back to its host", {"pod": None, "host": None, "returns": True}, NodeState.STARTING),
    ("leaving, whatever else", {"leaving": True, "host": None}, NodeState.LEAVING_POOL),
    ("leaving after its tasks", {"leaving": True, "waits_for_tasks": True, "busy": True}, NodeState.LEAVING_POOL),
    ("leaving without a Pod", {"leaving": True, "pod": None}, NodeState.LEAVING_POOL),
]


@pytest.mark.parametrize(("story", "state"), [s[1:] for s in STORIES], ids=[s[0] for s in STORIES])
def test_each_story_has_its_state(story: dict[str, Any], state: NodeState) -> None:
    verdict = judge_node(NodeFacts(**{**UP, **story}))
    assert verdict.state is state
    open_ = state in (NodeState.IDLE, NodeState.RUNNING) and "operation" not in story
    assert verdict.takes_tasks == open_
    assert verdict.reason
    assert verdict.message.endswith(".") or story.get("pod") is not None


def test_it_repeats_why_no_host_takes_it() -> None:
    assert "0/3 nodes are available" in judge_node(NodeFacts(**{**UP, "pod": UNPLACED})).message


@pytest.mark.parametrize(
    ("host", "lost"),
    [
        (None, True),
        (a_host(), False),
        (a_host(ready="Unknown"), False),
        (a_host(taints=[{"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"}]), True),
        (a_host(taints=[{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}]), False),
    ],
)
def test_a_host_is_lost_when_nothing_can_run_on_it(host: Any, lost: bool) -> None:
    assert host_is_lost(host) is lost


def test_a_host_of_another_pool_is_named() -> None:
    verdict = judge_node(NodeFacts(**{**UP, "claimed": False, "host": a_host(claim="studio.other")}))
    assert verdict.reason == "HostClaimed"
    assert "studio.other" in verdict.message


def test_a_full_disk_is_told_in_every_state_and_what_to_do() -> None:
    """Also while it is not the reason why the node takes no tasks: whoever starts anew knows it from there."""
    for more in ({}, {"host": None}, {"pod": a_node_pod(agent=waiting("ErrImagePull"))}):
        verdict = judge_node(NodeFacts(**{**UP, "disk_full": True, **more}))
        full = verdict.faults[-1]
        assert full.code is NodeErrorCode.DISK_FULL
        assert "90%" in full.message
        assert "delete" in full.message
        assert not verdict.takes_tasks


def test_it_says_why_a_directory_is_not_erased() -> None:
    verdict = judge_node(NodeFacts(**{**UP, **REIMAGE, "pod": None, "trouble": "read-only file system"}))
    assert "could not be erased: read-only file system. That is tried again." in verdict.message


ERRORS: list[tuple[Any, NodeErrorCode]] = [
    (a_node_pod(start_task=waiting("ErrImagePull", "no such image")), NodeErrorCode.CONTAINER_INVALID_IMAGE),
    (a_node_pod(start_task=waiting("ErrImagePull", "401 Unauthorized")), NodeErrorCode.CONTAINER_INVALID_REGISTRY),
    (a_node_pod(start_task=waiting("ErrImagePull", "no space left on device")), NodeErrorCode.CONTAINER_MISC_ERROR),
    (a_node_pod(agent=waiting("ErrImagePull")), NodeErrorCode.BATCH_AGENT_INSTALLATION_FAILURE),
    (a_node_pod(agent=waiting("CrashLoopBackOff")), NodeErrorCode.BATCH_AGENT_INSTALLATION_FAILURE),
    (NO_PACKAGE, NodeErrorCode.APPLICATION_PACKAGE_ERROR),
    (installing(ended(1, message=FULL_WORD)), NodeErrorCode.DISK_FULL),
    (installing(waiting("CrashLoopBackOff")), NodeErrorCode.BATCH_AGENT_INSTALLATION_FAILURE),
]


@pytest.mark.parametrize(("pod", "code"), ERRORS)
def test_an_unusable_node_says_what_is_wrong_with_it(pod: Any, code: NodeErrorCode) -> None:
    verdict = judge_node(NodeFacts(**{**UP, **WAITS, "pod": pod}))
    assert verdict.state is NodeState.UNUSABLE
    assert [fault.code for fault in verdict.faults] == [code]


def test_a_package_that_fails_is_named_with_what_happens_next() -> None:
    (fault,) = judge_node(NodeFacts(**{**UP, "pod": NO_PACKAGE})).faults
    assert fault.message == "tool:1 is not there. That is tried again every few minutes."
    assert [(value.name, value.value) for value in fault.values] == [
        ("ApplicationPackageReference", "tool:1"),
        ("Message", "tool:1 is not there."),
    ]
