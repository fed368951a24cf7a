"""What an action came to, folded back: the assumed is confirmed with its version, or dropped and looked at anew."""

from __future__ import annotations

from typing import TypeVar

from millpond.api import labels
from millpond.api.computenode import ComputeNode
from millpond.api.job import Job, JobStatus
from millpond.api.pool import Pool
from millpond.api.reasons import JobReason, JobState
from millpond.control.actions import (
    AnyAction,
    ClaimHost,
    CloseNetwork,
    CreateEraser,
    CreateManager,
    CreateNode,
    CreateNodePod,
    CreatePool,
    DeleteClaim,
    DeleteNodePod,
    DeletePool,
    DisplaceAttempt,
    HoldJob,
    KeepSamples,
    LoadSamples,
    ReleaseEvidence,
    ReleaseHost,
    ReleaseJob,
    ReleaseNode,
    RemoveNode,
    ShrinkNodePod,
    StartAttempt,
    StartJobTask,
    StopAttempt,
    SupplyHosts,
    WriteJob,
    WriteNode,
    WritePool,
    WriteTask,
)
from millpond.control.attempt import Attempt
from millpond.control.draining import tell
from millpond.control.fold_dependencies import conclude, follow
from millpond.control.fold_ends import confirm_end, drop_end, drop_unsent
from millpond.control.fold_job_pods import forget_job_pod
from millpond.control.fold_pods import forget_attempt
from millpond.control.fold_tasks import adopt, appoint, settle_into_queue
from millpond.control.job_nodes import JobPod
from millpond.control.outcomes import Done, Missed, Outcome, Refused, Room
from millpond.control.plan_auto_pools import error_of
from millpond.control.plan_nodes import slots_of
from millpond.control.plan_supply import RESYNC, settle_supply
from millpond.control.pool_state import PoolState
from millpond.control.records import COMPLETED, JobRecord, Problem, TaskRecord
from millpond.control.settle_samples import confirm_samples, drop_samples
from millpond.control.task_patch import TaskStatusPatch
from millpond.lifecycle.exit_conditions import react
from millpond.lifecycle.failure import Failure

REFUSED_PAUSE = 30.0
"""Seconds until something that the API server forbids is tried again."""


def settle(pool: PoolState, action: AnyAction, outcome: Outcome, now: float) -> None:
    """Fold one outcome. After a Missed, the caller also observes the object anew."""
    if isinstance(outcome, Done):
        _confirm(pool, action, outcome, now)
    else:
        pause = REFUSED_PAUSE if isinstance(outcome, Refused) else 0.0
        if isinstance(outcome, Missed):
            pause = outcome.again_in
        _drop(pool, action, outcome, now + pause)


def _confirm(pool: PoolState, action: AnyAction, done: Done, now: float) -> None:
    match action:  # what each task costs comes first
        case WriteTask():
            confirm_end(pool, action.job, action.task, action.status)
            _confirm_task(pool, action, done.version)
        case StartAttempt():
            attempt = pool.attempts.get(action.pod)
            if attempt is not None and not attempt.uid:
                attempt.uid = done.uid
        case ReleaseEvidence():
            if action.pod in pool.attempts or action.pod in pool.job_pods:
                pool.counted.add(action.pod)
        case StartJobTask():
            job_pod = pool.job_pods.get(action.pod)
            if job_pod is not None and not job_pod.uid:
                job_pod.uid = done.uid
        case CreateManager():
            _confirm_manager(pool, action, done.uid)
        case HoldJob() | WriteJob() | WritePool() | WriteNode():
            _confirm_written(pool, action, done.version)
        case ClaimHost():
            _confirm_claim(pool, action, done.room)
        case CreateNodePod():
            _allow_pod(pool, action.node, None)
        case DeleteClaim():
            _confirm_erased(pool, action.node)
        case SupplyHosts():
            settle_supply(pool, action, done, now + RESYNC)
        case LoadSamples() | KeepSamples():
            confirm_samples(pool, action, done)


def _confirm_claim(pool: PoolState, action: ClaimHost, room: Room | None) -> None:
    """The host is the pool's, with so much room for the node's tasks."""
    node = pool.nodes.get(action.node)
    if node is None or room is None:
        return
    node.claiming, node.refused_by = False, ""
    pool.claimed.add(action.host)
    if node.pod is not None and node.pod.spec.node_name == action.host:
        pool.size_node(node, slots_of(pool, node, room.cpu_millis, room.memory_bytes, room.devices))
    pool.mark("node", node.name)


def _confirm_erased(pool: PoolState, name: str) -> None:
    """Nothing is left of the node's claim."""
    node = pool.nodes.get(name)
    if node is not None:
        node.erasing, node.claim_gone, node.trouble = False, True, ""
        pool.mark("node", node.name)


def _allow_pod(pool: PoolState, name: str, refusal: Refused | None) -> None:
    """The node's Pod was made, or refused."""
    node = pool.nodes.get(name)
    if node is not None and node.pod_refusal != refusal:
        node.pod_refusal = refusal
        pool.mark("pool", pool.name)


def _conclude_written(task: TaskRecord, status: TaskStatusPatch) -> None:
    """The Task says now that it is completed: what follows from that may begin."""
    if status.state is task.state and task.state is COMPLETED:
        code = status.exit_code if isinstance(status.exit_code, int) else None
        failure = status.failure.code if isinstance(status.failure, Failure) else None
        end_time = status.end_time if isinstance(status.end_time, str) else None
        conclude(task, react(task.exit_conditions, code, failure), end_time)
        follow(task)


def _confirm_task(pool: PoolState, action: WriteTask, version: str) -> None:
    task = pool.task(action.job, action.task)
    if task is None:
        return
    if version.isdigit() and task.uid == action.uid:
        task.version = max(task.version, int(version))
        _conclude_written(task, action.status)
    owner = task.job.pool
    if owner.unsent and drop_unsent(owner, f"{action.job}/{action.task}"):
        adopt(task)
        settle_into_queue(task)


def _confirm_written(pool: PoolState, action: HoldJob | WriteJob | WritePool | WriteNode, version: str) -> None:
    match action:
        case HoldJob() | WriteJob():
            job = pool.jobs.get(action.job)
            if job is not None and job.model is not None:
                held = {"finalizers": action.finalizers} if isinstance(action, HoldJob) else {}
                job.model = _versioned(job.model, version, **held)
                if held:
                    pool.mark("job", job.name)
                if isinstance(action, WriteJob):
                    _confirm_job(pool, job, action.status)
        case WritePool() if pool.model is not None:
            pool.model, pool.decided = _versioned(pool.model, version), None
            if action.status.resize is not None and action.status.resize.removed_nodes:
                pool.mark("size", pool.name)  # they may leave now
        case WriteNode():
            node = pool.nodes.get(action.node)
            if node is not None and node.model is not None:
                node.model = _versioned(node.model, version)
                tell(pool, node, action.status.draining)
                if node.told_state is not action.status.state and node.preempted:
                    pool.mark("node", node.name)  # it may recover now
                node.told_state = action.status.state


def _confirm_job(pool: PoolState, job: JobRecord, told: JobStatus) -> None:
    if told.disabled_by == job.disable_asked:
        job.disable_asked = None
    if told.state is JobState.ENABLING:
        pool.mark("job", job.name)  # it waited for that to be told


def _confirm_manager(pool: PoolState, action: CreateManager, uid: str) -> None:
    job = pool.jobs.get(action.job)
    if job is not None and job.model is not None and job.model.metadata.uid == action.uid:
        job.manager_problem = None
        appoint(job, uid)
        pool.mark("job", action.job)


Model = TypeVar("Model", Job, Pool, ComputeNode)


def _versioned(model: Model, version: str, **more: object) -> Model:
    if not version.isdigit() or int(version) <= int(model.metadata.resource_version or 0):
        return model
    return model.model_copy(
        update={"metadata": model.metadata.model_copy(update={"resource_version": version, **more})}
    )


def _drop(pool: PoolState, action: AnyAction, outcome: Outcome, again: float) -> None:
    match action:
        case StartAttempt():
            _drop_start(pool, action, outcome, again)
        case WriteTask():
            _keep_unsent(pool, action, again)
        case WriteJob() | WritePool() | WriteNode():
            _forget_written(pool, action, again)
        case StopAttempt() | DisplaceAttempt() | ReleaseEvidence():
            attempt, job_pod = pool.attempts.get(action.pod), pool.job_pods.get(action.pod)
            if attempt is not None:
                _forget_let_go(attempt)
                pool.look_at(again, "attempt", action.pod)
            if job_pod is not None:
                _keep_job_pod(pool, job_pod, again)
        case StartJobTask():
            _drop_job_task(pool, action, outcome, again)
        case HoldJob() | ReleaseJob() | CreateManager() | CreatePool() | DeletePool():
            _drop_job_step(pool, action, outcome, again)
        case LoadSamples() | KeepSamples():
            drop_samples(pool, action, outcome, again)
        case ReleaseHost() | CloseNetwork() | SupplyHosts():
            _drop_pool_step(pool, action, outcome, again)
        case DeleteNodePod() | ShrinkNodePod():
            _keep_node_pod(pool, action.pod, again)
        case (
            CreateNode() | RemoveNode() | ReleaseNode() | CreateNodePod() | CreateEraser() | DeleteClaim() | ClaimHost()
        ):
            _drop_node_step(pool, action, outcome, again)


def _drop_pool_step(
    pool: PoolState, action: ReleaseHost | CloseNetwork | SupplyHosts, outcome: Outcome, again: float
) -> None:
    match action:
        case ReleaseHost():
            pool.releasing.discard(action.host)
            pool.look_at(again, "size", pool.name)
        case CloseNetwork():
            pool.network = None
            pool.look_at(again, "pool", pool.name)
        case SupplyHosts():
            settle_supply(pool, action, outcome, again)


def _keep_node_pod(pool: PoolState, pod: str, again: float) -> None:
    """It was neither deleted nor shrunk."""
    for node in pool.nodes.values():
        if pod in node.pods or (node.eraser is not None and node.eraser.metadata.name == pod):
            node.deleted_pods.discard(pod)
            node.shrinking, node.not_before = "", again
            pool.look_at(again, "node", node.name)


def _drop_job_step(
    pool: PoolState,
    action: HoldJob | ReleaseJob | CreateManager | CreatePool | DeletePool,
    outcome: Outcome,
    again: float,
) -> None:
    job = pool.jobs.get(action.job)
    if job is None:
        return
    if isinstance(action, CreateManager):
        job.making_until = again
        if isinstance(outcome, Refused):
            job.manager_problem = Problem(JobReason.JOB_MANAGER_NOT_CREATED, outcome.message)
            pool.mark("job", action.job)
    elif isinstance(action, CreatePool | DeletePool):
        job.own_pool.asked_until = again
        if isinstance(action, CreatePool) and isinstance(outcome, Refused):
            job.own_pool.error = error_of(outcome)
            pool.mark("job", action.job)
    else:
        job.holding, job.released = "", ""
    pool.look_at(again, "job", action.job)


def _keep_unsent(pool: PoolState, action: WriteTask, again: float) -> None:
    """A verdict that is not written yet: the task waits with it, and its Pod keeps the evidence."""
    task = pool.task(action.job, action.task)
    if task is not None and task.uid == action.uid:
        mark = f"{action.job}/{action.task}"
        owner = task.job.pool  # another one, when the job has changed its pool meanwhile
        owner.unsent[mark] = action, again
        owner.dequeue(task)
        owner.look_at(again, "task", mark)
    else:
        drop_end(pool, action.status)


def _forget_let_go(attempt: Attempt) -> None:
    """Back to what the Pod itself says of its end and its evidence."""
    meta = attempt.view.metadata if attempt.view else None
    attempt.deleting = meta is not None and meta.deletion_timestamp is not None
    attempt.displaced = meta.labels.get(labels.DISPLACED, "") if meta is not None else ""
    attempt.released = meta is not None and labels.EVIDENCE_FINALIZER not in meta.finalizers


def _drop_start(pool: PoolState, action: StartAttempt, outcome: Outcome, again: float) -> None:
    """The Pod was not made: the task waits again, from `again` on."""
    attempt = pool.attempts.get(action.pod)
    if attempt is None or not attempt.assumed:
        return
    task = attempt.record
    if task is not None:
        task.not_before = max(task.not_before, again)
        if isinstance(outcome, Refused):
            task.problem = Problem(outcome.reason, outcome.message)
    forget_attempt(pool, attempt)


def _keep_job_pod(pool: PoolState, pod: JobPod, again: float) -> None:
    """It was not let go: back to what the Pod itself says."""
    pod.deleting = pod.view is not None and pod.view.metadata.deletion_timestamp is not None
    pod.of.letting_go.discard(pod.name)
    pool.look_at(again, "jobnode", pod.of.key)


def _drop_job_task(pool: PoolState, action: StartJobTask, outcome: Outcome, again: float) -> None:
    """The Pod was not made. One that is forbidden has failed on its node, until it is tried again."""
    pod, of = pool.job_pods.get(action.pod), pool.job_nodes.get(action.key)
    if of is not None:
        of.not_before = max(of.not_before, again)
        of.refused = isinstance(outcome, Refused)
        if isinstance(outcome, Refused):
            of.refusals[action.role] = outcome.message
        pool.mark("jobnode", of.key)
        pool.look_at(of.not_before, "jobnode", of.key)
    if pod is not None and pod.view is None:
        forget_job_pod(pool, pod)


def _forget_written(pool: PoolState, action: WriteJob | WritePool | WriteNode, again: float) -> None:
    """The object did not take the status: write it again, unless it is seen anew before."""
    match action:
        case WriteJob():
            job = pool.jobs.get(action.job)
            if job is not None:
                job.last_summary, job.unwritten = float("-inf"), True
            pool.look_at(again, "job", action.job)
        case WritePool():
            pool.last_summary, pool.unwritten = float("-inf"), True
            pool.look_at(again, "pool", action.pool)
        case WriteNode():
            node = pool.nodes.get(action.node)
            if node is not None:
                node.last_written, node.unwritten = float("-inf"), True
            pool.look_at(again, "node", action.node)


def _drop_node_step(
    pool: PoolState,
    action: CreateNode | RemoveNode | ReleaseNode | CreateNodePod | CreateEraser | DeleteClaim | ClaimHost,
    outcome: Outcome,
    again: float,
) -> None:
    node = pool.nodes.get(action.node)
    if node is None:
        return
    match action:
        case RemoveNode():
            node.removing = False
            node.removal_refusal = outcome.message if isinstance(outcome, Refused) else ""
            pool.mark("pool", pool.name)
        case ReleaseNode():
            node.released = False
        case CreateNodePod():
            node.assumed_pods.discard(action.pod)
            if isinstance(outcome, Refused):
                _allow_pod(pool, action.node, outcome)
        case CreateEraser():
            node.erasing = False
            if isinstance(outcome, Refused):
                node.erasure_refusal = outcome.message
                again = 0.0 if node.leaving else again
        case DeleteClaim():
            node.erasing = False
            node.trouble = outcome.message if isinstance(outcome, Refused) else node.trouble
        case ClaimHost():
            node.claiming, node.refused_by = False, action.host
    # A node that could not be made keeps its place until then, so that no other is made in its stead at once.
    node.not_before = again
    pool.look_at(again, "node", node.name)
    pool.look_at(again, "size", pool.name)
