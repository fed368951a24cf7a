"""The pool's network: its policy is written when the pool is first seen, and when it says something else."""

from __future__ import annotations

from millpond.control.actions import AnyAction, CloseNetwork
from millpond.control.pool_state import PoolState


def close_network(pool: PoolState, actions: list[AnyAction]) -> None:
    """Have the policy written of what the Pool says now, unless that was asked for already.

    It is written again by each life of the operator; no node Pod is made before it is there.
    """
    model = pool.model
    if model is None or model.metadata.deletion_timestamp is not None:
        return
    wanted = (model.metadata.uid, model.spec.enable_inter_node_communication, model.spec.network_configuration)
    if wanted != pool.network:
        pool.network = wanted
        actions.append(CloseNetwork(namespace=pool.namespace, pool=pool.name))
