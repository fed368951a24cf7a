"""The size of a pool: nodes are made and removed until there are as many as are wanted."""

from __future__ import annotations

from millpond.api import naming
from millpond.api.computenode import NodeOperation
from millpond.api.nodetemplate import NodeClass
from millpond.api.pool import NodeDeallocationOption, Pool
from millpond.api.reasons import NodeState
from millpond.control.actions import AnyAction, CreateNode, ReleaseHost
from millpond.control.cores import allowed
from millpond.control.draining import choose
from millpond.control.limits import Limits
from millpond.control.node_record import NodeRecord
from millpond.control.plan_upgrade import upgrade
from millpond.control.pool_state import PoolState
from millpond.control.sizing import removals_told, resized, target_of
from millpond.scaling.resize import Candidate, plan_resize

QUOTA_PAUSE = 30.0
"""Seconds until more nodes are asked for again that a quota of cores forbids."""


def resize(pool: PoolState, now: float, limits: Limits, actions: list[AnyAction]) -> None:
    """Create nodes, choose those to leave or to be upgraded, and give back hosts that none stands on."""
    if not pool.taken("size"):
        return
    pool.mark("pool", pool.name)
    pool.mark("supply", pool.name)
    _release_hosts(pool, actions)
    if pool.model is None:
        return
    for node_class in NodeClass:
        pool.sizings[node_class] = resized(pool, pool.model, node_class, now)
    _remove_asked(pool, now)
    for node_class in NodeClass:
        _resize_class(pool, pool.model, node_class, now, limits, actions)
    upgrade(pool, now)


def _resize_class(
    pool: PoolState, model: Pool, node_class: NodeClass, now: float, limits: Limits, actions: list[AnyAction]
) -> None:
    sizing = pool.sizings[node_class]
    nodes = [node for node in pool.nodes.values() if node.node_class is node_class]
    staying = [node for node in nodes if node.stays and _uid(node) not in sizing.removals]
    change = plan_resize(target_of(pool, node_class), list(map(_candidate, staying)), stopped=sizing.stopped)
    may = allowed(pool, model, node_class, change.add, limits)
    pool.over_quota[node_class] = may.why
    if may.why:
        pool.look_at(now + QUOTA_PAUSE, "size", pool.name)
    _grow(pool, node_class, may.nodes, actions)
    for name in change.remove:
        node = pool.nodes[name]
        if node.model is None:
            # Asked for and not seen yet: it is chosen again when it appears.
            continue
        choose(pool, node, NodeOperation.REMOVE, _option_of(pool), now)
        pool.mark("node", name)


def _remove_asked(pool: PoolState, now: float) -> None:
    """Nodes whose removal users ask for leave, each with its own option, once the lower target is told."""
    told = removals_told(pool)
    for node in pool.nodes.values() if told else ():
        if node.model is not None and node.stays and node.model.metadata.uid in told:
            choose(pool, node, NodeOperation.REMOVE, node.model.spec.removal_option, now)
            pool.mark("node", node.name)


def _uid(node: NodeRecord) -> str:
    return node.model.metadata.uid if node.model is not None else ""


def _candidate(node: NodeRecord) -> Candidate:
    created = node.model.metadata.creation_timestamp if node.model is not None else None
    return Candidate(
        node.name,
        node.verdict.state if node.verdict else NodeState.CREATING,
        sum(a.demand.slots for a in node.attempts.values() if a.holds),
        created.isoformat() if created else "",
        node.counts,
        any(a.manages and a.holds for a in node.attempts.values()),
    )


def _option_of(pool: PoolState) -> NodeDeallocationOption:
    """What becomes of tasks when the pool shrinks. A pool that goes requeues them, as by default (reference §3.1)."""
    if pool.model is None or pool.deleting:
        return NodeDeallocationOption.REQUEUE
    if pool.model.spec.auto_scale is not None:
        return formula_option(pool, pool.model) or NodeDeallocationOption.REQUEUE
    return pool.model.spec.node_deallocation_option


def formula_option(pool: PoolState, model: Pool) -> NodeDeallocationOption | None:
    """The option that the last run of the pool's formula with a result has set; None before one."""
    decided = pool.decided.option if pool.decided else None
    return decided or model.status.node_deallocation_option


def _grow(pool: PoolState, node_class: NodeClass, count: int, actions: list[AnyAction]) -> None:
    ordinal = 0
    while count > 0 and pool.model is not None:
        name = naming.node_name(pool.name, pool.model.metadata.uid, ordinal)
        ordinal += 1
        if name in pool.nodes:
            continue
        node = pool.node(name)
        node.creating, node.node_class = True, node_class
        count -= 1
        actions.append(CreateNode(namespace=pool.namespace, pool=pool.name, node=name, node_class=node_class))


def _release_hosts(pool: PoolState, actions: list[AnyAction]) -> None:
    """A claimed host on which nothing of the pool stands or runs is given back."""
    in_use = hosts_in_use(pool)
    for host in sorted(pool.claimed - pool.releasing):
        if host not in in_use and host in pool.hosts:
            pool.releasing.add(host)
            actions.append(ReleaseHost(namespace=pool.namespace, host=host, claim=pool.claim))
    pool.releasing &= pool.claimed


def hosts_in_use(pool: PoolState) -> set[str]:
    """Names of the hosts on which anything of the pool stands or runs, or is still to be cleaned up."""
    in_use = {pod.spec.node_name for node in pool.nodes.values() for pod in node.pods.values()}
    # A host that a node has left is still to be cleaned; one that a node is to come back to is kept for it.
    bare = [n.model for n in pool.nodes.values() if n.model is not None and (n.leaving or not n.pods)]
    in_use |= {model.status.host_name for model in bare}
    in_use |= {a.view.spec.node_name for a in pool.attempts.values() if a.holds and a.view is not None}
    in_use |= {p.view.spec.node_name for p in pool.job_pods.values() if p.holds and p.view is not None}
    in_use |= {node.slots.host for node in pool.nodes.values() if node.slots is not None and node.holding}
    return {host for host in in_use if host is not None}
