"""Why a task waits: all that holds it back, in the order in which a user would have to mend it.

Uses the predicates of placement themselves (`eligibility`), never a copy. Knows facts about one task, its job and its
pool; does not know how they were gathered.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import assert_never

import msgspec

from millpond.api.reasons import JobState, NodeState, TaskReason, TaskState
from millpond.scheduling.demand import Demand
from millpond.scheduling.eligibility import Refusal, Why, refusal
from millpond.scheduling.finding import Finding, joined
from millpond.scheduling.misfit import PoolTerms, misfit
from millpond.scheduling.node_slots import NodeSlots

OPERATOR_PODS = "kubectl get pods -A -l app.kubernetes.io/name=millpond"


class WaitReason(StrEnum):
    """Reasons that are no condition of a Task, since they change too often to be written."""

    CONTAINER_NOT_STARTING = "ContainerNotStarting"
    PREPARING = "Preparing"
    BEHIND_JOB_MANAGER = "BehindJobManager"
    JOB_PREPARATION_TASK_FAILED = "JobPreparationTaskFailed"
    POOL_RESIZING = "PoolResizing"
    TASKS_GIVE_WAY = "TasksGiveWay"
    BEHIND_HIGHER_PRIORITY = "BehindHigherPriority"
    BEHIND_OLDER_TASKS = "BehindOlderTasks"
    BEHIND_GROUP = "BehindMultiInstanceTask"
    NEXT_IN_LINE = "NextInLine"


def no_such_job(name: str) -> Finding:
    """The task's job does not exist."""
    message = f"There is no Job {name} in this namespace."
    return Finding(TaskReason.JOB_NOT_FOUND, message, True, "Create it, or correct spec.jobName in a new task.")


class NodeFact(msgspec.Struct, frozen=True):
    """A compute node. `slots` is None while it takes no tasks, and `message` says why."""

    name: str
    state: str
    message: str = ""
    slots: NodeSlots | None = None


class JobFact(msgspec.Struct, frozen=True):
    """The task's job. `closed` is why it starts no tasks; `running` counts its attempts that hold slots.

    `disabled_because` is what made Millpond itself disable it.
    """

    name: str
    exists: bool = True
    state: str = JobState.ACTIVE
    closed: TaskReason | None = None
    disabled_because: str = ""
    max_parallel_tasks: int = -1
    running: int = 0
    priority: int = 0


class PoolFact(msgspec.Struct, frozen=True):
    """The job's pool. `trouble` is the message of its condition Ready where that does not hold.

    `resizing` is the message of its condition Resizing where that holds.
    """

    name: str
    exists: bool = True
    deleting: bool = False
    target: int = 0
    follows_formula: bool = False
    """A formula sets the target, and no user."""
    terms: PoolTerms = PoolTerms()
    trouble: str = ""
    resizing: str = ""


class PredecessorFact(msgspec.Struct, frozen=True):
    """Something that the task depends on and that is not done: an id or an integer, and how the tasks of it stand."""

    task_id: str
    stands: str
    failed: str = ""
    """The name of a task that has ended without satisfying."""


class Facts(msgspec.Struct, frozen=True):
    """All about one task. `ended` and `problem` and `retry` are the messages of its own conditions."""

    task: str
    state: str
    demand: Demand
    job: JobFact
    pool: PoolFact
    nodes: tuple[NodeFact, ...] = ()
    barred: frozenset[str] = frozenset()
    """Names of the nodes where the job's preparation task failed."""
    node: str = ""
    succeeded: bool = False
    ran: bool = False
    """Its command came to an exit code."""
    ended: str = ""
    problem: Finding | None = None
    retry: str = ""
    container_trouble: str = ""
    manager: str = ""
    """The Task of the job's manager, where that is another one and is to start first."""
    prepares: bool = False
    """It waits on its node for the job's preparation task."""
    giving_way: int = 0
    """Tasks that are being stopped so that tasks of its job can start."""
    may_give_way: bool = False
    """It runs, and may be stopped for a job of higher priority."""
    waits_for: tuple[PredecessorFact, ...] = ()
    """The first of its unmet dependencies."""
    waits_for_more: bool = False
    kept_for: str = ""
    """A multi-instance task that goes first, and for which `kept` nodes stay free."""
    kept: frozenset[str] = frozenset()
    waiting_above: int = 0
    """Waiting tasks of the pool's jobs of higher priority."""
    waiting_before: int = 0
    """Older waiting tasks of the same job."""
    waiting_beside: int = 0
    """Waiting tasks of other jobs of the same priority."""


def waits(facts: Facts) -> bool:
    """Whether the task is still to be placed."""
    return facts.state == TaskState.ACTIVE and not facts.node


def explain(facts: Facts) -> tuple[Finding, ...]:
    """What to know of the task, what blocks it first; never empty."""
    if facts.state == TaskState.COMPLETED:
        return (_ended(facts),)
    if facts.problem is not None and facts.problem.reason == TaskReason.TASK_EXPIRED:
        return (facts.problem,)
    match facts.state:
        case TaskState.RUNNING:
            return (_running(facts),)
        case TaskState.PREPARING:
            return (_preparing(facts),)
    if facts.node:
        return (_preparing(facts),)
    dead_end = _dead_end(facts)
    if dead_end is not None:
        return (dead_end,)
    if facts.waits_for:
        return (_of_dependencies(facts),)
    findings = [*_of_nodes(facts), *_of_job(facts)]
    blocked = any(finding.blocks for finding in findings)
    findings += _of_queue(facts, blocked)
    if facts.retry:
        findings.append(Finding(TaskReason.RETRYING, facts.retry))
    return tuple(sorted(findings, key=lambda finding: not finding.blocks))


def _ended(facts: Facts) -> Finding:
    if facts.succeeded:
        return Finding(TaskReason.TASK_SUCCEEDED, facts.ended or "It succeeded.")
    remedy = f"millpond task stderr {facts.task}" if facts.node and facts.ran else ""
    return Finding(TaskReason.TASK_FAILED, facts.ended or "It failed.", remedy=remedy)


def _running(facts: Facts) -> Finding:
    message = f"It runs on node {facts.node}."
    if facts.may_give_way:
        message += " It may be stopped for a job of higher priority, and runs again then (allowTaskPreemption)."
    return Finding(TaskReason.RUNNING, message)


def _preparing(facts: Facts) -> Finding:
    if facts.container_trouble:
        remedy = "Correct the image, the pull Secret or the Secrets that the task names; it fails by itself in time."
        message = f"Its container on node {facts.node} does not start: {facts.container_trouble}"
        return Finding(WaitReason.CONTAINER_NOT_STARTING, message, True, remedy)
    if facts.prepares:
        message = f"It has its place on node {facts.node}, where the job's preparation task runs before it."
        return Finding(WaitReason.PREPARING, message, remedy=f"millpond job prep-status {facts.job.name}")
    return Finding(WaitReason.PREPARING, f"It has its place on node {facts.node}, and its container starts there.")


def _dead_end(facts: Facts) -> Finding | None:
    """What makes all else pointless: there is no job or pool, or the task itself cannot run."""
    job, pool = facts.job, facts.pool
    if not job.exists:
        return no_such_job(job.name)
    closed = of_closed_job(job)
    if closed is not None:
        return closed
    if facts.problem is not None and facts.problem.reason != TaskReason.JOB_NOT_FOUND:
        return facts.problem
    gone = of_missing_pool(pool)
    if gone is not None:
        return gone
    return misfit(facts.demand, pool.terms, pool.name)


def of_closed_job(job: JobFact) -> Finding | None:
    """The job starts no tasks, whatever they are."""
    if job.closed is None:
        return None
    message = f"Job {job.name} is {job.state}: it starts no tasks."
    paused = job.closed is TaskReason.JOB_DISABLED
    remedy = f"millpond job enable {job.name}" if paused else "Create the task in another job."
    return Finding(job.closed, joined(message, job.disabled_because), True, remedy)


def of_missing_pool(pool: PoolFact) -> Finding | None:
    """There is no pool for any task of the job."""
    if not pool.exists:
        message = f"There is no pool {pool.name} in this namespace."
        return Finding(TaskReason.POOL_NOT_FOUND, message, True, "Create the pool, or use a job on another one.")
    if pool.deleting:
        message = f"Pool {pool.name} is being deleted."
        return Finding(TaskReason.POOL_DELETING, message, True, "Create a pool of that name again, or another job.")
    return None


def _of_dependencies(facts: Facts) -> Finding:
    named = [f"{each.task_id} ({each.stands})" for each in facts.waits_for]
    message = f"It waits for {', '.join(named)}{' and more' if facts.waits_for_more else ''}."
    failed = next((each.failed for each in facts.waits_for if each.failed), "")
    remedy = (
        f"Run task {failed} again: millpond task reactivate {failed}; or create it again, mended." if failed else ""
    )
    return Finding(TaskReason.WAITING_FOR_DEPENDENCIES, message, True, remedy)


def _of_nodes(facts: Facts) -> list[Finding]:
    pool, nodes = facts.pool, facts.nodes
    if not nodes and pool.target == 0:
        message = f"Pool {pool.name} has no nodes and {'its formula ' * pool.follows_formula}wants none."
        return [Finding(TaskReason.NO_NODES, message, True, _more_nodes(pool))]
    if not nodes:
        message = f"Pool {pool.name} wants {pool.target} nodes and has none yet."
        return [Finding(TaskReason.NO_NODES, joined(message, pool.trouble), True, f"millpond pool show {pool.name}")]
    open_nodes = [node for node in nodes if node.slots is not None]
    closed = [node for node in nodes if node.slots is None]
    if not open_nodes:
        return [_all_closed(facts, closed)]
    findings = []
    refusals = [refusal(node.slots, facts.demand, facts.barred) for node in open_nodes if node.slots is not None]
    takers = [node.name for node, found in zip(open_nodes, refusals, strict=True) if found is None]
    if facts.demand.instances and takers:
        findings += _of_gathering(facts, len(takers), len(open_nodes))
    elif takers and facts.kept.issuperset(takers):
        findings.append(_behind_group(facts, len(takers)))
    elif all(refusals):
        findings.append(_all_refuse(facts, [found for found in refusals if found is not None], closed))
    if pool.resizing:
        message = f"Pool {pool.name} is being resized: {pool.resizing}"
        findings.append(Finding(WaitReason.POOL_RESIZING, message, False, f"millpond node list --pool {pool.name}"))
    if closed:
        message = f"{_states(closed)} of pool {pool.name} take no tasks now: {closed[0].message}"
        findings.append(Finding(TaskReason.NODES_NOT_READY, message, False, f"millpond node show {closed[0].name}"))
    return findings


def _more_nodes(pool: PoolFact) -> str:
    """The command that makes the pool larger, or that shows why its formula does not."""
    if pool.follows_formula:
        return f"millpond pool autoscale evaluate {pool.name}"
    return f"kubectl scale bpool {pool.name} --replicas {pool.target + 1}"


def _all_closed(facts: Facts, closed: list[NodeFact]) -> Finding:
    first = closed[0]
    failed = next((node for node in closed if node.state == NodeState.START_TASK_FAILED), None)
    message = f"No node of pool {facts.pool.name} takes tasks ({_states(closed)})."
    if failed is not None:
        remedy = f"millpond node files get {failed.name} 'startup/*.txt'; mend the start task"
        return Finding(TaskReason.START_TASK_FAILED, joined(message, failed.message), True, remedy)
    return Finding(TaskReason.NODES_NOT_READY, joined(message, first.message), True, f"millpond node show {first.name}")


def _all_refuse(facts: Facts, refusals: list[Refusal], closed: list[NodeFact]) -> Finding:
    """No open node takes it: for ever, where no node ever will; else until slots or resources are free."""
    pool = facts.pool.name
    most = Counter(found.reason for found in refusals).most_common(1)[0][0]
    example = next(found.message for found in refusals if found.reason == most)
    if all(found.for_ever for found in refusals) and not closed:
        remedy = "Lower the task's resources, or use a pool with larger nodes."
        message = f"No node of pool {pool} is large enough: it {example}."
        return Finding(TaskReason.TOO_MANY_RESOURCES, message, True, remedy)
    nodes = "the one node" if len(refusals) == 1 else f"all {len(refusals)} nodes"
    full = "takes tasks is full" if len(refusals) == 1 else "take tasks are full"
    busy = f"It waits until other tasks end: {nodes} of pool {pool} that {full} (it {example})."
    match most:
        case Why.JOB_PREPARATION_FAILED:
            message = f"Where nodes of pool {pool} take tasks, they take none of job {facts.job.name}: it {example}."
            remedy = (
                f"millpond job prep-status {facts.job.name}; make a job with another preparation task, or add nodes."
            )
            return Finding(WaitReason.JOB_PREPARATION_TASK_FAILED, message, True, remedy)
        case Why.LOW_PRIORITY:
            message = f"Where nodes of pool {pool} take tasks, they do not take this one: it {example}."
            remedy = f"millpond pool resize {pool} --dedicated N; or make a job with allowLowPriorityNode."
            return Finding(TaskReason.WAITING_FOR_SLOTS, message, True, remedy)
        case Why.SLOTS_IN_USE | Why.HELD_EXCLUSIVELY | Why.NOT_EMPTY:
            return Finding(TaskReason.WAITING_FOR_SLOTS, busy, True, f"Or add nodes: {_more_nodes(facts.pool)}")
        case Why.RESOURCES_IN_USE | Why.NOT_ENOUGH_RESOURCES | Why.TOO_MANY_SLOTS:
            return Finding(TaskReason.WAITING_FOR_RESOURCES, busy, True, "Or lower the task's resources.")
        case _:
            assert_never(most)


def _of_gathering(facts: Facts, takers: int, open_nodes: int) -> list[Finding]:
    """A multi-instance task of which too few nodes are free at once."""
    wanted, pool = facts.demand.instances, facts.pool
    if takers >= wanted:
        return []
    message = (
        f"It needs {wanted} nodes at once: {takers} of the {open_nodes} of pool {pool.name} that take tasks are free."
    )
    return [Finding(TaskReason.WAITING_FOR_SLOTS, message, True, f"Or add nodes: {_more_nodes(pool)}")]


def _behind_group(facts: Facts, free: int) -> Finding:
    nodes = "1 free node" if free == 1 else f"{free} free nodes"
    message = f"Pool {facts.pool.name} keeps its {nodes} for multi-instance task {facts.kept_for}, which goes first."
    remedy = "It may fill the gap if its constraints.maxWallClockSeconds is short enough."
    return Finding(WaitReason.BEHIND_GROUP, message, True, remedy)


def _of_job(facts: Facts) -> list[Finding]:
    job = facts.job
    if facts.manager:
        message = f"Task {facts.manager}, the manager of job {job.name}, starts before the job's other tasks."
        remedy = f"millpond explain task {facts.manager}"
        return [Finding(WaitReason.BEHIND_JOB_MANAGER, message, True, remedy)]
    if 0 <= job.max_parallel_tasks <= job.running:
        message = f"Job {job.name} runs {job.running} tasks, and its maxParallelTasks is {job.max_parallel_tasks}."
        return [Finding(TaskReason.MAX_PARALLEL_TASKS_REACHED, message, True, "Or raise the job's maxParallelTasks.")]
    return []


def _of_queue(facts: Facts, blocked: bool) -> list[Finding]:
    """Who goes first once there is room."""
    findings = []
    if facts.giving_way:
        them = "1 running task is" if facts.giving_way == 1 else f"{facts.giving_way} running tasks are"
        message = f"{them} being stopped to make room for job {facts.job.name}, and will run again."
        findings.append(Finding(WaitReason.TASKS_GIVE_WAY, message))
    if facts.waiting_above:
        message = f"Of jobs of higher priority than {facts.job.priority}, {_tasks(facts.waiting_above)} before it."
        remedy = f"Or raise the priority of job {facts.job.name}."
        findings.append(Finding(WaitReason.BEHIND_HIGHER_PRIORITY, message, False, remedy))
    if facts.waiting_before:
        message = f"Of job {facts.job.name}, {_tasks(facts.waiting_before)} before it, being older."
        findings.append(Finding(WaitReason.BEHIND_OLDER_TASKS, message))
    if facts.waiting_beside:
        message = f"Of other jobs of priority {facts.job.priority}, {_tasks(facts.waiting_beside)} in turn with it."
        findings.append(Finding(WaitReason.BEHIND_OLDER_TASKS, message))
    if not blocked and not findings:
        message = "Nothing holds it back: it starts within seconds."
        remedy = f"If it does not, is the Millpond operator running? {OPERATOR_PODS}"
        findings.append(Finding(WaitReason.NEXT_IN_LINE, message, False, remedy))
    return findings


def _states(nodes: list[NodeFact]) -> str:
    counted = Counter(node.state or "new" for node in nodes)
    return ", ".join(f"{amount} {state}" for state, amount in sorted(counted.items()))


def _tasks(amount: int) -> str:
    return "1 waiting task goes" if amount == 1 else f"{amount} waiting tasks go"
