"""Performing what concerns a pool's provider: which one is asked."""

from __future__ import annotations

from millpond.api.provider import ProviderType
from millpond.cluster.api_server import ApiServer
from millpond.cluster.documents import Documents
from millpond.cluster.providers.kwok import KwokProvider
from millpond.cluster.providers.provider import Provider
from millpond.cluster.providers.scale_subresource import ScaleSubresourceProvider
from millpond.control.actions import SupplyHosts
from millpond.control.outcomes import Outcome


class SupplyActions:
    """The providers that are to be asked; kube-scheduler's hosts come and go without."""

    def __init__(self, api: ApiServer, documents: Documents) -> None:
        self._documents = documents
        self._providers: dict[ProviderType, Provider] = {
            ProviderType.SCALE_SUBRESOURCE: ScaleSubresourceProvider(api),
            ProviderType.KWOK: KwokProvider(api),
        }

    async def supply(self, action: SupplyHosts) -> Outcome:
        """Ask the provider of the pool."""
        pool = await self._documents.pool(action.namespace, action.pool)
        return await self._providers[pool.spec.provider.type].supply(action, pool)
