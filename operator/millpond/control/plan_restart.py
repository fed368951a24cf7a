"""A node that is rebooted or reimaged: first its tasks end, then its Pod and, for a reimage, its files go.

Each step waits until the one before is seen to be done, and the next Pod until the node's object tells that the restart
is over: so whoever comes after the operator neither leaves it out nor makes it twice.
"""

from __future__ import annotations

from millpond.api import naming
from millpond.api.computenode import NodeOperation
from millpond.control.actions import AnyAction, CreateEraser, DeleteClaim
from millpond.control.limits import Limits
from millpond.control.node_record import NodeRecord
from millpond.control.plan_leaving import delete_eraser, delete_pods, host_lost_under, is_empty, is_told_where
from millpond.control.pool_state import PoolState
from millpond.control.retained import waits_for_files
from millpond.lifecycle.erasure import ErasureFacts, ErasureVerdict, judge_erasure
from millpond.lifecycle.nodes import host_is_lost


def restart_node(pool: PoolState, node: NodeRecord, now: float, limits: Limits, actions: list[AnyAction]) -> None:
    """The next step, until it is down, and clean where it is to be."""
    if node.chosen is not None or node.done or not is_empty(pool, node) or not is_told_where(pool, node):
        return
    if waits_for_files(pool, node, now) is not None:
        return
    delete_pods(pool, node, actions)
    if node.operation is NodeOperation.REIMAGE and _is_down(pool, node):
        _erase(pool, node, now, limits, actions)


def is_restarted(pool: PoolState, node: NodeRecord, now: float, limits: Limits) -> bool:
    """True when nothing is left of what the node was before, but the files of one that is only rebooted."""
    if not is_empty(pool, node) or not _is_down(pool, node):
        return False
    if node.operation is not NodeOperation.REIMAGE:
        return True
    jobs_forgotten = all(pod.spent for of in node.jobs.values() for pod in of.pods.values())
    return jobs_forgotten and (_has_no_files(pool, node) or _is_erased(pool, node, now, limits))


def _is_erased(pool: PoolState, node: NodeRecord, now: float, limits: Limits) -> bool:
    return node.claim_gone if node.on_claim else _erasure(pool, node, now, limits) == ErasureVerdict(over=True)


def _is_down(pool: PoolState, node: NodeRecord) -> bool:
    return not node.assumed_pods and all(host_lost_under(pool, pod) for pod in node.pods.values())


def _has_no_files(pool: PoolState, node: NodeRecord) -> bool:
    """True for a node that never had a host, or has lost it: it starts elsewhere."""
    host = node.model.status.host_name if node.model is not None else None
    return host is None or host_is_lost(pool.hosts.get(host))


def _erasure(pool: PoolState, node: NodeRecord, now: float, limits: Limits) -> ErasureVerdict:
    host = node.model.status.host_name if node.model is not None else None
    return judge_erasure(ErasureFacts(host, pool.hosts.get(host or ""), node.eraser, ""), now, limits.erasing)


def _erase(pool: PoolState, node: NodeRecord, now: float, limits: Limits, actions: list[AnyAction]) -> None:
    """Have the directory erased, again and again until it is: a node must not start among files of its past."""
    if _has_no_files(pool, node):
        return
    if node.on_claim:
        _delete_claim(pool, node, now, actions)
        return
    verdict = _erasure(pool, node, now, limits)
    trouble = verdict.stays or node.erasure_refusal or node.trouble
    if trouble != node.trouble:
        node.trouble = trouble
        pool.mark("node", node.name)
    if verdict.look_again is not None:
        pool.look_at(verdict.look_again, "node", node.name)
    if node.eraser is not None:
        if verdict.stays and node.eraser.terminal:
            node.not_before = now + limits.backoff_most
            delete_eraser(pool, node, actions)
        return
    if now < node.not_before:
        pool.look_at(node.not_before, "node", node.name)
        return
    host = node.model.status.host_name if node.model is not None else None
    if host is not None and not node.erasing:
        node.erasing = True
        name = naming.eraser_pod(node.name)
        actions.append(CreateEraser(namespace=pool.namespace, pool=pool.name, node=node.name, pod=name, host=host))


def _delete_claim(pool: PoolState, node: NodeRecord, now: float, actions: list[AnyAction]) -> None:
    """Have the claim deleted, asked for again until nothing is left of it. The node's next Pod comes with a new one."""
    if node.erasing or node.claim_gone:
        return
    if now < node.not_before:
        pool.look_at(node.not_before, "node", node.name)
        return
    node.erasing = True
    pool.mark("sweep", pool.name)  # an ended Pod keeps the claim that it mounts
    actions.append(DeleteClaim(namespace=pool.namespace, node=node.name))
