"""What is remembered of each object: slim, mutable records that the fold keeps in step with the watches.

A `TaskRecord` exists for every Task, so it holds only what order, place and fate need; the command is read when it
starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from millpond.api import naming
from millpond.api.autopool import SchedulingError
from millpond.api.job import DesiredState, DisableTasks, Job, JobDisable
from millpond.api.reasons import JobState, TaskReason, TaskState
from millpond.api.views.task import Affinity, ExitConditions, SubtaskView
from millpond.lifecycle.exit_conditions import Call, Reaction
from millpond.lifecycle.jobs import disable_lasts, ends_tasks
from millpond.scheduling.demand import Demand
from millpond.scheduling.dependencies import Dependencies, Needs
from millpond.scheduling.order import JobTicket, Level
from millpond.scheduling.ready import ReadyQueue, Ticket

if TYPE_CHECKING:
    from millpond.control.attempt import Attempt
    from millpond.control.job_nodes import JobNode
    from millpond.control.pool_state import PoolState


class Problem(msgspec.Struct, frozen=True, gc=False):
    """Why a task that is valid cannot run: reason and message of its condition Scheduled=False."""

    reason: str
    message: str


ACTIVE, COMPLETED = TaskState.ACTIVE, TaskState.COMPLETED
"""For what is asked of very many tasks: to look a state up in its class costs more than the rest of such a question."""
NOT_KEPT = 0.0
"""The time until which nothing is kept."""


class OwnPool:
    """What is remembered of the Pool that is made for a job alone."""

    def __init__(self) -> None:
        self.asked_until = 0.0
        """When what was asked of it, and is not seen yet, is asked for again."""
        self.error: SchedulingError | None = None
        """Why it cannot be; the status tells of it with the job's end."""


class TaskRecord:
    """One Task. `live` is the attempt that is not counted yet."""

    __slots__ = (
        "affinity", "backoff", "blocked", "created", "demand", "exit_code", "exit_conditions", "hindrance", "id",
        "job", "kept_until", "live", "max_retries", "max_wall_clock", "name", "needs", "node_end", "node_name",
        "not_before", "problem", "queued", "reaction", "reactivate", "refusals", "requeue_count", "result",
        "retention", "retry_count", "settled", "state", "subtasks", "terminate", "uid", "vanished", "version",
        "written", "written_problem",
    )  # fmt: skip

    def __init__(self, name: str, uid: str, job: JobRecord) -> None:
        self.name = name
        self.uid = uid
        self.job = job
        self.version = 0
        self.id = name
        self.created = ""
        self.demand = PLAIN
        self.affinity: Affinity | None = None
        self.node_name: str | None = None
        """The node of the newest attempt that the object knows of; None once that came back."""
        self.node_end = 0
        """As which of that node's ends its own is told; 0 while none is."""
        self.exit_code: int | None = None
        self.subtasks: tuple[SubtaskView, ...] = ()
        """The instances of its last group but for the primary, as the Task tells of them."""
        self.max_retries: int | None = None
        self.max_wall_clock: int | None = None
        self.retention: int | None = None
        self.kept_until = NOT_KEPT
        """Until when what it has left on its last node is to stay there."""
        self.state: TaskState = ACTIVE
        self.result: str | None = None
        self.written = 0
        """`status.attempt`: the newest attempt that the object knows of."""
        self.settled = 0
        """The newest attempt that is counted."""
        self.vanished = 0
        """The newest attempt whose Pod went without an end that anybody saw."""
        self.retry_count = 0
        self.requeue_count = 0
        self.terminate = False
        self.reactivate: str | None = None
        """`spec.reactivatedAt` while that is not served."""
        self.live: Attempt | None = None
        self.queued = False
        self.not_before = 0.0
        self.backoff = 0.0
        self.refusals = 0
        """Nodes that have turned it away in a row, as far as this life of the operator knows."""
        self.problem: Problem | None = None
        self.written_problem: str | None = None
        self.hindrance = ""
        """What its conditions say of a Pod that cannot be begun with."""
        self.needs: Needs | None = None
        self.blocked = False
        """Its job's dependencies hold it back."""
        self.exit_conditions: ExitConditions | None = None
        self.reaction: Reaction | None = None
        """What follows from its end; None until the Task itself says that it is completed."""

    @property
    def ticket(self) -> Ticket:
        return self.created, self.name

    @property
    def attempt(self) -> int:
        """The newest attempt begun."""
        return self.written if self.live is None else max(self.written, self.live.number)

    @property
    def last_node(self) -> str | None:
        """The node where it runs, or ran last; None while it never ran, or ran and came back."""
        return self.live.node.name if self.live is not None else self.node_name

    @property
    def preferred_node(self) -> str | None:
        """The node that its affinity means now, if it has one (reference §2.15)."""
        hint = self.affinity
        if hint is None or hint.task_name is None:
            return hint.node_name if hint is not None else None
        other = self.job.tasks.get(hint.task_name)
        return other.last_node if other is not None else None

    @property
    def begun(self) -> bool:
        """True when an attempt was begun: dependencies do not hold the task back any more."""
        return self.live is not None or self.written > 0 or self.vanished > 0

    @property
    def expired(self) -> bool:
        """True when the object says that the task is too old: it is left in its state, and nothing of it counts."""
        return self.written_problem == TaskReason.TASK_EXPIRED

    @property
    def lost(self) -> bool:
        """True when an attempt that is not counted has no Pod any more: it is to be booked as a recovery."""
        if self.live is not None or self.state is COMPLETED or self.expired:
            return False
        return self.state is not ACTIVE or self.vanished > self.settled

    @property
    def key(self) -> str:
        """What Pods tell of the task's id: the id in lower case, as far as a label can hold it."""
        return self.name if self.id == self.name else naming.label_value(self.id).lower()

    @property
    def directory(self) -> str:
        """The task's directory below the node directory (reference §7.2)."""
        return f"workitems/{self.job.name}/job-1/{self.id}"

    @property
    def waits(self) -> bool:
        """True when the task could be placed as far as the task itself is concerned."""
        # Preparing or Running without an attempt is lost, as is one that vanished: booked before it waits again.
        return (
            self.live is None
            and self.state is ACTIVE
            and self.vanished <= self.settled
            and self.problem is None
            and not self.blocked
            and not self.terminate
            and self.not_before == 0.0
        )


PLAIN = Demand()


class JobRecord:
    """One Job and its tasks. `model` is None for a name that Tasks use and no Job has (yet)."""

    def __init__(self, name: str, pool: PoolState) -> None:
        self.name = name
        self.model: Job | None = None
        self.pool: PoolState = pool
        self.state: JobState = JobState.ACTIVE
        self.tasks: dict[str, TaskRecord] = {}
        self.attempts: dict[str, dict[str, Attempt]] = {}
        """All attempts whose Pods exist, by task and Pod."""
        self.holders: dict[str, set[Attempt]] = {}
        """Those of them that hold slots, by their key: where they live there may be no other one."""
        self.live: dict[str, Attempt] = {}
        """Attempts, and their members, that hold slots or are not counted yet."""
        self.members = 0  # how many of those are instances of multi-instance tasks other than the primary
        self.gathering: dict[str, TaskRecord] = {}  # its multi-instance tasks that wait, by name
        self.given_ids: dict[str, set[str]] = {}
        """Names of the tasks whose id is not their name, by id in lower case."""
        self.reserved: dict[str, str] = {}
        """Ids, in lower case, that its own preparation and release tasks have; and the reason to refuse them."""
        self.nodes: dict[str, JobNode] = {}
        """Nodes on which it is, or was, prepared, by name."""
        self.barred: set[str] = set()
        """Names of the nodes that take none of its tasks, since its preparation failed there."""
        self.ready = ReadyQueue(self._is_ready)
        self.ticket: JobTicket = ("", name)
        """The job's place among those of its priority."""
        self.filed: Level | None = None
        """The level at which the job can be drawn now; None while it cannot."""
        self.manager: TaskRecord | None = None
        self.manager_uid = ""
        """The uid of the manager's Task, once it is made; see `fold_tasks.appoint`."""
        self.manager_problem: Problem | None = None
        self.making_until = 0.0  # when the manager's Task, asked for and not seen yet, is asked for again
        self.own_pool = OwnPool()
        self.counts: dict[str, int] = dict.fromkeys(COUNTS, 0)
        """Tasks by tally."""
        self.slot_counts: dict[str, int] = dict.fromkeys(COUNTS, 0)
        """The slots that those tasks require."""
        self.waiting = 0
        self.slots_used = 0
        self.ever_had_tasks = False
        self.told = 0  # how many of the tasks say themselves that they are completed
        self.calls: dict[str, Call] = {}
        """What the ends of those ask of the job, by their names; nothing where it performs no job actions."""
        self.dependencies: Dependencies | None = None
        """None where the job does not use them."""
        self.disable_asked: JobDisable | None = None
        """A disable that the service itself makes, asked for once, until `status.disabledBy` tells of it and lasts.

        Whoever sets it also marks the job, and can find again after a restart what made him ask.
        """
        self.holding = ""
        """The version of the Job on which the job finalizer is being written."""
        self.released = ""
        """The uid of the deleted Job that has been let go with its tasks, or is being."""
        self.writing = False
        """Something was said of its tasks since the job was judged last."""
        self.last_summary = float("-inf")
        self.summary_scheduled = False
        self.unwritten = False
        """The status that `model` carries is not what the object has: the last write failed."""

    @property
    def prepares(self) -> bool:
        """True when it has a preparation task."""
        return self.model is not None and self.model.spec.job_preparation_task is not None

    @property
    def disable_option(self) -> DisableTasks:
        """What a disable in force means for tasks that run; a service's is always `Requeue` (reference §4.7)."""
        if self.model is None or (self.service_disable is not None and not self.user_disables):
            return DisableTasks.REQUEUE
        return self.model.spec.disable_tasks

    @property
    def user_disables(self) -> bool:
        return self.model is not None and self.model.spec.desired_state is DesiredState.DISABLED

    @property
    def service_disable(self) -> JobDisable | None:
        """The disable of the service that is in force."""
        if self.model is None:
            return None
        spec, status = self.model.spec, self.model.status
        if not disable_lasts(self.user_disables, spec.enabled_at, status.served.enabled_at):
            return None if self.user_disables else self.disable_asked
        return self.disable_asked or status.disabled_by

    @property
    def running(self) -> int:
        """How many of its tasks have an attempt under way."""
        return len(self.live) - self.members

    @property
    def forced(self) -> bool:
        """True when the job ends without waiting for its nodes (reference §3.4)."""
        return self.model is not None and self.model.spec.force and self.ending

    @property
    def ending(self) -> bool:
        """True when the job starts no more tasks, for good."""
        return self.deleting or ends_tasks(self.state)

    @property
    def deleting(self) -> bool:
        """True when the Job was deleted: its tasks are not worth a word any more, they go with it."""
        return self.model is not None and self.model.metadata.deletion_timestamp is not None

    def tally(self, name: str, sign: int, slots: int) -> None:
        """Count a task of so many slots in (+1) or out (-1)."""
        self.counts[name] += sign
        self.slot_counts[name] += sign * slots

    def mark_live(self) -> None:
        """Judge all attempts again that may still count or hold slots."""
        for attempt in self.live.values():
            attempt.pool.mark("attempt", attempt.pod)

    def _is_ready(self, ticket: Ticket, demand: Demand) -> bool:
        task = self.tasks.get(ticket[1])
        return task is not None and task.queued and task.created == ticket[0] and task.demand == demand


COUNTS = ("active", "preparing", "running", "succeeded", "failed")
