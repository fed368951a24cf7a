"""Low-priority nodes whose hosts are taken away: found out, and given another Pod under the same name."""

from __future__ import annotations

from millpond.api.conditions import find
from millpond.api.nodetemplate import NodeClass
from millpond.api.reasons import ConditionType, NodeState
from millpond.control.actions import AnyAction, CreateNodePod, DeleteNodePod
from millpond.control.limits import Limits
from millpond.control.node_record import NodeRecord
from millpond.control.pool_state import PoolState
from millpond.lifecycle.operations import without_postponed
from millpond.lifecycle.preemption import PreemptionFacts, judge_preemption


def why_preempted(pool: PoolState, node: NodeRecord, now: float, limits: Limits) -> str:
    """Why the node is Preempted, "" where it is not. No dedicated node ever is."""
    if node.node_class is NodeClass.DEDICATED or node.model is None:
        return ""
    placed = node.pod.spec.node_name if node.pod is not None else None
    name = placed or node.model.status.host_name or ""
    facts = PreemptionFacts(placed is not None, name, pool.hosts.get(name), _told(node))
    verdict = judge_preemption(facts, now, limits.node_lost)
    if verdict.look_again is not None:
        pool.look_at(verdict.look_again, "node", node.name)
    return verdict.why


def _told(node: NodeRecord) -> str:
    """Why it was Preempted up to now, be it in an earlier life of the operator."""
    if node.verdict is not None:
        return without_postponed(node.verdict.message, NodeState.PREEMPTED) if node.preempted else ""
    status = node.model.status if node.model is not None else None
    if status is None or status.state is not NodeState.PREEMPTED:
        return ""
    ready = find(status.conditions, ConditionType.READY)
    return without_postponed(ready.message, NodeState.PREEMPTED) if ready is not None else ""


def recover(pool: PoolState, node: NodeRecord, now: float, actions: list[AnyAction]) -> None:
    """Have one Pod wait for a host; those that stood on the lost one go, as far as its kubelet still does that.

    Not before the node's object tells why: a later life of the operator must know it from there.
    """
    if node.told_state is not NodeState.PREEMPTED:
        return
    waits = bool(node.assumed_pods)
    for name, pod in sorted(node.pods.items()):
        if pod.spec.node_name is None and not pod.terminal:
            waits = True
        elif pod.metadata.deletion_timestamp is None and name not in node.deleted_pods:
            node.deleted_pods.add(name)
            actions.append(DeleteNodePod(namespace=pool.namespace, pod=name, uid=pod.metadata.uid))
    if waits or pool.model is None:
        return
    if now < node.not_before:
        pool.look_at(node.not_before, "node", node.name)
        return
    ask_for_pod(pool, node, actions)


def ask_for_pod(pool: PoolState, node: NodeRecord, actions: list[AnyAction], host: str | None = None) -> None:
    """Have a Pod made for the node, of its own name or the first numbered one that no Pod of it has.

    `host`: where it is to stand; None to have kube-scheduler find a place.
    """
    name, number = node.name, 1
    while name in node.pods:
        name, number = f"{node.name}-{number}", number + 1
    node.assumed_pods.add(name)
    action = CreateNodePod(
        namespace=pool.namespace, pool=pool.name, node=node.name, pod=name, node_class=node.node_class, host=host
    )
    actions.append(action)
