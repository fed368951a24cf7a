"""The state of a compute node, from its node Pod and its host (reference §3.8). Says nothing of what to do about it."""

from __future__ import annotations

import msgspec

from millpond.api import labels
from millpond.api.computenode import NodeOperation
from millpond.api.reasons import FailureCode, NodeErrorCode, NodeReason, NodeState
from millpond.api.times import format_time, parse_time
from millpond.api.views.host import HostView
from millpond.api.views.pod import PodView
from millpond.lifecycle.disk import FULL
from millpond.lifecycle.failure import Detail, Failure
from millpond.lifecycle.fetching import FETCH_CONTAINER
from millpond.lifecycle.kubelet import told_by_kubelet
from millpond.lifecycle.packages import PACKAGES_CONTAINER, package_failure
from millpond.lifecycle.run import Run, RunState
from millpond.lifecycle.starttask import observe_start_task

AGENT_CONTAINER = "agent"
LAYOUT_CONTAINER = "layout"
SWEEPER_CONTAINER = "sweeper"

LOST_TAINTS = ("node.kubernetes.io/out-of-service",)
"""Taints that say that nothing runs on the host any more."""

IMAGE_ERRORS = {
    FailureCode.CONTAINER_INVALID_IMAGE: NodeErrorCode.CONTAINER_INVALID_IMAGE,
    FailureCode.CONTAINER_INVALID_REGISTRY: NodeErrorCode.CONTAINER_INVALID_REGISTRY,
}
"""What is said of a node whose start task's image cannot be had (reference §8.3)."""

RESTARTS = {
    NodeOperation.REBOOT: (NodeState.REBOOTING, NodeReason.REBOOTING, "rebooted: it starts anew"),
    NodeOperation.REIMAGE: (
        NodeState.REIMAGING,
        NodeReason.REIMAGING,
        "reimaged: its directory is erased, and it starts anew",
    ),
    NodeOperation.UPGRADE: (
        NodeState.UPGRADING_OS,
        NodeReason.UPGRADING_OS,
        "upgraded: it starts anew with what its pool has now",
    ),
}
"""State, reason and words of a node that is to start anew."""


class NodeFacts(msgspec.Struct, frozen=True, gc=False):
    """What is known of one node. `pod` is the newest node Pod; `claimed` that the host carries this pool's claim."""

    leaving: bool
    operation: NodeOperation | None
    """What it is emptied for."""
    waits_for_tasks: bool
    """That begins only when its tasks have come to their ends."""
    pod: PodView | None
    host: HostView | None
    claimed: bool
    sized: bool
    """The node knows what it offers its tasks."""
    has_start_task: bool
    waits_for_start_task: bool
    busy: bool
    """At least one task is bound to it."""
    waits_until: float | None = None
    """Nor does that begin before this time, until which files of tasks are to stay there."""
    returns: bool = False
    """Its next Pod comes to the host where it stood."""
    trouble: str = ""
    """Why its directory could not be erased."""
    preempted: str = ""
    """Why it has lost its host for good, if it has; it waits for another one."""
    unmounted: bool = False
    """What users want mounted could not be mounted for long."""
    hindrance: str = ""
    """What the kubelet says of a Pod that it cannot begin with."""
    disk_full: bool = False
    """Its agent has measured that the node directory's file system is full."""


class Fault(msgspec.Struct, frozen=True, gc=False):
    """What is wrong with a node."""

    code: NodeErrorCode
    message: str
    values: tuple[Detail, ...] = ()


class NodeVerdict(msgspec.Struct, frozen=True, gc=False):
    """`reason` and `message` are the Ready condition's; `faults` are why a node is Unusable.

    A full disk is told in every state: who knows of it again after a restart knows it from there.
    """

    state: NodeState
    reason: str
    message: str
    start_task: Run | None = None
    faults: tuple[Fault, ...] = ()

    @property
    def takes_tasks(self) -> bool:
        return self.reason in (NodeReason.IDLE, NodeReason.RUNNING)


def host_is_lost(host: HostView | None) -> bool:
    """True when nothing can be running on the host any more: it is gone, or marked out of service."""
    if host is None:
        return True
    for taint in host.spec.taints:  # noqa: SIM110 - asked in every step of a task: a generator costs as much again
        if taint.key in LOST_TAINTS:
            return True
    return False


def silent_until(host: HostView, now: float, silence: float) -> float | None:
    """When a host counts as lost that stays silent for so many seconds; None while it is well."""
    if host.ready:
        return None
    for condition in host.status.conditions:
        if condition.type == "Ready" and condition.last_transition_time:
            return parse_time(condition.last_transition_time) + silence
    return now + silence


def judge_node(facts: NodeFacts) -> NodeVerdict:
    """State, reason and faults."""
    verdict = _judge(facts)
    if not facts.disk_full or facts.pod is None or facts.leaving:
        return verdict
    text = (
        f"The disk of host {facts.pod.spec.node_name} that holds the node's files is used to {FULL:.0%} or more. The "
        "node takes no tasks until there is room: delete files on it, or reimage it, which erases them all."
    )
    full = Fault(NodeErrorCode.DISK_FULL, text)
    if verdict.takes_tasks:
        return _unusable(NodeReason.DISK_FULL, full, verdict.start_task)
    return msgspec.structs.replace(verdict, faults=(*verdict.faults, full))


def _judge(facts: NodeFacts) -> NodeVerdict:
    """All but the disk, in the order in which a node comes up."""
    pod = facts.pod
    start_task = observe_start_task(pod) if pod is not None and facts.has_start_task else None
    if facts.leaving:
        text = f"The node is being removed from its pool. It leaves {_when(facts)}."
        return NodeVerdict(NodeState.LEAVING_POOL, NodeReason.LEAVING_POOL, text, start_task)
    if facts.preempted:
        return NodeVerdict(NodeState.PREEMPTED, NodeReason.PREEMPTED, facts.preempted)
    silent = pod is not None and pod.spec.node_name is not None and not (facts.host is not None and facts.host.ready)
    if facts.operation in RESTARTS and not silent:
        return _restarting(facts, *RESTARTS[facts.operation], start_task)
    if pod is None and facts.returns:
        text = "The node's Pod is being created on its host again."
        return NodeVerdict(NodeState.STARTING, NodeReason.NODE_POD_MISSING, text)
    if pod is None:
        return NodeVerdict(NodeState.CREATING, NodeReason.NODE_POD_MISSING, "The node's Pod is being created.")
    if pod.spec.node_name is None:
        return NodeVerdict(NodeState.CREATING, *_unplaced(pod))
    if silent:
        text = f"Host {pod.spec.node_name} does not report to the cluster. It takes no tasks until it does."
        return NodeVerdict(NodeState.UNKNOWN, NodeReason.HOST_SILENT, text, start_task)
    if pod.terminal or pod.metadata.deletion_timestamp is not None:
        text = f"The node's Pod ended ({pod.status.reason or pod.status.phase}); it is being replaced."
        return NodeVerdict(NodeState.STARTING, NodeReason.NODE_POD_ENDED, text)
    return _placed(facts, pod, start_task)


def _unplaced(pod: PodView) -> tuple[str, str]:
    for condition in pod.status.conditions:
        if condition.type == "PodScheduled" and condition.status == "False":
            return NodeReason.WAITING_FOR_HOST, f"No host can take the node yet: {condition.message}"
    return NodeReason.WAITING_FOR_HOST, "The node's Pod waits for a host."


def _placed(facts: NodeFacts, pod: PodView, start_task: Run | None) -> NodeVerdict:
    host = pod.spec.node_name
    if (failure := package_failure(pod)) is not None:
        return _without_a_package(failure, start_task)
    if facts.unmounted:
        text = (
            f"What the node mounts could not be mounted on host {host}. {told_by_kubelet(pod, facts.hindrance)}: "
            "correct nodeTemplate.volumes or certificateReferences of the pool and reboot the node, or create the "
            "claim or Secret that is missing."
        )
        return _unusable(NodeReason.NOT_MOUNTED, Fault(NodeErrorCode.MOUNT_CONFIGURATION_ERROR, text), None)
    if start_task is not None and facts.waits_for_start_task:
        if start_task.state is RunState.RUNNING:
            return NodeVerdict(
                NodeState.WAITING_FOR_START_TASK,
                NodeReason.START_TASK_RUNNING,
                f"The start task runs on {host}.",
                start_task,
            )
        if start_task.state is RunState.FAILED and start_task.failure is not None:
            if not agent_runs(pod) and _broken(pod) is None:
                # Whoever reads that it failed looks into its files next, and the agent shows them.
                text = f"The start task on {host} has ended; its files can be read in a moment."
                return NodeVerdict(NodeState.WAITING_FOR_START_TASK, NodeReason.START_TASK_RUNNING, text, start_task)
            return NodeVerdict(
                NodeState.START_TASK_FAILED, NodeReason.START_TASK_FAILED, start_task.failure.message, start_task
            )
        if start_task.failure is not None:
            code = IMAGE_ERRORS.get(start_task.failure.code, NodeErrorCode.CONTAINER_MISC_ERROR)
            fault = Fault(code, start_task.failure.message)
            return _unusable(NodeReason.START_TASK_IMAGE, fault, start_task)
    broken = _broken(pod)
    if broken is not None:
        fault = Fault(NodeErrorCode.BATCH_AGENT_INSTALLATION_FAILURE, broken)
        return _unusable(NodeReason.NODE_POD_BROKEN, fault, start_task)
    claim = facts.host.metadata.labels.get(labels.HOST_LABEL) if facts.host else None
    if claim is not None and not facts.claimed:
        text = f"Host {host} belongs to pool {claim}. The node looks for another one."
        return NodeVerdict(NodeState.STARTING, NodeReason.HOST_CLAIMED, text, start_task)
    if facts.hindrance:
        text = f"The node's Pod does not start on host {host}. {facts.hindrance}"
        return NodeVerdict(NodeState.STARTING, NodeReason.POD_NOT_STARTING, text, start_task)
    if not agent_runs(pod) or not facts.claimed or not facts.sized:
        return NodeVerdict(NodeState.STARTING, NodeReason.STARTING, f"The node starts on host {host}.", start_task)
    if facts.operation is NodeOperation.DISABLE_SCHEDULING:
        state = NodeState.RUNNING if facts.busy else NodeState.OFFLINE
        return NodeVerdict(state, NodeReason.SCHEDULING_DISABLED, _disabled(facts), start_task)
    if facts.busy:
        return NodeVerdict(NodeState.RUNNING, NodeReason.RUNNING, f"Tasks run on host {host}.", start_task)
    return NodeVerdict(NodeState.IDLE, NodeReason.IDLE, f"The node on host {host} is free.", start_task)


def _restarting(
    facts: NodeFacts, state: NodeState, reason: NodeReason, what: str, start_task: Run | None
) -> NodeVerdict:
    """It is being emptied to start anew, or its Pod and its files are gone already."""
    if (facts.busy and facts.waits_for_tasks) or facts.waits_until is not None:
        text = f"The node is to be {what}. That happens {_when(facts)}."
        return NodeVerdict(NodeState.RUNNING if facts.busy else NodeState.IDLE, reason, text, start_task)
    text = f"The node is being {what}."
    if facts.busy:
        text += " Its tasks are being stopped."
    if facts.trouble:
        text += f" Its directory could not be erased: {facts.trouble.rstrip('.')}. That is tried again."
    return NodeVerdict(state, reason, text, start_task)


def _when(facts: NodeFacts) -> str:
    """When it is empty, be it of tasks or of files that are to stay."""
    if not facts.waits_for_tasks:
        return "at once"
    if facts.waits_until is None:
        return "once its tasks have run to their ends"
    return f"once its tasks have ended, and not before {format_time(facts.waits_until)}: until then their files stay"


def _disabled(facts: NodeFacts) -> str:
    """That a user has disabled scheduling, and what becomes of the tasks."""
    if not facts.busy:
        return "Scheduling is disabled: the node takes no tasks until it is enabled (`millpond node enable`)."
    tasks = "run to their ends" if facts.waits_for_tasks else "are being stopped"
    return f"Scheduling is disabled: the node takes no tasks, and those that run there {tasks}."


def _without_a_package(failure: Failure, start_task: Run | None) -> NodeVerdict:
    full = failure.code is FailureCode.DISK_FULL
    code = NodeErrorCode.DISK_FULL if full else NodeErrorCode.APPLICATION_PACKAGE_ERROR
    fault = Fault(code, f"{failure.message} That is tried again every few minutes.", failure.details)
    return _unusable(NodeReason.APPLICATION_PACKAGES, fault, start_task)


def _unusable(reason: NodeReason, fault: Fault, start_task: Run | None) -> NodeVerdict:
    return NodeVerdict(NodeState.UNUSABLE, reason, fault.message, start_task, (fault,))


def agent_runs(pod: PodView) -> bool:
    """True while the container that holds the node directory runs."""
    agent = pod.container(AGENT_CONTAINER)
    return agent is not None and agent.running is not None


def _broken(pod: PodView) -> str | None:
    """Why the node's own containers cannot start, if they cannot."""
    for name in (LAYOUT_CONTAINER, PACKAGES_CONTAINER, FETCH_CONTAINER, AGENT_CONTAINER):
        state = pod.container(name)
        waiting = state.waiting if state else None
        if waiting is not None and waiting.reason in (
            "InvalidImageName",
            "ErrImageNeverPull",
            "ErrImagePull",
            "ImagePullBackOff",
            "CreateContainerConfigError",
            "CreateContainerError",
            "CrashLoopBackOff",
        ):
            return f"The node's container {name} cannot start ({waiting.reason}): {waiting.message}"
    return None
