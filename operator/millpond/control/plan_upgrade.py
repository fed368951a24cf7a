"""Rolling a changed pool over its nodes, where its upgrade policy says so."""

from __future__ import annotations

from millpond.api import labels
from millpond.api.computenode import NodeOperation
from millpond.api.pool import NodeDeallocationOption, UpgradeMode
from millpond.api.reasons import NodeState
from millpond.control.draining import choose
from millpond.control.node_record import NodeRecord
from millpond.control.pool_state import PoolState
from millpond.lifecycle.upgrade import Upgradable, next_upgrades


def upgrade(pool: PoolState, now: float) -> None:
    """Choose nodes to be restarted; the next plan writes it on them."""
    if pool.model is None or pool.deleting or pool.model.spec.upgrade_policy.mode is not UpgradeMode.AUTOMATIC:
        return
    staying = [node for node in pool.nodes.values() if node.model is not None and not node.leaving]
    for name in next_upgrades([_upgradable(pool, node) for node in staying]):
        choose(pool, pool.nodes[name], NodeOperation.UPGRADE, NodeDeallocationOption.REQUEUE, now)
        pool.mark("node", name)


def is_outdated(pool: PoolState, node: NodeRecord) -> bool:
    """True when the node's Pod was made with another start task, node template or accounts than the pool has now."""
    made = node.pod.metadata.labels.get(labels.NODE_VERSION) if node.pod is not None else None
    wanted = pool.node_versions.get(node.node_class)
    return made is not None and wanted is not None and made != wanted


def _upgradable(pool: PoolState, node: NodeRecord) -> Upgradable:
    return Upgradable(
        node.name,
        node.verdict.state if node.verdict is not None else NodeState.CREATING,
        is_outdated(pool, node),
        node.restarting,
        sum(attempt.demand.slots for attempt in node.attempts.values() if attempt.holds),
        any(attempt.manages and attempt.holds for attempt in node.attempts.values()),
    )
