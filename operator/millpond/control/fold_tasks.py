"""Folding Tasks into the state: what a Task says, and what that changes for its job's queue and tallies.

Runs once for each of very many objects, so it touches only what differs.
"""

from __future__ import annotations

import sys
from functools import lru_cache

from msgspec.structs import replace

from millpond.api import naming
from millpond.api.job import Job
from millpond.api.reasons import JobState, TaskReason, TaskState
from millpond.api.resources import millicores, whole
from millpond.api.views.task import ExitConditions, TaskDependencies, TaskResources, TaskStatus, TaskView
from millpond.control.attempt import Attempt
from millpond.control.fold_dependencies import conclude, follow, forget
from millpond.control.fold_ends import drop_unsent, tell_end
from millpond.control.litter import leaves_litter
from millpond.control.pool_state import tally_of
from millpond.control.records import ACTIVE, COMPLETED, PLAIN, JobRecord, TaskRecord
from millpond.control.retained import drop_files, keep_files
from millpond.control.task_ids import give_id_back, take_id
from millpond.lifecycle.exit_conditions import Reaction, react
from millpond.lifecycle.terms import Contradiction, contradiction
from millpond.scheduling.demand import Demand
from millpond.scheduling.dependencies import Needs, needs_of

_STATES = {state.value: state for state in TaskState}
CPU, MEMORY = "cpu", "memory"
UNCOUNTED = ("ephemeral-storage",)
"""Requests that the node itself refuses when it lacks them; nothing is booked for them."""


def fold_task(job: JobRecord, view: TaskView) -> bool:
    """Take a Task's word for what it is and where it stands. False when the view is older than what is known."""
    meta = view.metadata
    task = job.tasks.get(meta.name)
    if task is not None and task.uid != meta.uid:
        drop_task(job, task)
        task = None
    if task is None:
        task = _new_task(job, view)
        told = view.status != NOTHING or view.spec.reactivated_at is not None
    elif meta.version < task.version:
        return False
    else:
        told = True
    task.version = meta.version
    _take_spec(task, view)
    if told:
        _take_status(task, view)
    if job.pool.unsent:
        drop_unsent(job.pool, f"{job.name}/{task.name}")
    if job.attempts:
        adopt(task)
    follow(task)
    settle_into_queue(task)
    return True


NOTHING = TaskStatus()
"""The status of most tasks that wait: nothing was ever said of them."""


def _new_task(job: JobRecord, view: TaskView) -> TaskRecord:
    """A record of what a Task is for all its life; as yet nothing is known of how far it came."""
    meta, spec = view.metadata, view.spec
    task = job.tasks[meta.name] = TaskRecord(meta.name, meta.uid, job)
    # Tasks come many a second, and the time is in whole seconds: one text serves them all.
    task.created = sys.intern(meta.creation_timestamp)
    task.id = spec.id or task.name
    task.demand = demand_of(spec.required_slots, spec.resources)
    if spec.multi_instance_settings is not None:
        task.demand = replace(task.demand, instances=spec.multi_instance_settings.number_of_instances)
    task.affinity = spec.affinity
    job.tally("active", +1, task.demand.width)
    if spec.depends_on is not None:
        task.needs = _needs(spec.depends_on)
    if spec.exit_conditions is not None:
        task.exit_conditions = _shared(spec.exit_conditions)
    job.ever_had_tasks = True
    take_id(task)
    for attempt in job.attempts.get(meta.name, {}).values():
        attempt.record = task if attempt.task_uid == meta.uid else None
    if meta.uid == job.manager_uid:
        _make_manager(task)
    job.pool.mark("job", job.name)
    return task


def _take_spec(task: TaskRecord, view: TaskView) -> None:
    constraints = view.spec.constraints
    task.max_retries = constraints.max_task_retry_count if constraints else None
    task.max_wall_clock = constraints.max_wall_clock_seconds if constraints else None
    task.retention = constraints.retention_seconds if constraints else None
    task.terminate = view.spec.desired_state == "Terminated"
    if task.terminate and task.live is not None:
        task.live.pool.mark("attempt", task.live.pod)


def _take_status(task: TaskRecord, view: TaskView) -> None:
    status, pool = view.status, task.job.pool
    state = _STATES.get(status.state, ACTIVE)
    if state is not task.state or status.result != task.result:
        pool.count(task, state, status.result)
    conclude(task, _reaction(task, status) if state is COMPLETED else None, status.end_time)
    task.retry_count = status.retry_count
    task.requeue_count = status.requeue_count
    # A node has many tasks: one text serves them all.
    task.node_name = sys.intern(status.node_name) if status.node_name else None
    task.node_end, task.exit_code = status.node_end, status.exit_code
    task.subtasks = status.subtasks
    if status.node_end or status.subtasks:
        tell_end(task)
    keep_files(task, status.end_time if state is COMPLETED else None)
    asked = view.spec.reactivated_at
    task.reactivate = asked if asked != status.served.reactivated_at else None
    task.written_problem, task.hindrance = None, ""
    for condition in status.conditions:
        if condition.type == "Scheduled" and condition.status == "False":
            task.written_problem = condition.reason
        elif condition.reason == TaskReason.POD_NOT_STARTING:
            task.hindrance = condition.message
    pool.begun -= task.attempt
    task.written = status.attempt
    counted = state in (ACTIVE, COMPLETED) or task.expired
    task.settled = status.attempt if counted else status.attempt - 1
    pool.begun += task.attempt


def adopt(task: TaskRecord) -> None:
    """Make the newest attempt that is not counted the task's own.

    Done whenever the Task's word on what is counted changes, since that word can also be taken back: a verdict whose
    write failed is no verdict, and its Pod is evidence again.
    """
    job = task.job
    newest: Attempt | None = None
    for attempt in job.attempts.get(task.name, {}).values():
        if attempt.record is task and attempt.number > task.settled and not attempt.instance:
            newest = attempt if newest is None or attempt.number > newest.number else newest
    if newest is not task.live:
        job.pool.begun -= task.attempt
        task.live = newest
        job.pool.begun += task.attempt
        if task.needs is not None:
            follow(task)
    for attempt in job.attempts.get(task.name, {}).values():
        if not attempt.released:
            attempt.pool.mark("attempt", attempt.pod)
        job.pool.keep_live(attempt, attempt.holds or not attempt.settled)


def appoint(job: JobRecord, uid: str) -> None:
    """The Task of that uid is the job's manager; "" when there is none yet."""
    if job.manager_uid == uid:
        return
    former, job.manager, job.manager_uid = job.manager, None, uid
    if former is not None:
        _ask_for(former, replace(former.demand, exclusive=False, dedicated=False))
    if job.model is not None and job.model.spec.job_manager_task is not None:
        found = job.tasks.get(naming.manager_task(job.name, job.model.spec.job_manager_task.id))
        if found is not None and found.uid == uid:
            _make_manager(found)


def _make_manager(task: TaskRecord) -> None:
    """The task goes before all others of its job, and alone on its node where the job says so."""
    job = task.job
    job.manager = task
    if job.model is not None and job.model.spec.job_manager_task is not None:
        spec = job.model.spec.job_manager_task
        _ask_for(task, replace(task.demand, exclusive=spec.run_exclusive, dedicated=not spec.allow_low_priority_node))
    job.pool.refile(job)


def _ask_for(task: TaskRecord, demand: Demand) -> None:
    """The task asks for something else than before; it keeps its place in the queue."""
    waits = task.queued
    task.job.pool.dequeue(task)
    task.demand = demand
    if waits:
        task.job.pool.enqueue(task)


def reserved_ids(model: Job) -> dict[str, str]:
    """The ids that no task of the job may have, in lower case, and the reason of the problem that it has then."""
    spec, found = model.spec, {}
    if spec.job_preparation_task is not None:
        found[spec.job_preparation_task.id.lower()] = TaskReason.TASK_ID_SAME_AS_JOB_PREPARATION_TASK.value
    if spec.job_release_task is not None:
        found[spec.job_release_task.id.lower()] = TaskReason.TASK_ID_SAME_AS_JOB_RELEASE_TASK.value
    return found


def queue_or_not(task: TaskRecord) -> None:
    """Queue the task if it waits for nothing but a place."""
    if task.waits:
        task.job.pool.enqueue(task)
    else:
        task.job.pool.dequeue(task)


def settle_into_queue(task: TaskRecord) -> None:
    """Queue the task if it waits for nothing but a place, and mark it for judgement where something else is up."""
    job, pool = task.job, task.job.pool
    queue_or_not(task)
    if task.state is COMPLETED and not task.reactivate:
        return
    if (
        job.model is None
        or task.reactivate
        or (job.state is not JobState.ACTIVE and job.ending)
        or task.lost
        or task.not_before
        or task.terminate
        or task.problem
        or task.written_problem
        or (job.reserved and task.id.lower() in job.reserved)
        or pool.misfit(task.demand)
        or contradicts(task, job.model)
    ):
        pool.mark("task", f"{job.name}/{task.name}")


def contradicts(task: TaskRecord, job: Job) -> Contradiction | None:
    """What the task says that its job does not allow."""
    if task.needs is None and task.exit_conditions is None:
        return None
    return contradiction(job.spec, task.exit_conditions, depends=task.needs is not None)


def drop_task(job: JobRecord, task: TaskRecord) -> None:
    """The Task was deleted: nobody waits for it any more, and its attempts count for nothing."""
    pool = job.pool
    leaves_litter(task)
    drop_files(task)
    pool.dequeue(task)
    drop_unsent(pool, f"{job.name}/{task.name}")
    pool.begun -= task.attempt
    job.tally(tally_of(task.state, task.result), -1, task.demand.width)
    conclude(task, None)
    del job.tasks[task.name]
    give_id_back(task)
    forget(task)
    if job.manager is task:
        job.manager = None
        pool.refile(job)
    task.live = None
    for attempt in job.attempts.get(task.name, {}).values():
        attempt.record = None
        attempt.pool.mark("attempt", attempt.pod)
        pool.keep_live(attempt, attempt.holds)
    pool.mark("job", job.name)


def _needs(words: TaskDependencies) -> Needs | None:
    return needs_of(words.task_ids, tuple((span.start, span.end) for span in words.task_id_ranges))


@lru_cache(maxsize=128)
def _shared(conditions: ExitConditions) -> ExitConditions:
    """One value for all tasks that say the same."""
    return conditions


def _reaction(task: TaskRecord, status: TaskStatus) -> Reaction:
    return react(task.exit_conditions, status.exit_code, status.failure.code if status.failure else None)


@lru_cache(maxsize=512)
def _slots_only(slots: int) -> Demand:
    return PLAIN if slots == 1 else Demand(slots)


def demand_of(slots: int, resources: TaskResources | None) -> Demand:
    """What a Task's spec asks for. Limits alone become requests, as in Kubernetes."""
    if resources is None:
        return _slots_only(slots)
    asked = {**resources.limits, **resources.requests}
    cpu, memory = asked.pop(CPU, None), asked.pop(MEMORY, None)
    return Demand(
        slots,
        millicores(cpu) if cpu is not None else None,
        whole(memory) if memory is not None else None,
        tuple(sorted((name, whole(amount)) for name, amount in asked.items() if name not in UNCOUNTED)),
    )
