"""The facts about one task that `scheduling/explain` reads, out of the state of its pool.

Works on state that a running operator keeps, and on state folded once from lists: where no plan has sized a node yet,
what the ComputeNode's own status says it offers is booked with what the attempts on it hold.
"""

from __future__ import annotations

from itertools import islice

from millpond.api import naming
from millpond.api.computenode import ComputeNode
from millpond.api.conditions import ConditionStatus, find
from millpond.api.nodetemplate import NodeClass
from millpond.api.reasons import ConditionType, NodeState, TaskReason, TaskResult, TaskState
from millpond.api.resources import millicores, whole
from millpond.api.views.meta import Condition
from millpond.api.views.task import TaskView
from millpond.control.former_pods import in_the_way, why_waits
from millpond.control.gathering import kept_from
from millpond.control.limits import Limits
from millpond.control.managers import lacks_manager, manager_waits
from millpond.control.node_record import NodeRecord
from millpond.control.pool_state import PoolState, terms_of
from millpond.control.records import JobRecord, TaskRecord
from millpond.control.sizing import whole_target_of
from millpond.lifecycle.age import added_too_early, told_too_old
from millpond.lifecycle.jobs import why_none_start
from millpond.lifecycle.kubelet import awaits_sandbox
from millpond.lifecycle.waits import waiting_for_container, waits_for_preparation
from millpond.scheduling.dependencies import Key
from millpond.scheduling.explain import Facts, JobFact, NodeFact, PoolFact, PredecessorFact
from millpond.scheduling.finding import Finding
from millpond.scheduling.node_slots import NodeSlots

_ORDER = (TaskState.COMPLETED, TaskState.ACTIVE, TaskState.PREPARING, TaskState.RUNNING)
"""States from the one with the least hope of being satisfied soon to the one with the most."""
MOST_NAMED = 8
"""So many unmet dependencies are named."""


def facts_of(task: TaskRecord, view: TaskView, now: float) -> Facts:
    """All about the task; `view` is the object that its record was folded from."""
    job = task.job
    pool = job.pool
    conditions = {condition.type: condition for condition in view.status.conditions}
    unmet = list(islice(job.dependencies.unmet(task.name), MOST_NAMED + 1)) if job.dependencies is not None else []
    complete = conditions.get("Complete")
    nodes = tuple(_node_fact(node) for _, node in sorted(pool.nodes.items()) if node.model is not None)
    kept_for, kept = kept_from(task, [node.slots for node in nodes if node.slots is not None], now)
    return Facts(
        task=task.name,
        state=task.state.value,
        demand=task.demand,
        job=job_fact(job),
        pool=pool_fact(job, pool),
        nodes=nodes,
        kept_for=kept_for,
        kept=kept,
        barred=frozenset(name for name, node in pool.nodes.items() if _is_barred(job, node)),
        node=(task.live.node.name if task.live else None) or _last_node(view),
        succeeded=task.result == "Success",
        ran=view.status.exit_code is not None,
        ended=complete.message if complete else "",
        problem=_problem(task, conditions.get("Scheduled"), now),
        retry=complete.message if complete and complete.reason in (TaskReason.RETRYING, TaskReason.REQUEUED) else "",
        container_trouble=_container_trouble(task),
        manager=_first(task),
        prepares=task.live is not None and task.live.view is not None and waits_for_preparation(task.live.view),
        giving_way=sum(1 for other in pool.attempts.values() if other.holds and other.displaced == job.name),
        may_give_way=job.name in pool.yielding and task.live is not None and not task.live.manages,
        waits_for=tuple(_predecessor(job, key) for key in unmet[:MOST_NAMED]),
        waits_for_more=len(unmet) > MOST_NAMED,
        waiting_above=sum(other.waiting for other in pool.jobs.values() if priority_of(other) > priority_of(job)),
        waiting_before=0 if task is job.manager else sum(1 for other in job.tasks.values() if _before(other, task)),
        waiting_beside=sum(
            other.waiting for other in pool.jobs.values() if other is not job and priority_of(other) == priority_of(job)
        ),
    )


def _first(task: TaskRecord) -> str:
    """The job's manager, where it is another task and none may start before it."""
    job = task.job
    if job.manager is task or not (lacks_manager(job) or manager_waits(job)):
        return ""
    assert job.model is not None
    assert job.model.spec.job_manager_task is not None
    return naming.manager_task(job.name, job.model.spec.job_manager_task.id)


def _problem(task: TaskRecord, scheduled: Condition | None, now: float) -> Finding | None:
    """What the Task says of itself, or what is said of it once a slot is free: placement asks for the age last."""
    if scheduled is not None and scheduled.status == "False":
        return Finding(scheduled.reason, scheduled.message, True)
    limits = Limits()
    if task.created <= added_too_early(now, limits.task_lifetime):
        return Finding(TaskReason.TASK_EXPIRED, told_too_old(limits.task_lifetime), True)
    former = in_the_way(task, now, limits) if task.live is None and not task.blocked else None
    if former is not None:
        waits = why_waits(task, former)
        return Finding(waits.reason, waits.message, True)
    return None


def _predecessor(job: JobRecord, key: Key) -> PredecessorFact:
    """How the tasks stand that a dependency on this key means, in the words of the one that is furthest."""
    tasks = [job.tasks[name] for name in job.dependencies.named(key)] if job.dependencies is not None else []
    furthest = max(tasks, key=lambda task: (_ORDER.index(task.state), task.name), default=None)
    if furthest is None:
        return PredecessorFact(str(key), "does not exist")
    if furthest.state is not TaskState.COMPLETED:
        return PredecessorFact(str(key), f"is {furthest.state}")
    if furthest.reaction is None:
        return PredecessorFact(str(key), "is about to be Completed")
    ended = "failed" if furthest.result == TaskResult.FAILURE else "succeeded"
    return PredecessorFact(str(key), f"{ended}, and blocks who depends on it", furthest.name)


def _before(other: TaskRecord, task: TaskRecord) -> bool:
    return can_run(other) and other.ticket < task.ticket


def can_run(task: TaskRecord) -> bool:
    """Whether the task waits for nothing but a place."""
    return task.queued and task.written_problem is None


def _last_node(view: TaskView) -> str:
    """The node of a task that is not waiting."""
    return (view.status.node_name or "") if view.status.state != TaskState.ACTIVE.value else ""


def priority_of(job: JobRecord) -> int:
    return job.model.spec.priority if job.model else 0


def job_fact(job: JobRecord) -> JobFact:
    model = job.model
    if model is None:
        return JobFact(job.name, exists=False)
    by = model.status.disabled_by
    return JobFact(
        job.name,
        state=job.state.value,
        closed=why_none_start(job.state),
        disabled_because=by.message if by is not None else "",
        max_parallel_tasks=model.spec.max_parallel_tasks,
        running=job.running,
        priority=model.spec.priority,
    )


def pool_fact(job: JobRecord, pool: PoolState) -> PoolFact:
    model = pool.model
    if model is None:
        return PoolFact(pool.name or (job.model.pool_name if job.model else ""), exists=False)
    ready = find(model.status.conditions, ConditionType.READY)
    resizing = find(model.status.conditions, ConditionType.RESIZING)
    return PoolFact(
        pool.name,
        deleting=model.metadata.deletion_timestamp is not None,
        target=whole_target_of(pool),
        follows_formula=model.spec.auto_scale is not None,
        terms=terms_of(model),
        trouble=ready.message if ready is not None and ready.status is not ConditionStatus.TRUE else "",
        resizing=resizing.message if resizing is not None and resizing.status is ConditionStatus.TRUE else "",
    )


def _node_fact(node: NodeRecord) -> NodeFact:
    model = node.model
    assert model is not None
    status = model.status
    ready = find(status.conditions, ConditionType.READY)
    open_ = ready is not None and ready.status is ConditionStatus.TRUE
    takes_tasks = open_ and model.metadata.deletion_timestamp is None
    return NodeFact(
        node.name,
        status.state.value if status.state else NodeState.CREATING.value,
        ready.message if ready is not None else "",
        (node.slots or _offered(node, model)) if takes_tasks else None,
    )


def _is_barred(job: JobRecord, node: NodeRecord) -> bool:
    """True when the ComputeNode says that the preparation failed that the job's tasks wait for."""
    preparation = job.model.spec.job_preparation_task if job.model else None
    if preparation is None or not preparation.wait_for_success or node.model is None:
        return False
    said = next((entry.preparation for entry in node.model.status.jobs if entry.job_name == job.name), None)
    return said is not None and said.result is TaskResult.FAILURE


def _offered(node: NodeRecord, model: ComputeNode) -> NodeSlots:
    """What the ComputeNode says it offers, less what is held."""
    status = model.status
    resources = dict(status.resources)
    cpu, memory = millicores(resources.pop("cpu", "0")), whole(resources.pop("memory", "0"))
    devices = {name: whole(amount) for name, amount in resources.items()}
    total = max(1, status.slots.total)
    slots = NodeSlots(node.name, status.host_name or "", total, total, cpu, memory, cpu, memory, devices, dict(devices))
    slots.low_priority = model.spec.node_class is NodeClass.LOW_PRIORITY
    for attempt in node.attempts.values():
        if attempt.holds:
            slots.take(attempt.demand)
    return slots


def _container_trouble(task: TaskRecord) -> str:
    """What the kubelet says of a container that does not start, beyond that it is being created."""
    view = task.live.view if task.live else None
    if view is not None and task.hindrance and awaits_sandbox(view):
        return task.hindrance
    waiting = waiting_for_container(view) if view is not None else None
    if waiting is None or waiting.reason in ("", "ContainerCreating", "PodInitializing"):
        return ""
    return f"{waiting.reason}: {waiting.message}" if waiting.message else waiting.reason
