"""The lives of a pool's nodes: Pod, host, claim, room, state; and their end."""

from __future__ import annotations

from millpond.api import labels
from millpond.api.nodetemplate import NodeClass
from millpond.api.reasons import NodeState
from millpond.api.resources import millicores, whole
from millpond.api.times import parse_time
from millpond.api.views.host import HostView
from millpond.api.views.pod import PodView
from millpond.control.actions import (
    AnyAction,
    ClaimHost,
    DeleteNodePod,
    Event,
    ShrinkNodePod,
    WriteNode,
)
from millpond.control.draining import waits_for_tasks
from millpond.control.fold_ends import complete_tally
from millpond.control.hindrances import hindrance_of_node
from millpond.control.limits import Limits
from millpond.control.node_job_status import failed_preparations
from millpond.control.node_operations import begin, is_done, with_postponed
from millpond.control.node_record import NodeRecord
from millpond.control.node_status import describe_node
from millpond.control.plan_leaving import (
    delete_eraser,
    delete_pods,
    end_node,
    end_orphan,
    host_lost_under,
    is_known_where,
)
from millpond.control.plan_preempted import ask_for_pod, recover, why_preempted
from millpond.control.plan_restart import restart_node
from millpond.control.pool_state import PoolState
from millpond.control.retained import waits_for_files
from millpond.lifecycle.kubelet import awaits_mounts, lacked_room, was_refused
from millpond.lifecycle.nodes import AGENT_CONTAINER, NodeFacts, NodeVerdict, host_is_lost, judge_node, silent_until
from millpond.lifecycle.preemption import farewell_of
from millpond.scheduling.node_slots import NodeSlots

AGENT_CPU_MILLIS = 50
"""What a node Pod keeps when its room has gone to the tasks; a Pod asking for more is shrunk."""


WARNED_OF = (NodeState.START_TASK_FAILED, NodeState.UNUSABLE, NodeState.PREEMPTED)
"""States that an event tells of."""


def judge_nodes(pool: PoolState, now: float, limits: Limits, actions: list[AnyAction]) -> None:
    """Bring each marked node one step further, and write what it has become."""
    for name in pool.taken("node"):
        node = pool.nodes.get(name)
        if node is None:
            continue
        for of in node.jobs.values():
            pool.mark("jobnode", of.key)
        if node.creating and node.not_before and now >= node.not_before:
            node.creating = False
        if node.model is None and not node.creating:
            end_orphan(pool, node, actions)
            continue
        if node.model is None:
            continue
        _recall_room(pool, node)
        node.done = is_done(pool, node, now, limits)
        verdict = judge_node(_facts(pool, node, now, limits))
        if begin(pool, node, verdict, now):
            verdict = judge_node(_facts(pool, node, now, limits))
        verdict = with_postponed(node, verdict)
        before, node.verdict = node.verdict, verdict
        pool.open_node(node, verdict.takes_tasks and not node.emptied)
        _when_state_changes(pool, node, before, verdict)
        if node.leaving:
            end_node(pool, node, now, limits, actions)
        elif node.preempted:
            recover(pool, node, now, actions)
        elif node.restarting:
            restart_node(pool, node, now, limits, actions)
        else:
            _advance(pool, node, now, actions)
        _write(pool, node, before, now, limits, actions)


def _facts(pool: PoolState, node: NodeRecord, now: float, limits: Limits) -> NodeFacts:
    pod = node.pod
    host = pool.hosts.get(pod.spec.node_name) if pod and pod.spec.node_name else None
    start_task = pool.model.spec.start_task if pool.model else None
    has_start_task = start_task is not None and pod is not None and _runs_start_task(pod)
    return NodeFacts(
        leaving=node.leaving,
        operation=node.operation,
        waits_for_tasks=waits_for_tasks(pool, node),
        waits_until=waits_for_files(pool, node, now),
        pod=pod,
        host=host,
        claimed=pod is not None and pod.spec.node_name in pool.claimed,
        sized=node.slots is not None and pod is not None and not _oversized(pod) and not _is_mismeasured(node),
        has_start_task=has_start_task,
        waits_for_start_task=start_task is not None and start_task.wait_for_success,
        busy=node.holding > 0,
        preempted=why_preempted(pool, node, now, limits),
        returns=_return_host(pool, node) is not None,
        trouble=node.trouble,
        unmounted=_is_unmounted(pool, node, now, limits),
        hindrance=hindrance_of_node(node),
        disk_full=node.disk_full,
    )


def _is_unmounted(pool: PoolState, node: NodeRecord, now: float, limits: Limits) -> bool:
    """True when the node's Pod waits on its host for what it mounts, for as long as any Pod may take to start."""
    pod = node.pod
    if pod is None or not awaits_mounts(pod):
        return False
    until = parse_time(pod.status.start_time or pod.metadata.creation_timestamp) + limits.startup
    if now < until:
        pool.look_at(until, "node", node.name)
    return now >= until


def _runs_start_task(pod: PodView) -> bool:
    """A node Pod keeps the start task that it was made with: a changed Pool reaches the node with its next Pod."""
    return pod.metadata.labels.get(labels.START_TASK) == "true"


def _oversized(pod: PodView) -> bool:
    """True while the node Pod holds the whole node's room."""
    for container in pod.spec.containers:
        if container.name == AGENT_CONTAINER:
            return millicores(container.resources.requests.get("cpu", "0")) > AGENT_CPU_MILLIS
    return False


def _recall_room(pool: PoolState, node: NodeRecord) -> None:
    """Take the node's size from its status, where an earlier life of the operator wrote it."""
    status = node.model.status if node.model else None
    pod = node.pod
    if node.slots is not None and pod is not None and pod.spec.node_name and node.slots.host != pod.spec.node_name:
        pool.open_node(node, takes_tasks=False)
        node.slots = None
    if node.slots is not None or status is None or not status.resources or pod is None or pool.model is None:
        return
    if status.host_name != pod.spec.node_name:
        return
    room = dict(status.resources)
    cpu, memory = millicores(room.pop("cpu", "0")), whole(room.pop("memory", "0"))
    pool.size_node(node, slots_of(pool, node, cpu, memory, {name: whole(amount) for name, amount in room.items()}))


def slots_of(pool: PoolState, node: NodeRecord, cpu: int, memory: int, devices: dict[str, int]) -> NodeSlots:
    """A node's slots, all free, over a room in millicores, bytes and devices."""
    total = pool.model.spec.task_slots_per_node if pool.model else 1
    host = node.pod.spec.node_name if node.pod else None
    low = node.node_class is NodeClass.LOW_PRIORITY
    room = (total, total, cpu, memory, cpu, memory)
    return NodeSlots(node.name, host or "", *room, devices, dict(devices), low_priority=low)


def _when_state_changes(pool: PoolState, node: NodeRecord, before: NodeVerdict | None, verdict: NodeVerdict) -> None:
    if before is not None and (before.state is verdict.state or _as_busy_as(before, verdict)):
        return
    pool.mark("size", pool.name)
    for job in pool.jobs.values():
        if job.barred:
            pool.mark("job", job.name)
    for pod in node.attempts:
        pool.mark("attempt", pod)


def given_up_at(pool: PoolState, node: NodeRecord, pod: PodView, now: float, limits: Limits) -> float | None:
    """From when on nothing more is to be expected of a Pod of the node's tasks.

    None while its host is well; the past when that is lost, or a low-priority node has lost it.
    """
    if pod.spec.node_name is None:
        return None
    host = pool.hosts.get(pod.spec.node_name)
    if host is None or is_lost_to(node, host):
        return float("-inf")
    return silent_until(host, now, limits.node_lost)


def is_lost_to(node: NodeRecord, host: HostView) -> bool:
    """True when nothing of the node is to run on the host any more: it is lost, or taken from a low-priority node."""
    return host_is_lost(host) or (node.node_class is NodeClass.LOW_PRIORITY and farewell_of(host) != "")


def _advance(pool: PoolState, node: NodeRecord, now: float, actions: list[AnyAction]) -> None:
    """The next step of a node that is to stay."""
    pod, space = node.pod, pool.namespace
    if pool.model is None:
        return
    if now < node.not_before:
        pool.look_at(node.not_before, "node", node.name)
        return
    for _, old in sorted(node.pods.items()):
        ended = old.terminal and old.metadata.deletion_timestamp is None
        if ended and was_refused(old):
            node.refused_by = old.spec.node_name or ""
        if ended and old.metadata.name not in node.deleted_pods:
            node.deleted_pods.add(old.metadata.name)
            actions.append(DeleteNodePod(namespace=space, pod=old.metadata.name, uid=old.metadata.uid))
    delete_eraser(pool, node, actions)
    if pod is None or (host_lost_under(pool, pod) and not _is_new_host(pool, node, pod.spec.node_name)):
        _start_pod(pool, node, actions)
        return
    host = pod.spec.node_name
    if host is None or pod.metadata.deletion_timestamp is not None:
        return
    if host == node.refused_by and _is_anothers(pool, host):
        delete_pods(pool, node, actions)
        return
    unmeasured = host not in pool.claimed or node.slots is None or _is_mismeasured(node)
    if unmeasured and not node.claiming and host in pool.hosts:
        node.claiming = True
        pool.releasing.discard(host)
        actions.append(
            ClaimHost(
                namespace=space,
                pool=pool.name,
                node=node.name,
                host=host,
                claim=pool.claim,
                node_class=node.node_class,
            )
        )
    elif node.slots is not None and _oversized(pod) and node.shrinking != pod.metadata.uid:
        node.shrinking = pod.metadata.uid
        actions.append(ShrinkNodePod(namespace=space, pod=pod.metadata.name, uid=pod.metadata.uid))


def _is_anothers(pool: PoolState, host: str) -> bool:
    """True when another pool's node has claimed the host first: kube-scheduler keeps the next Pod off it."""
    view = pool.hosts.get(host)
    claim = view.metadata.labels.get(labels.HOST_LABEL) if view is not None else None
    return claim not in (None, pool.claim) and host not in pool.claimed


def _start_pod(pool: PoolState, node: NodeRecord, actions: list[AnyAction]) -> None:
    """Ask for the node's next Pod, where it stood before if it may come back there."""
    if node.assumed_pods:
        return
    ask_for_pod(pool, node, actions, _return_host(pool, node))


def _return_host(pool: PoolState, node: NodeRecord) -> str | None:
    """The host of the node's last Pod, where the next one finds its place and its files; None if it may not return."""
    name = node.model.status.host_name if node.model is not None else None
    if name is None or node.pods or name == node.refused_by or name not in pool.claimed:
        return None
    host = pool.hosts.get(name)
    if host is None or is_lost_to(node, host):
        return None
    taken = any(pod.spec.node_name == name for other in pool.nodes.values() for pod in other.pods.values())
    return None if taken else name


def _is_new_host(pool: PoolState, node: NodeRecord, host: str | None) -> bool:
    """True for one that nothing was told of yet: a Pod on a new host may be told of before the host itself.

    Should it have gone since, the Pod goes too, by Kubernetes' own garbage collection.
    """
    return host not in pool.hosts and (node.slots is None or node.slots.host != host)


def _is_mismeasured(node: NodeRecord) -> bool:
    """True when the host has just refused a task for want of room: others have come to it since it was measured."""
    refused = (a for a in node.attempts.values() if a.view is not None and lacked_room(a.view))
    return any(not attempt.settled for attempt in refused)


def schedule_node_summaries(pool: PoolState, now: float, limits: Limits) -> None:
    """Have the counts written of nodes that took or gave back a task and changed in nothing else."""
    for name in pool.taken("touched"):
        _schedule_summary(pool, pool.nodes.get(name), now, limits)


def _schedule_summary(pool: PoolState, node: NodeRecord | None, now: float, limits: Limits) -> None:
    """Have the node's counts written when the last write is long enough ago."""
    if node is not None and not node.summary_scheduled:
        node.summary_scheduled = True
        pool.look_at(max(now, node.last_written + limits.node_summary), "node", node.name)


def _write(
    pool: PoolState, node: NodeRecord, before: NodeVerdict | None, now: float, limits: Limits, actions: list[AnyAction]
) -> None:
    """Write the node's status when its state changed, or when its counts did and the last write is long enough ago."""
    model, verdict = node.model, node.verdict
    if model is None or verdict is None:
        return
    urgent = node.chosen is not None or node.done or (node.leaving and not is_known_where(node))
    putting_off = before is not None and _as_busy_as(before, verdict) and not urgent
    if putting_off and now < node.last_written + limits.node_summary:
        _schedule_summary(pool, node, now, limits)
        return
    if putting_off and not node.summary_scheduled and _has_uncounted(node):
        # What has ended there is counted in a moment, and told of with the rest.
        node.summary_scheduled = True
        pool.look_at(now + limits.node_summary, "node", node.name)
        return
    node.summary_scheduled = False
    complete_tally(pool, node)
    node.tally.settle()
    status = describe_node(pool, node, verdict, now)
    if status == model.status and not node.unwritten:
        return
    node.last_written, node.unwritten = now, False
    events = failed_preparations(model.status.jobs, status.jobs)
    if status.state is not model.status.state and status.state in WARNED_OF:
        events = (*events, Event(verdict.reason, verdict.message, "Warning"))
    version = model.metadata.resource_version
    node.model = model.model_copy(update={"status": status})
    actions.append(WriteNode(namespace=pool.namespace, node=node.name, version=version, status=status, events=events))


def _has_uncounted(node: NodeRecord) -> bool:
    return any(not attempt.holds and not attempt.settled for attempt in node.attempts.values())


def _as_busy_as(old: NodeVerdict, new: NodeVerdict) -> bool:
    """True when the verdicts differ in nothing but how busy the node is."""
    return old == new or (old.takes_tasks and new.takes_tasks)
