"""Hosts that KWOK plays: Node objects without a machine, for development and tests of scale."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from millpond.api import labels, naming
from millpond.api.pool import Pool
from millpond.api.resources import millicores, whole
from millpond.api.views.host import HostView
from millpond.cluster.api_server import HOSTS, ApiServer, Selection
from millpond.cluster.errors import AlreadyExistsError, ConflictError, NotFoundError, RejectedError
from millpond.cluster.providers.claims import plan_with_claims
from millpond.cluster.providers.provider import failed, too_few_named
from millpond.control.actions import SupplyHosts
from millpond.control.outcomes import Done, Outcome
from millpond.scaling.providers import Machine

DEFAULT_ROOM = {"cpu": "8", "memory": "32Gi"}
MARGIN = {"cpu": 1_000, "memory": 2**30}
"""What a simulated host has beyond what a node offers its tasks: millicores and bytes."""

_host = msgspec.json.Decoder(HostView).decode


class KwokProvider:
    """A `Provider` that makes simulated hosts, and deletes those that it has made."""

    def __init__(self, api: ApiServer) -> None:
        self._api = api

    async def supply(self, wish: SupplyHosts, pool: Pool) -> Outcome:
        """Create or delete Nodes."""
        try:
            return await self._supply(wish, pool)
        except RejectedError as error:
            text = f"Simulated hosts cannot be made or deleted: {error.message}"
            return failed(f"{text} The chart's value providers.kwok allows it.")

    async def _supply(self, wish: SupplyHosts, pool: Pool) -> Outcome:
        claim = naming.host_claim(wish.namespace, wish.pool)
        hosts, version = await self._hosts(claim)
        machines = [Machine(name, name, going=_is_going(host)) for name, host in hosts.items()]
        plan = await plan_with_claims(self._api, wish, machines)
        missing = plan.replicas - sum(not machine.going for machine in machines) + len(plan.mark)
        # A name is never used again: Pods of a host that was lost must not wake up on another one.
        names = [naming.simulated_host(claim, version, number) for number in range(missing)]
        await asyncio.gather(
            *(self._delete(name, hosts[name].metadata.uid) for name in plan.mark),
            *(self._create(name, claim, pool) for name in names),
        )
        return too_few_named(plan.short) if plan.short else Done()

    async def _hosts(self, claim: str) -> tuple[dict[str, HostView], str]:
        """Those made for the pool, and the version of the list."""
        found: dict[str, HostView] = {}
        token = ""
        while True:
            page = await self._api.list_page(HOSTS, None, Selection(f"{labels.SIMULATED_FOR}={claim}"), token=token)
            found |= {host.metadata.name: host for host in map(_host, page.items)}
            token = page.next
            if not token:
                return found, page.resource_version

    async def _create(self, name: str, claim: str, pool: Pool) -> None:
        try:
            await self._api.create(HOSTS, None, simulated_host(name, claim, pool))
        except AlreadyExistsError:
            return

    async def _delete(self, name: str, uid: str) -> None:
        try:
            await self._api.delete(HOSTS, None, name, uid=uid)
        except (NotFoundError, ConflictError):
            return


def _is_going(host: HostView) -> bool:
    return host.metadata.deletion_timestamp is not None


def simulated_host(name: str, claim: str, pool: Pool) -> dict[str, Any]:
    """A Node that KWOK takes over and the pool's selector admits."""
    offered = DEFAULT_ROOM | pool.spec.node_template.resources
    cpu, memory = millicores(offered["cpu"]) + MARGIN["cpu"], whole(offered["memory"]) + MARGIN["memory"]
    room = {"cpu": f"{cpu}m", "memory": str(memory), "pods": "300"}
    tags = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "type": "kwok"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": tags | pool.spec.node_template.host_selector.match_labels | {labels.SIMULATED_FOR: claim},
        },
        "status": {"allocatable": room, "capacity": room},
    }
