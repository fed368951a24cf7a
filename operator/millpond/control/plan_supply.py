"""Asking the provider of a pool for the hosts that it needs. `scaling/providers` judges what that means."""

from __future__ import annotations

from millpond.api.failure import ResizeError
from millpond.api.provider import ProviderType
from millpond.api.reasons import ResizeErrorCode
from millpond.control.actions import AnyAction, SupplyHosts
from millpond.control.node_record import NodeRecord
from millpond.control.outcomes import Done, Outcome, Refused
from millpond.control.plan_leaving import host_lost_under
from millpond.control.plan_size import hosts_in_use
from millpond.control.pool_state import PoolState

RESYNC = 60.0
"""Seconds until a provider is asked for the same again."""


def supply(pool: PoolState, now: float, actions: list[AnyAction]) -> None:
    """Ask for as many hosts as nodes stand on, or lack, when that has changed or is due to be said again."""
    if not pool.taken("supply") or not is_asked(pool):
        return
    record = pool.supply
    # A host that a node has left is given back by its claim first.
    kept = (hosts_in_use(pool) | pool.claimed) & pool.hosts.keys()
    lacking = sum(_lacks_host(pool, node) for node in pool.nodes.values())
    wanted = len(kept) + lacking
    if record.asking is not None or (now < record.again and record.agreed in (None, wanted)):
        return
    record.asking = wanted
    action = SupplyHosts(namespace=pool.namespace, pool=pool.name, kept=tuple(sorted(kept)), lacking=lacking)
    actions.append(action)


def _lacks_host(pool: PoolState, node: NodeRecord) -> bool:
    """True for a node that is to stay and stands on no host that lives."""
    if node.leaving:
        return node.creating
    return node.pod is None or node.pod.spec.node_name is None or host_lost_under(pool, node.pod)


def is_asked(pool: PoolState) -> bool:
    """True when the pool has a provider that must be asked; the scheduler's hosts come and go by themselves."""
    return pool.model is not None and pool.model.spec.provider.type is not ProviderType.SCHEDULER


def settle_supply(pool: PoolState, action: SupplyHosts, outcome: Outcome, again: float) -> None:
    """Fold what the provider said; what has changed meanwhile is judged at once, the same not before `again`."""
    record, before = pool.supply, pool.supply.refusal
    record.asking, record.agreed, record.again = None, None, again
    if isinstance(outcome, Done):
        record.agreed, record.refusal = action.wanted, None
        pool.mark("supply", pool.name)
    if isinstance(outcome, Refused):
        known = outcome.reason in set(ResizeErrorCode)
        code = ResizeErrorCode(outcome.reason) if known else ResizeErrorCode.ALLOCATION_FAILED
        record.refusal = ResizeError(code=code, message=outcome.message)
    pool.look_at(record.again, "supply", pool.name)
    if record.refusal != before:
        pool.mark("pool", pool.name)
