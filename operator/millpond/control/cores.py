"""The cores of a namespace's nodes, as far as is known, held against its quota before more nodes are made."""

from __future__ import annotations

from millpond.api.nodetemplate import NodeClass
from millpond.api.pool import Pool
from millpond.api.resources import millicores
from millpond.control.limits import Limits
from millpond.control.node_record import NodeRecord
from millpond.control.pool_state import PoolState
from millpond.scaling.quota import Allowance, QuotaFacts, judge_quota

UNKNOWN_MILLIS = 1000
"""What a node counts for while nothing at all is known of its size."""


def allowed(pool: PoolState, model: Pool, node_class: NodeClass, asked: int, limits: Limits) -> Allowance:
    """How many of the nodes asked for may be made."""
    cores = limits.core_quota if node_class is NodeClass.DEDICATED else limits.low_priority_core_quota
    if not cores or not asked:
        return Allowance(asked)
    used = sum(cores_used(each, node_class) for each in pool.siblings.values())
    return judge_quota(QuotaFacts(node_class, int(cores * 1000), used, _each(pool, model, node_class), asked))


def cores_used(pool: PoolState, node_class: NodeClass) -> int:
    """Millicores of the pool's nodes of that class: of their hosts, or what they will have."""
    nodes = [node for node in pool.nodes.values() if node.node_class is node_class and not node.is_memory]
    if not nodes:
        return 0
    each = _each(pool, pool.model, node_class)
    return sum(_of_host(pool, node) or each for node in nodes)


def _each(pool: PoolState, model: Pool | None, node_class: NodeClass) -> int:
    """What a node without a host counts for: its template's cpu, else that of the largest host of its kind, else 1."""
    offered = model.spec.template_of(node_class).resources.get("cpu") if model is not None else None
    if offered is not None:
        return max(1, millicores(offered))
    hosts = (_of_host(pool, node) for node in pool.nodes.values() if node.node_class is node_class)
    return max(hosts, default=0) or UNKNOWN_MILLIS


def _of_host(pool: PoolState, node: NodeRecord) -> int:
    host = pool.hosts.get(node.pod.spec.node_name) if node.pod is not None and node.pod.spec.node_name else None
    return millicores(host.status.allocatable.get("cpu", "0")) if host is not None else 0
