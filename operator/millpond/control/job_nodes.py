"""What is remembered of a job's preparation and release on each node: records kept in step with their Pods.

A `JobNode` exists for a job with a preparation task and a node that takes or took its tasks, and while a Pod of either
task exists there. Other jobs have none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from millpond.api import labels, naming
from millpond.api.views.pod import PodView
from millpond.lifecycle.preparation import Preparation
from millpond.lifecycle.release import Release
from millpond.lifecycle.run import Run

if TYPE_CHECKING:
    from millpond.control.node_record import NodeRecord
    from millpond.control.pool_state import PoolState
    from millpond.control.records import JobRecord


class JobPod:
    """A Pod of a job's preparation or release task. `view` is None while it is only asked for."""

    __slots__ = ("deleting", "name", "of", "role", "run", "uid", "version", "view")

    def __init__(self, name: str, role: str, of: JobNode) -> None:
        self.name = name
        self.role = role
        self.of = of
        self.uid = ""
        self.version = 0
        self.view: PodView | None = None
        self.run = Run()
        self.deleting = False

    @property
    def spent(self) -> bool:
        """True when its evidence has been let go: it counts for nothing any more."""
        return self.view is not None and labels.EVIDENCE_FINALIZER not in self.view.metadata.finalizers

    @property
    def holds(self) -> bool:
        """True while something of it may be running."""
        return self.view is None or not self.view.terminal


class JobNode:
    """One job on one node. What it stands at is judged by `plan_job_nodes`."""

    def __init__(self, pool: PoolState, job: JobRecord, node: NodeRecord) -> None:
        self.pool = pool
        self.job = job
        self.node = node
        self.pods: dict[str, JobPod] = {}
        self.preparation = Preparation.ABSENT
        self.release = Release.NONE
        self.unfinished = False
        """The job's end has to wait for this node."""
        self.not_before = 0.0
        """When the next Pod may be asked for, after one that was refused or lost."""
        self.backoff = 0.0
        self.refused = False
        """The Pod was refused, and is not asked for again before `not_before`."""
        self.refusals: dict[str, str] = {}
        """Why the API server, or the task itself, forbids the Pod, by its role; until one is seen."""
        self.letting_go: set[str] = set()
        """Pods whose evidence is being let go."""

    @property
    def key(self) -> str:
        return f"{self.job.name}/{self.node.name}"

    @property
    def current(self) -> str:
        """The Pod of the preparation that belongs to the node's present start; "" while that is not known."""
        model, boot = self.job.model, self.node.pod
        if model is None or boot is None:
            return ""
        return naming.preparation_pod(self.job.name, model.metadata.uid, self.node.name, boot.metadata.uid)

    @property
    def release_pod(self) -> str:
        uid = self.job.model.metadata.uid if self.job.model else ""
        return naming.release_pod(self.job.name, uid, self.node.name)

    def is_void(self, pod: JobPod) -> bool:
        """True for a Pod of a namesake of the job, or one on a host that the node does not stand on any more."""
        view, model, boot = pod.view, self.job.model, self.node.pod
        if view is None or model is None:
            return False
        if all(owner.uid != model.metadata.uid for owner in view.metadata.owner_references):
            return True
        host = boot.spec.node_name if boot else None
        return host is not None and host != view.spec.node_name

    def valid(self, role: labels.Role) -> list[JobPod]:
        """Its Pods of that task that tell of this job on this node."""
        return [pod for pod in self.of_role(role) if not self.is_void(pod)]

    def of_role(self, role: labels.Role) -> list[JobPod]:
        """Its Pods of that task whose evidence is kept, by name."""
        return [pod for _, pod in sorted(self.pods.items()) if pod.role == role and not pod.spent]


def job_node(pool: PoolState, job: JobRecord, node: NodeRecord) -> JobNode:
    """The record, made when something first speaks of it."""
    record = node.jobs.get(job.name)
    if record is None:
        record = node.jobs[job.name] = job.nodes[node.name] = JobNode(pool, job, node)
        pool.job_nodes[record.key] = record
    return record


def drop_job_node(record: JobNode) -> None:
    """Nothing speaks of it any more."""
    record.node.jobs.pop(record.job.name, None)
    record.job.nodes.pop(record.node.name, None)
    record.job.barred.discard(record.node.name)
    record.pool.job_nodes.pop(record.key, None)
    if record.node.emptied:
        record.pool.mark("node", record.node.name)
    record.job.pool.mark_emptier(record.job)


def preparation_before(pool: PoolState, job: JobRecord, node: NodeRecord) -> str:
    """The Pod of the preparation that a task of the job comes after when it is started on the node now; "" if none.

    A task that need not wait comes after one only as long as that is still to be made.
    """
    of = job_node(pool, job, node)
    spec = job.model.spec.job_preparation_task if job.model else None
    waits = spec is not None and spec.wait_for_success
    if of.preparation is Preparation.ABSENT or (of.preparation is Preparation.RUNNING and waits):
        pool.mark("jobnode", of.key)
        return of.current
    return ""
