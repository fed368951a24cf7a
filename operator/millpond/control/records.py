"""What is remembered of each object: slim, mutable records that the fold keeps in step with the watches.

A `TaskRecord` exists for every Task, so it holds only what order, place and fate need; the command is read when it starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from millpond.api.computenode import ComputeNode
from millpond.api.job import Job
from millpond.api.reasons import TaskState
from millpond.api.views.pod import PodView
from millpond.lifecycle.nodes import NodeVerdict
from millpond.scheduling.demand import Demand
from millpond.scheduling.node_slots import NodeSlots
from millpond.scheduling.ready import ReadyQueue, Ticket

if TYPE_CHECKING:
    from millpond.control.pool_state import PoolState


class Problem(msgspec.Struct, frozen=True, gc=False):
    """Why a task that is valid cannot run: reason and message of its condition Scheduled=False."""

    reason: str
    message: str


class TaskRecord:
    """One Task. `attempt` is the newest begun; it is settled unless it is among `live`."""

    __slots__ = (
        "attempt", "backoff", "created", "demand", "job", "live", "max_retries", "name", "not_before", "pod", "problem", "queued",
        "requeue_count", "result", "retry_count", "settled", "state", "terminate", "uid", "version", "written_problem",
    )  # fmt: skip

    def __init__(self, name: str, uid: str, job: JobRecord) -> None:
        self.name = name
        self.uid = uid
        self.job = job
        self.version = 0
        self.created = ""
        self.demand = PLAIN
        self.max_retries: int | None = None
        self.state: TaskState = TaskState.ACTIVE
        self.result: str | None = None
        self.attempt = 0
        self.settled = 0
        self.retry_count = 0
        self.requeue_count = 0
        self.terminate = False
        self.live: Attempt | None = None
        self.pod: str | None = None
        self.queued = False
        self.not_before = 0.0
        self.backoff = 0.0
        self.problem: Problem | None = None
        self.written_problem: str | None = None

    @property
    def ticket(self) -> Ticket:
        return self.created, self.name

    @property
    def waits(self) -> bool:
        """True when the task could be placed as far as the task itself is concerned."""
        return self.live is None and self.state is not TaskState.COMPLETED and not self.terminate and self.problem is None


PLAIN = Demand()


class JobRecord:
    """One Job and its tasks. `model` is None for a name that Tasks use and no Job has (yet)."""

    def __init__(self, namespace: str, name: str) -> None:
        self.namespace = namespace
        self.name = name
        self.model: Job | None = None
        self.pool: PoolState | None = None
        self.tasks: dict[str, TaskRecord] = {}
        self.tasks_by_id: dict[str, str] = {}
        self.live: dict[str, Attempt] = {}
        self.ready = ReadyQueue(self._is_ready)
        self.counts: dict[str, int] = dict.fromkeys(COUNTS, 0)
        self.waiting = 0
        self.slots_used = 0
        self.ever_had_tasks = False
        self.last_summary = float("-inf")

    def _is_ready(self, ticket: Ticket, demand: Demand) -> bool:
        task = self.tasks.get(ticket[1])
        return task is not None and task.queued and task.created == ticket[0] and task.demand is demand


COUNTS = ("active", "preparing", "running", "succeeded", "failed")


class Attempt:
    """One Pod of a task. `holds` is true from its creation until its phase is terminal or it is gone."""

    __slots__ = ("assumed", "deleting", "demand", "gone", "holds", "job", "node", "number", "pod", "released", "task", "uid", "view")

    def __init__(self, pod: str, number: int, job: JobRecord, task: str, node: NodeRecord, demand: Demand) -> None:
        self.pod = pod
        self.number = number
        self.job = job
        self.task = task
        self.node = node
        self.demand = demand
        self.uid = ""
        self.view: PodView | None = None
        self.assumed = True
        self.holds = False
        self.deleting = False
        self.released = False
        self.gone = False

    @property
    def record(self) -> TaskRecord | None:
        """The task, unless it was deleted."""
        return self.job.tasks.get(self.task)


class NodeRecord:
    """One compute node: its object, its node Pods and the attempts bound to it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.model: ComputeNode | None = None
        self.creating = False
        self.removing = False
        self.pods: dict[str, PodView] = {}
        self.assumed_pods: set[str] = set()
        self.deleted_pods: set[str] = set()
        self.slots: NodeSlots | None = None
        self.attempts: dict[str, Attempt] = {}
        self.verdict: NodeVerdict | None = None
        self.last_written = float("-inf")
        self.tasks_run = 0
        self.tasks_succeeded = 0

    @property
    def leaving(self) -> bool:
        return self.removing or self.model is None or self.model.metadata.deletion_timestamp is not None

    @property
    def pod(self) -> PodView | None:
        """The newest node Pod."""
        return max(self.pods.values(), key=lambda p: (p.metadata.creation_timestamp, p.metadata.name), default=None)
