"""The state of one pool: its nodes, jobs and attempts, what is free, who waits, and what changed since the last plan.

Kept in step by `World`, read by the plan. Every change marks what must be judged again, so that a plan costs what
changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from heapq import heappop, heappush
from typing import Literal, NamedTuple, get_args

from millpond.api.nodetemplate import NodeClass
from millpond.api.pool import Pool
from millpond.api.reasons import TaskState
from millpond.api.views.host import HostView
from millpond.api.views.pod import PodView
from millpond.control.actions import WriteTask
from millpond.control.attempt import Attempt
from millpond.control.job_nodes import JobNode, JobPod
from millpond.control.managers import lacks_manager, level_of
from millpond.control.node_record import NodeRecord
from millpond.control.records import ACTIVE, COMPLETED, JobRecord, TaskRecord
from millpond.control.sample_record import SampleRecord
from millpond.control.supply import SupplyRecord
from millpond.lifecycle.jobs import starts_tasks
from millpond.scaling.autoscale import Run
from millpond.scaling.target import Sizing
from millpond.scheduling.demand import Demand
from millpond.scheduling.finding import Finding
from millpond.scheduling.misfit import PoolTerms, misfit
from millpond.scheduling.node_slots import NodeSlots
from millpond.scheduling.order import JobOrderIndex
from millpond.scheduling.placement import NodeIndex

NO_TIME = "~"
"""Later than every RFC 3339 time, as text."""

Subject = Literal[
    "age",
    "attempt",
    "group",
    "task",
    "job",
    "counted",
    "node",
    "touched",
    "jobnode",
    "samples",
    "autoscale",
    "size",
    "supply",
    "pool",
    "sweep",
]
SUBJECTS: tuple[Subject, ...] = get_args(Subject)


class PoolKey(NamedTuple):
    """Names a cycle. `pool` is "" for the cycle that tells tasks that their job does not exist."""

    namespace: str
    pool: str


class PoolState:
    """One pool name in one namespace. `model` is None while no such Pool exists."""

    def __init__(
        self,
        namespace: str,
        name: str,
        claim: str,
        hosts: dict[str, HostView],
        claimed: set[str],
        yielding: dict[str, JobRecord],
        siblings: Mapping[str, PoolState],
        forget_job: Callable[[JobRecord], None],
    ) -> None:
        self.key = PoolKey(namespace, name)
        self.namespace, self.name = self.key
        self.claim = claim
        self.hosts = hosts
        """All hosts of the cluster, shared with the world."""
        self.claimed = claimed
        """Names of the hosts that carry this pool's claim."""
        self.yielding = yielding  # the jobs of the namespace that allow pre-emption, shared with it
        self.siblings = siblings  # the pools of the namespace, this one among them
        self.model: Pool | None = None
        self.node_versions: dict[NodeClass, str] = {}  # of what `model` makes its nodes with
        self.jobs: dict[str, JobRecord] = {}
        self.nodes: dict[str, NodeRecord] = {}
        self.attempts: dict[str, Attempt] = {}
        self.job_nodes: dict[str, JobNode] = {}
        """By `job/node`."""
        self.job_pods: dict[str, JobPod] = {}
        """Pods of jobs' preparation and release tasks, by name."""
        self.index = NodeIndex()
        self.order = JobOrderIndex()
        self.begun = 0
        """Attempts ever begun by the pool's tasks: the seed of the fair draw."""
        self.slots_used = 0
        self.oldest_running = NO_TIME
        """Creation time of the running task whose age is watched."""
        self.counted: set[str] = set()
        """Released Pods, marked as counted, that no sweep has deleted yet."""
        self.sweep_scheduled = False
        self.releasing: set[str] = set()
        """Hosts whose claim is being taken off."""
        self.supply = SupplyRecord()
        self.sizings: dict[NodeClass, Sizing] = {}  # the resize of each class in force, since it was judged first
        self.over_quota: dict[NodeClass, str] = {}  # why no more nodes are made, where the quota of cores is the reason
        self.samples: SampleRecord | None = None  # None without a formula
        self.latest_ends: dict[str, int] = {}  # by node name: the highest number of an end that its tasks tell of
        self.decided: Run | None = None  # an evaluation of the formula that the Pool's status does not tell yet
        self.evaluate_at = 0.0  # the deadline that is set for the next one
        self.network: tuple[object, float] | None = None
        """What the pool's NetworkPolicy was last asked to say, and when it is to be looked at again."""
        self.forget_job = forget_job
        self.last_summary = float("-inf")
        self.summary_scheduled = False
        self.unwritten = False
        """The status that `model` carries is not what the Pool has: the last write failed."""
        self.gathering: dict[str, JobRecord] = {}  # jobs with multi-instance tasks that wait
        self.unsent: dict[str, tuple[WriteTask, float]] = {}
        """Writes of tasks (`job/task`) that failed, until they are made or the Task is seen anew; when to try again."""
        self.dirty: dict[Subject, set[str]] = {subject: set() for subject in SUBJECTS}
        self.deadlines: list[tuple[float, Subject, str]] = []

    @property
    def deleting(self) -> bool:
        """True when there is no such Pool, or not for long."""
        return self.model is None or self.model.metadata.deletion_timestamp is not None

    # What changed, and what will change by time alone.

    def mark(self, subject: Subject, name: str) -> None:
        """Judge this again in the next plan. A task's name is `job/task`."""
        self.dirty[subject].add(name)

    def mark_attempts(self, node: NodeRecord) -> None:
        """Judge all attempts on the node again."""
        for pod in node.attempts:
            self.mark("attempt", pod)

    def look_at(self, when: float, subject: Subject, name: str) -> None:
        """Judge this again at a time."""
        heappush(self.deadlines, (when, subject, name))

    def mark_due(self, now: float) -> None:
        """Mark what time alone has made due."""
        while self.deadlines and self.deadlines[0][0] <= now:
            _, subject, name = heappop(self.deadlines)
            self.mark(subject, name)

    def taken(self, subject: Subject) -> list[str]:
        """The names marked, in order, unmarked."""
        marked = self.dirty[subject]
        if not marked:
            return []
        names = sorted(marked)
        marked.clear()
        return names

    @property
    def restless(self) -> bool:
        """True when something is marked that the plan under way has passed by already."""
        return any(self.dirty.values())

    def task_of(self, marked: str) -> TaskRecord | None:
        """The task of a mark `job/task`, if it still exists."""
        job, _, name = marked.partition("/")
        return self.task(job, name)

    def task(self, job: str, name: str) -> TaskRecord | None:
        """The task, if it still exists: of this pool's jobs, or one that has an attempt here."""
        record = self.jobs.get(job)
        if record is None:
            record = next((a.job for a in self.attempts.values() if a.task == name and a.job.name == job), None)
        return record.tasks.get(name) if record else None

    def node(self, name: str) -> NodeRecord:
        """The node's record, made when something first speaks of it."""
        record = self.nodes.get(name)
        if record is None:
            record = self.nodes[name] = NodeRecord(name)
        return record

    # The books.

    def hold(self, attempt: Attempt) -> None:
        """The attempt takes its slots."""
        if attempt.holds:
            return
        node, job, demand = attempt.node, attempt.job, attempt.demand
        attempt.holds = True
        self._touch(node, +1)
        self.slots_used += demand.slots
        job.slots_used += demand.slots
        job.holders.setdefault(attempt.key, set()).add(attempt)
        if node.slots is not None:
            self.index.take(node.slots, demand)

    def free(self, attempt: Attempt) -> None:
        """The attempt gives its slots back."""
        if not attempt.holds:
            return
        node, job, demand = attempt.node, attempt.job, attempt.demand
        attempt.holds = False
        self._touch(node, -1)
        self.slots_used -= demand.slots
        job.slots_used -= demand.slots
        holders = job.holders[attempt.key]
        holders.discard(attempt)
        if not holders:
            del job.holders[attempt.key]
        if node.slots is not None:
            self.index.give(node.slots, demand)
        self.leave(node, attempt.view)

    def leave(self, node: NodeRecord, pod: PodView | None) -> None:
        """A Pod of the node keeps its host no longer: one that the node has moved away from may be given back."""
        if pod is not None and (node.pod is None or node.pod.spec.node_name != pod.spec.node_name):
            self.mark("size", self.name)

    def _touch(self, node: NodeRecord, change: int) -> None:
        """Judge the node where that matters: when it gets busy or free, or is being emptied; else tell in time."""
        before, node.holding = node.holding, node.holding + change
        if before == 0 or node.holding == 0 or node.emptied:
            self.mark("node", node.name)
        else:
            self.tell_of(node)

    def tell_of(self, node: NodeRecord) -> None:
        """Have the node's counts told in time."""
        if not node.summary_scheduled:
            self.mark("touched", node.name)

    def size_node(self, node: NodeRecord, slots: NodeSlots) -> None:
        """Set or replace what a node offers; what its attempts hold is booked anew."""
        if node.slots is not None:
            self.index.discard(node.name)
        node.slots = slots
        for attempt in node.attempts.values():
            if attempt.holds:
                slots.take(attempt.demand)

    def open_node(self, node: NodeRecord, takes_tasks: bool) -> None:
        """Let a node take tasks, or no more."""
        inside = node.name in self.index
        if takes_tasks and not inside and node.slots is not None:
            self.index.add(node.slots)
        elif inside and not takes_tasks:
            self.index.discard(node.name)

    def misfit(self, demand: Demand) -> Finding | None:
        """Why this pool can never take the demand as it is; None too while there is no pool."""
        if self.model is None or (not demand.instances and demand.slots <= self.model.spec.task_slots_per_node):
            return None
        return misfit(demand, terms_of(self.model), self.name)

    def mark_misfits(self) -> None:
        """Judge the tasks again whose fate depends on how many slots a node has: the Pool came or went."""
        for job in self.jobs.values():
            for task in job.tasks.values():
                if task.problem is not None or task.written_problem is not None or self.misfit(task.demand):
                    self.mark("task", f"{job.name}/{task.name}")

    # Who waits.

    def enqueue(self, task: TaskRecord) -> None:
        """Put a waiting task into its job's queue."""
        if not task.queued:
            task.queued = True
            task.job.waiting += 1
            task.job.ready.push(task.ticket, task.demand)
            if task.demand.instances:
                task.job.gathering[task.name] = task
                self.gathering[task.job.name] = task.job
            if task.job.filed is None or task is task.job.manager:
                self.refile(task.job)

    def dequeue(self, task: TaskRecord) -> None:
        """Take a task out of its job's queue, if it is in."""
        if task.queued:
            task.queued = False
            task.job.waiting -= 1
            if task.demand.instances:
                task.job.gathering.pop(task.name, None)
                if not task.job.gathering:
                    self.gathering.pop(task.job.name, None)
            if task.job.waiting == 0 or task is task.job.manager:
                self.refile(task.job)

    def keep_live(self, attempt: Attempt, live: bool) -> None:
        """Count an attempt of this pool's job among the job's live ones, or no more."""
        job = attempt.job
        if attempt.live is live:
            return
        attempt.live = live
        if live:
            job.live[attempt.pod] = attempt
            job.members += attempt.instance > 0
        else:
            if job.live.get(attempt.pod) is attempt:
                del job.live[attempt.pod]
            job.members -= attempt.instance > 0
            self.mark_emptier(job)
        if job.manager is not None or (job.model is not None and job.model.spec.max_parallel_tasks >= 0):
            self.refile(job)

    def refile(self, job: JobRecord) -> None:
        """Let the job be drawn exactly while it has waiting tasks and may start one."""
        model, wanted = job.model, None
        if (
            model is not None
            and job.waiting > 0
            and starts_tasks(job.state)
            and not job.deleting
            and not lacks_manager(job)
        ):
            most = model.spec.max_parallel_tasks
            if most < 0 or job.running < most:
                wanted = level_of(job)
        if wanted == job.filed:
            return
        if job.filed is not None:
            self.order.discard(job.filed, job.ticket)
        if wanted is not None:
            self.order.add(wanted, job.ticket)
        job.filed = wanted

    def mark_emptier(self, job: JobRecord) -> None:
        """Judge the job again where it matters that fewer of its Pods are left: while it pauses or ends, or is gone."""
        if job.model is None or not starts_tasks(job.state):
            job.pool.mark("job", job.name)

    def unfile(self, job: JobRecord) -> None:
        """Let the job be drawn no more from here."""
        if job.filed is not None:
            self.order.discard(job.filed, job.ticket)
            job.filed = None

    def count(self, task: TaskRecord, state: TaskState, result: str | None) -> None:
        """Move a task between the tallies of its job."""
        job, slots = task.job, task.demand.width
        job.tally(tally_of(task.state, task.result), -1, slots)
        job.tally(tally_of(state, result), +1, slots)
        task.state, task.result = state, result
        if not starts_tasks(job.state):
            self.mark("job", job.name)
        elif not job.summary_scheduled:
            self.mark("counted", job.name)


def terms_of(model: Pool) -> PoolTerms:
    """What the pool offers at most."""
    spec = model.spec
    targets = (spec.target_dedicated_nodes or 0) + (spec.target_low_priority_nodes or 0)
    nodes = targets if spec.auto_scale is None else None
    return PoolTerms(spec.task_slots_per_node, spec.enable_inter_node_communication, nodes)


def tally_of(state: TaskState, result: str | None) -> str:
    """The tally that a task of that state and result is counted in."""
    if state is COMPLETED:
        return "succeeded" if result == "Success" else "failed"
    return _UNFINISHED[state]


_UNFINISHED = {ACTIVE: "active", TaskState.PREPARING: "preparing", TaskState.RUNNING: "running"}
