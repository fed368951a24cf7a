"""The pool's network: its policy is written when the pool appears, when it says something else, and in between."""

from __future__ import annotations

from millpond.control.actions import AnyAction, CloseNetwork
from millpond.control.pool_state import PoolState

CHECKED_EACH = 300.0
"""Seconds until the policy is written again though the Pool says the same: somebody may have changed or deleted it.

Two or three requests for each pool in that time; one that is as it should be is not changed by them.
"""


def close_network(pool: PoolState, now: float, actions: list[AnyAction]) -> None:
    """Have the policy written of what the Pool says now, unless that was asked for a short while ago.

    It is written again by each life of the operator; no node Pod is made before it is there.
    """
    model = pool.model
    if model is None or model.metadata.deletion_timestamp is not None:
        return
    wanted = (model.metadata.uid, model.spec.enable_inter_node_communication, model.spec.network_configuration)
    if pool.network is None or wanted != pool.network[0] or now >= pool.network[1]:
        pool.network = wanted, now + CHECKED_EACH
        pool.look_at(now + CHECKED_EACH, "pool", pool.name)
        actions.append(CloseNetwork(namespace=pool.namespace, pool=pool.name))
