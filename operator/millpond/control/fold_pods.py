"""Folding Pods into the state: task Pods as attempts with their slots, node Pods as what a node stands on."""

from __future__ import annotations

from collections.abc import Iterable

from millpond.api import labels
from millpond.api.resources import millicores, whole
from millpond.api.views.pod import PodView
from millpond.control.attempt import Attempt
from millpond.control.fold_dependencies import follow
from millpond.control.fold_tasks import UNCOUNTED, adopt
from millpond.control.job_nodes import job_node
from millpond.control.namespace import NamespaceState
from millpond.control.pool_state import PoolState
from millpond.lifecycle.kubelet import lacked_room
from millpond.scheduling.demand import Demand


def fold_attempt(namespace: NamespaceState, pool: PoolState, view: PodView) -> None:
    """Take a task Pod's word for where it is and how far it came."""
    meta = view.metadata
    name, version = meta.name, meta.version
    attempt = pool.attempts.get(name)
    if attempt is not None and _is_another(attempt, view):
        forget_attempt(pool, attempt)
        attempt = None
    if attempt is None:
        attempt = _new_attempt(namespace, pool, view)
    elif version < attempt.version:
        return
    attempt.assumed = False
    attempt.uid = meta.uid
    attempt.version = version
    attempt.view = view
    attempt.deleting = meta.deletion_timestamp is not None
    attempt.displaced = meta.labels.get(labels.DISPLACED, "")
    attempt.released = labels.EVIDENCE_FINALIZER not in meta.finalizers
    if labels.COUNTED in meta.labels:
        pool.counted.add(name)
    enter(pool, attempt, holds=not view.terminal)
    if lacked_room(view):
        pool.mark("node", attempt.node.name)
    if attempt.preparation:
        pool.mark("jobnode", job_node(pool, attempt.job, attempt.node).key)
    pool.mark("attempt", name)


def _is_another(attempt: Attempt, view: PodView) -> bool:
    """True when the Pod is not the one known by its name, or an earlier request than the last one made it."""
    if attempt.uid and attempt.uid != view.metadata.uid:
        return True
    tags = view.metadata.labels
    return attempt.view is None and (
        tags.get(labels.NODE, "") != attempt.node.name
        or tags.get(labels.ATTEMPT, "") != str(attempt.number)
        or tags.get(labels.TASK, "") != attempt.task
    )


def _new_attempt(namespace: NamespaceState, pool: PoolState, view: PodView) -> Attempt:
    tags = view.metadata.labels
    number = tags.get(labels.ATTEMPT, "")
    attempt = Attempt(
        pool,
        view.metadata.name,
        int(number) if number.isdigit() else 0,
        namespace.job(tags.get(labels.JOB, "")),
        tags.get(labels.TASK, ""),
        next((o.uid for o in view.metadata.owner_references if o.kind == "Task"), ""),
        pool.node(tags.get(labels.NODE, "")),
        _demand(view),
    )
    if attempt.record is None:
        attempt.key = tags.get(labels.TASK_ID, attempt.task).lower()
    attempt.manages = tags.get(labels.ROLE) == labels.Role.MANAGER
    attempt.preparation = tags.get(labels.PREPARATION, "")
    if labels.INSTANCES in tags:
        instance, instances = tags.get(labels.INSTANCE, ""), tags[labels.INSTANCES]
        attempt.instance = int(instance) if instance.isdigit() else 0
        attempt.instances = int(instances) if instances.isdigit() else 1
    return attempt


def _demand(view: PodView) -> Demand:
    """What the Pod holds: its slots by label, the rest by its requests."""
    slots = view.metadata.labels.get(labels.SLOTS, "1")
    requests = next((c.resources.requests for c in view.spec.containers if c.name == "task"), {})
    others = dict(requests)
    cpu, memory = others.pop("cpu", "0"), others.pop("memory", "0")
    devices = tuple(sorted((name, whole(amount)) for name, amount in others.items() if name not in UNCOUNTED))
    exclusive = labels.EXCLUSIVE in view.metadata.labels
    return Demand(int(slots) if slots.isdigit() else 1, millicores(cpu), whole(memory), devices, exclusive)


def enter(pool: PoolState, attempt: Attempt, *, holds: bool) -> None:
    """Book the attempt under its pool, node, job and task."""
    if pool.attempts.get(attempt.pod) is not attempt:
        pool.attempts[attempt.pod] = attempt
        attempt.node.attempts[attempt.pod] = attempt
        attempt.job.attempts.setdefault(attempt.task, {})[attempt.pod] = attempt
    if holds:
        pool.hold(attempt)
    else:
        pool.free(attempt)
    task, owner = attempt.record, attempt.job.pool
    counts = task is not None and attempt.number > task.settled
    known = task.live if task is not None else None
    older = known is None or known.number < attempt.number
    if task is not None and counts and older and not attempt.instance:
        owner.begun -= task.attempt
        task.live = attempt
        owner.begun += task.attempt
        owner.dequeue(task)
        if task.needs is not None:
            follow(task)
    owner.keep_live(attempt, holds or counts)


def forget_attempt(pool: PoolState, attempt: Attempt) -> None:
    """The Pod is gone, with whatever evidence it held. One that was only asked for has never been."""
    unbooked = not attempt.assumed and not attempt.settled
    pool.free(attempt)
    pool.counted.discard(attempt.pod)
    pool.attempts.pop(attempt.pod, None)
    attempt.node.attempts.pop(attempt.pod, None)
    job, task = attempt.job, attempt.record
    siblings = job.attempts.get(attempt.task, {})
    siblings.pop(attempt.pod, None)
    if not siblings:
        job.attempts.pop(attempt.task, None)
    job.pool.keep_live(attempt, False)
    job.pool.mark_emptier(job)
    if attempt.node.emptied:
        pool.mark("node", attempt.node.name)
    if attempt.preparation:
        pool.mark("jobnode", f"{job.name}/{attempt.node.name}")
    if attempt.instances:
        _mark_rest(pool, attempt, siblings.values())
    if task is not None and task.live is attempt:
        if unbooked:
            task.vanished = attempt.number
        adopt(task)
        job.pool.mark("task", f"{job.name}/{task.name}")


def _mark_rest(pool: PoolState, attempt: Attempt, siblings: Iterable[Attempt]) -> None:
    """Judge the group again: one of its Pods is not there any more."""
    for other in siblings:
        if other.number == attempt.number:
            pool.mark("attempt", other.pod)


def fold_node_pod(pool: PoolState, view: PodView) -> None:
    """Take a node Pod's word for what it is."""
    node = pool.node(view.metadata.labels.get(labels.NODE, ""))
    known = node.pods.get(view.metadata.name)
    if known is None or known.metadata.uid != view.metadata.uid:
        node.shrinking = ""
        node.deleted_pods.discard(view.metadata.name)
    elif view.metadata.version < known.metadata.version:
        return
    node.hold_pod(view)
    node.assumed_pods.discard(view.metadata.name)
    pool.mark("node", node.name)


def fold_eraser(pool: PoolState, view: PodView) -> None:
    """Take the word of the Pod that erases what a node leaves."""
    node = pool.node(view.metadata.labels.get(labels.NODE, ""))
    known = node.eraser
    if known is None or known.metadata.uid != view.metadata.uid or known.metadata.version <= view.metadata.version:
        if known is None or known.metadata.uid != view.metadata.uid:
            node.deleted_pods.discard(view.metadata.name)
        node.eraser, node.erasing, node.erasure_refusal = view, False, ""
        pool.mark("node", node.name)
