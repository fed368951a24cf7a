"""The closed list of what the operator can do to the world. Values only: `cluster/actuator` performs them.

Every action is idempotent by name or conditional on what was seen, so that performing it twice, or losing its answer,
does no harm. Fields name objects of `namespace`; `version` is the resourceVersion seen ("" = unconditional).
"""

from __future__ import annotations

from typing import Literal

import msgspec

from millpond.api import labels
from millpond.api.computenode import ComputeNodeStatus
from millpond.api.job import JobStatus
from millpond.api.nodetemplate import NodeClass
from millpond.api.pool import PoolStatus
from millpond.control.task_patch import TaskStatusPatch


class Event(msgspec.Struct, frozen=True, gc=False):
    """A Kubernetes Event to publish once its action has succeeded."""

    reason: str
    message: str
    type: Literal["Normal", "Warning"] = "Normal"


class Action(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Ancestor of all actions."""

    namespace: str
    events: tuple[Event, ...] = ()


class StartAttempt(Action, frozen=True, kw_only=True):
    """Create the task's Pod, bound to a host. The command is read from the Task when this is performed."""

    pool: str
    job: str
    task: str
    task_uid: str
    attempt: int
    pod: str
    node: str
    host: str
    slots: int
    cpu_millis: int
    memory_bytes: int
    manages: bool = False
    """The task is its job's manager."""
    exclusive: bool = False
    """No other task may run on the node meanwhile."""
    instance: int = 0
    """Of a multi-instance task: which of its Pods it is; 0 is the primary."""
    instances: int = 0
    """How many Pods the attempt has; 0: it is no multi-instance task."""
    rendezvous: str = ""
    """The address of the agent at which they meet."""
    preparation: str = ""
    """The Pod of the job's preparation task on this node that this attempt comes after; "" where there is none."""
    dedicated: bool = True
    """Whether its node is."""


class StartJobTask(Action, frozen=True, kw_only=True):
    """Create the Pod of a job's preparation or release task, bound to a host. One that exists is as good."""

    role: labels.Role
    pool: str
    job: str
    job_uid: str
    pod: str
    node: str
    host: str
    dedicated: bool = True
    """Whether its node is."""

    @property
    def key(self) -> str:
        """Job and node."""
        return f"{self.job}/{self.node}"


class StopAttempt(Action, frozen=True, kw_only=True):
    """Ask the kubelet to end a Pod of a task or job task (TERM, grace, KILL); by force never: it must be known dead."""

    pod: str
    uid: str
    chain: str


class DisplaceAttempt(Action, frozen=True, kw_only=True):
    """Mark a task's Pod as one that gives way to a task that goes first: it is stopped for that, and requeued."""

    pod: str
    uid: str
    to_job: str
    """The job of the task that goes first."""
    chain: str


class ReleaseEvidence(Action, frozen=True, kw_only=True):
    """The attempt is counted: drop the evidence finalizer and mark the Pod as counted, for a sweep to delete."""

    pod: str
    uid: str
    chain: str


class WriteTask(Action, frozen=True, kw_only=True):
    """Write a Task's status, on condition that nobody wrote since."""

    task: str
    job: str
    uid: str
    version: str
    status: TaskStatusPatch


class HoldJob(Action, frozen=True, kw_only=True):
    """Put the job finalizer on a Job, so that its tasks go before it; `finalizers` are all that it shall have."""

    job: str
    version: str
    finalizers: tuple[str, ...]


class CreateManager(Action, frozen=True, kw_only=True):
    """Create the Task of a job's manager, owned by the Job. One that exists already and is owned by it is as good."""

    job: str
    uid: str
    task: str


class CreatePool(Action, frozen=True, kw_only=True):
    """Create the Pool of a job that has one of its own. One that exists already and was made for it is as good."""

    job: str
    uid: str
    pool: str


class DeletePool(Action, frozen=True, kw_only=True):
    """Delete the Pool that was made for a job, which has ended."""

    job: str
    pool: str
    uid: str
    """Of the Pool."""


class WriteJob(Action, frozen=True, kw_only=True):
    """Write a Job's whole status; fields that are None are removed."""

    job: str
    version: str
    status: JobStatus


class WritePool(Action, frozen=True, kw_only=True):
    """Write a Pool's whole status; fields that are None are removed."""

    pool: str
    version: str
    status: PoolStatus


class CloseNetwork(Action, frozen=True, kw_only=True):
    """Make the pool's NetworkPolicy what the Pool says when this is performed."""

    pool: str


class WriteNode(Action, frozen=True, kw_only=True):
    """Write a ComputeNode's whole status; fields that are None are removed."""

    node: str
    version: str
    status: ComputeNodeStatus


class CreateNode(Action, frozen=True, kw_only=True):
    """Create a ComputeNode, owned by its Pool, with the node finalizer. One that exists already is as good."""

    pool: str
    node: str
    node_class: NodeClass = NodeClass.DEDICATED


class RemoveNode(Action, frozen=True, kw_only=True):
    """Delete a ComputeNode; its finalizer keeps it until everything on it has ended."""

    node: str
    uid: str


class ReleaseNode(Action, frozen=True, kw_only=True):
    """Everything on a leaving node has ended: drop its finalizer."""

    node: str
    uid: str


class CreateNodePod(Action, frozen=True, kw_only=True):
    """Create a node Pod: on `host`, where the node has a place already, else for kube-scheduler to place."""

    pool: str
    node: str
    pod: str
    node_class: NodeClass = NodeClass.DEDICATED
    host: str | None = None


class CreateEraser(Action, frozen=True, kw_only=True):
    """Create the Pod that erases the directory of a node, whose own Pods are gone. One that exists is as good."""

    pool: str
    node: str
    pod: str
    host: str


class DeleteClaim(Action, frozen=True, kw_only=True):
    """Delete the claim of a node, whose own Pods are gone, with all files. Done only when nothing is left of it."""

    node: str


class DeleteNodePod(Action, frozen=True, kw_only=True):
    """Delete a node Pod, or an eraser that is of no use any more, without force."""

    pod: str
    uid: str


class ClaimHost(Action, frozen=True, kw_only=True):
    """Put the pool's label and taint on the host, then measure what it has left for the node's tasks.

    The answer is a `Room`, folded back by `World.observe_room`. Done again when the operator does not know the room.
    """

    pool: str
    node: str
    host: str
    claim: str
    node_class: NodeClass = NodeClass.DEDICATED


class ReleaseHost(Action, frozen=True, kw_only=True):
    """Take the pool's label and taint off the host, if they are this pool's."""

    host: str
    claim: str


class SupplyHosts(Action, frozen=True, kw_only=True):
    """Have the pool's provider see to as many hosts as `kept` and `lacking` are together, and take none of `kept`."""

    pool: str
    kept: tuple[str, ...]
    lacking: int

    @property
    def wanted(self) -> int:
        """How many hosts the pool needs in all."""
        return len(self.kept) + self.lacking


class ShrinkNodePod(Action, frozen=True, kw_only=True):
    """Resize the node Pod in place to what the agent needs, so that its room belongs to the tasks."""

    pod: str
    uid: str


class SweepPods(Action, frozen=True, kw_only=True):
    """Delete the pool's Pods that are released, many at a time."""

    pool: str


class ReleaseJob(Action, frozen=True, kw_only=True):
    """Delete the Tasks of a deleted Job, by pages, then drop the Job's finalizer."""

    job: str
    uid: str


class Announce(Action, frozen=True, kw_only=True):
    """Publish events about an object, and nothing else."""

    kind: Literal["Pool", "ComputeNode", "Job", "Task", "JobSchedule"]
    name: str
    uid: str


class LoadSamples(Action, frozen=True, kw_only=True):
    """Read the samples that were kept for the Pool of that uid. The answer has `KeptSamples`."""

    pool: str
    uid: str


class KeepSamples(Action, frozen=True, kw_only=True):
    """Keep the pool's samples: blocks of the hours to seal by their first second first, then the present hour's."""

    pool: str
    uid: str
    sealed: dict[int, bytes]
    dropped: tuple[int, ...]
    """Hours that are sealed, and not to be kept any more."""
    current: bytes


AnyAction = (
    StartAttempt
    | StartJobTask
    | StopAttempt
    | DisplaceAttempt
    | ReleaseEvidence
    | WriteTask
    | HoldJob
    | CreateManager
    | CreatePool
    | DeletePool
    | WriteJob
    | WritePool
    | LoadSamples
    | KeepSamples
    | CloseNetwork
    | WriteNode
    | CreateNode
    | RemoveNode
    | ReleaseNode
    | CreateNodePod
    | CreateEraser
    | DeleteClaim
    | DeleteNodePod
    | ClaimHost
    | ReleaseHost
    | SupplyHosts
    | ShrinkNodePod
    | SweepPods
    | ReleaseJob
    | Announce
)


def chain_of(action: AnyAction) -> str:
    """Actions of one chain are performed one after another, in order, until one fails; chains run side by side."""
    match action:
        case StartAttempt(task=task, job=job) | WriteTask(task=task, job=job):
            return f"task/{job}/{task}"
        case StartJobTask():
            return f"jobtask/{action.key}"
        case StopAttempt(chain=chain) | DisplaceAttempt(chain=chain) | ReleaseEvidence(chain=chain):
            return chain
        case (
            WriteNode(node=node)
            | CreateNode(node=node)
            | RemoveNode(node=node)
            | ReleaseNode(node=node)
            | CreateNodePod(node=node)
            | CreateEraser(node=node)
            | DeleteClaim(node=node)
            | ClaimHost(node=node)
        ):
            return f"node/{node}"
        case DeleteNodePod(pod=pod) | ShrinkNodePod(pod=pod):
            return f"pod/{pod}"
        case ReleaseHost(host=host):
            return f"host/{host}"
        case (
            HoldJob(job=job)
            | CreateManager(job=job)
            | CreatePool(job=job)
            | DeletePool(job=job)
            | WriteJob(job=job)
            | ReleaseJob(job=job)
        ):
            return f"job/{job}"
        case WritePool(pool=pool):
            return f"pool/{pool}"
        case SupplyHosts():
            return "supply"
        case LoadSamples(pool=pool) | KeepSamples(pool=pool):
            return f"samples/{pool}"
        case CloseNetwork():
            return "network"
        case SweepPods():
            return "sweep"
        case Announce(kind=kind, name=name):
            return f"announce/{kind}/{name}"
