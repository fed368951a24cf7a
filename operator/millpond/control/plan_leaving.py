"""The end of a node: its tasks first, then its Pods, then what it left on its host, then its object."""

from __future__ import annotations

from millpond.api import naming
from millpond.api.views.pod import PodView
from millpond.control.actions import AnyAction, CreateEraser, DeleteNodePod, Event, ReleaseNode, RemoveNode
from millpond.control.limits import Limits
from millpond.control.node_record import NodeRecord
from millpond.control.pool_state import PoolState
from millpond.control.retained import waits_for_files
from millpond.lifecycle.erasure import ErasureFacts, judge_erasure
from millpond.lifecycle.nodes import host_is_lost


def end_node(pool: PoolState, node: NodeRecord, now: float, limits: Limits, actions: list[AnyAction]) -> None:
    """The next step of a node that leaves: nothing until its object tells that, and the node is empty."""
    if node.chosen is not None or not is_empty(pool, node) or not is_told_where(pool, node):
        return
    if waits_for_files(pool, node, now) is not None:
        return
    model = node.model
    if model is not None and model.metadata.deletion_timestamp is None and not node.removing:
        if now < node.not_before:
            pool.look_at(node.not_before, "node", node.name)
            return
        node.removing = True
        actions.append(RemoveNode(namespace=pool.namespace, node=node.name, uid=model.metadata.uid))
    delete_pods(pool, node, actions)
    if node.pods or model is None or model.metadata.deletion_timestamp is None or node.released:
        return
    if node.on_claim:
        _release(pool, node, model.metadata.uid, "", actions)
        return
    host = model.status.host_name
    facts = ErasureFacts(host, pool.hosts.get(host or ""), node.eraser, node.erasure_refusal)
    verdict = judge_erasure(facts, now, limits.erasing)
    if verdict.look_again is not None:
        pool.look_at(verdict.look_again, "node", node.name)
    if verdict.over:
        _release(pool, node, model.metadata.uid, verdict.stays, actions)
    elif node.eraser is None and not node.erasing and host is not None:
        node.erasing = True
        name = naming.eraser_pod(node.name)
        actions.append(CreateEraser(namespace=pool.namespace, pool=pool.name, node=node.name, pod=name, host=host))


def is_empty(pool: PoolState, node: NodeRecord) -> bool:
    """True when nothing of any task or job task runs on the node, and all attempts there are counted."""
    for attempt in node.attempts.values():
        if attempt.holds and not host_lost_under(pool, attempt.view):
            return False
        if not attempt.released:
            return False
    return not _runs_job_tasks(pool, node)


def is_told_where(pool: PoolState, node: NodeRecord) -> bool:
    """True when the node's object says where its Pod stands; else that is written in this plan.

    Whoever comes after the Pods must know which host is to be cleaned.
    """
    if is_known_where(node):
        return True
    if not node.unwritten:
        node.last_written = float("-inf")
        pool.mark("node", node.name)
    return False


def is_known_where(node: NodeRecord) -> bool:
    """True when the node's object says on which host its Pod stands, or there is nothing to say."""
    host = node.pod.spec.node_name if node.pod is not None else None
    return host is None or node.model is None or (node.model.status.host_name == host and not node.unwritten)


def _release(pool: PoolState, node: NodeRecord, uid: str, stays: str, actions: list[AnyAction]) -> None:
    events: tuple[Event, ...] = ()
    if stays and node.model is not None:
        text = (
            f"Files of the node stay on host {node.model.status.host_name}: {stays}. "
            f"Remove the folder {pool.namespace}.{pool.name}.{node.name} there by hand."
        )
        events = (Event("FilesStay", text, "Warning"),)
    node.released = True
    if node.on_claim:
        pool.mark("sweep", pool.name)  # an ended Pod keeps the claim that it mounts
    actions.append(ReleaseNode(namespace=pool.namespace, node=node.name, uid=uid, events=events))


def end_orphan(pool: PoolState, node: NodeRecord, actions: list[AnyAction]) -> None:
    """A node without an object: its Pods go; when nothing is left the record goes too."""
    pool.open_node(node, takes_tasks=False)
    if node.holding == 0 and not _runs_job_tasks(pool, node):
        delete_pods(pool, node, actions)
    left = node.pods or node.attempts or node.assumed_pods or node.jobs
    if not left and node.eraser is None:
        del pool.nodes[node.name]
        pool.mark("size", pool.name)


def _runs_job_tasks(pool: PoolState, node: NodeRecord) -> bool:
    """True while a job's preparation or release task may be running on the node.

    One that cannot start has failed while its Pod is still there: it is not waited for, and goes with the node.
    """
    stays = node.model is not None and node.model.metadata.deletion_timestamp is None
    pods = (pod for of in node.jobs.values() for pod in of.pods.values())
    holding = (pod for pod in pods if pod.holds and not (stays and pod.run.completed))
    return any(not host_lost_under(pool, pod.view) for pod in holding)


def delete_pods(pool: PoolState, node: NodeRecord, actions: list[AnyAction]) -> None:
    """Delete the node's Pods. An eraser that is older than one of them has not seen its files, and goes before."""
    if node.pods and node.eraser is not None:
        delete_eraser(pool, node, actions)
        return
    for _, pod in sorted(node.pods.items()):
        name = pod.metadata.name
        if pod.metadata.deletion_timestamp is None and name not in node.deleted_pods:
            node.deleted_pods.add(name)
            actions.append(DeleteNodePod(namespace=pool.namespace, pod=name, uid=pod.metadata.uid))


def delete_eraser(pool: PoolState, node: NodeRecord, actions: list[AnyAction]) -> None:
    """Delete the Pod that erased what the node had left."""
    meta = node.eraser.metadata if node.eraser is not None else None
    if meta is not None and meta.deletion_timestamp is None and meta.name not in node.deleted_pods:
        node.deleted_pods.add(meta.name)
        actions.append(DeleteNodePod(namespace=pool.namespace, pod=meta.name, uid=meta.uid))


def host_lost_under(pool: PoolState, pod: PodView | None) -> bool:
    """True when the Pod's host is gone, so that the Pod holds nothing any more."""
    return pod is not None and pod.spec.node_name is not None and host_is_lost(pool.hosts.get(pod.spec.node_name))
