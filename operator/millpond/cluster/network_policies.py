"""The network policies of pools: written before the first Pod of a pool, and whenever they differ from the Pool."""

from __future__ import annotations

from millpond.api.pool import Pool
from millpond.cluster.api_server import NETWORK_POLICIES, ApiServer
from millpond.cluster.manifests.network_policy import network_policy
from millpond.cluster.objects import create_or_find, is_of_a_kind, is_owned
from millpond.control.outcomes import Done, Missed, Refused

FORMER_PAUSE = 2.0
"""Seconds until a name that a former Pool's policy still has is tried again."""


class NetworkPolicies:
    """Remembers which pools are closed, as far as this life of the operator has seen to it."""

    def __init__(self, api: ApiServer, operator_namespace: str) -> None:
        self._api = api
        self._operator_namespace = operator_namespace
        self._closed: set[str] = set()
        """Uids of the Pools."""

    async def see_to(self, pool: Pool) -> Done | Missed | Refused:
        """Close the pool if that was not done yet."""
        return Done() if pool.metadata.uid in self._closed else await self.write(pool)

    async def write(self, pool: Pool) -> Done | Missed | Refused:
        """Make the policy what the Pool says. Missed while a former Pool's has its name, Refused for others."""
        space, wanted = pool.metadata.namespace, network_policy(pool, self._operator_namespace)
        name = wanted["metadata"]["name"]
        found = await create_or_find(self._api, NETWORK_POLICIES, space, wanted)
        if found is not None:
            if not is_owned(found, pool.metadata.uid):
                if is_of_a_kind(found, "Pool"):
                    return Missed(f"NetworkPolicy {name} goes with a former Pool of the name", again_in=FORMER_PAUSE)
                text = f"NetworkPolicy {name} exists and is not this pool's: delete it, or give the pool another name."
                return Refused("NetworkPolicyTaken", text)
            await self._api.merge_patch(NETWORK_POLICIES, space, name, {"spec": wanted["spec"]})
        self._closed.add(pool.metadata.uid)
        return Done()
