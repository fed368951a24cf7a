"""Hosts by the replicas of an object: Cluster API's MachineDeployments, and whatever else has a scale subresource.

Of Cluster API's objects the Machines are known, so those whose hosts are free are marked to be deleted first, and only
then replicas are lowered. Other objects choose by themselves which host goes, and must choose an empty one.
"""

from __future__ import annotations

from contextlib import suppress

import msgspec

from millpond.api.pool import Pool
from millpond.api.provider import ScaledObject
from millpond.api.views.meta import Meta, View
from millpond.cluster.api_server import ApiServer, Resource, Selection
from millpond.cluster.errors import NotFoundError, RejectedError
from millpond.cluster.providers.claims import plan_with_claims
from millpond.cluster.providers.provider import failed, not_found, too_few_named
from millpond.control.actions import SupplyHosts
from millpond.control.outcomes import Done, Outcome
from millpond.scaling.providers import Machine, Supply

CLUSTER_API = "cluster.x-k8s.io"
DELETE_FIRST = f"{CLUSTER_API}/delete-machine"
"""Annotation of Machines that go first when the replicas of their object are lowered."""


class _ScaleSpec(View, frozen=True):
    replicas: int = 0


class _ScaleStatus(View, frozen=True):
    selector: str = ""


class _Scale(View, frozen=True):
    metadata: Meta
    spec: _ScaleSpec = _ScaleSpec()
    status: _ScaleStatus = _ScaleStatus()


class _MachineMeta(View, frozen=True):
    name: str
    resource_version: str = ""
    deletion_timestamp: str | None = None
    annotations: dict[str, str] = msgspec.field(default_factory=dict)


class _NodeRef(View, frozen=True):
    name: str = ""


class _MachineStatus(View, frozen=True):
    node_ref: _NodeRef | None = None


class _Machine(View, frozen=True):
    metadata: _MachineMeta
    status: _MachineStatus = _MachineStatus()

    def judged(self) -> Machine:
        meta, ref = self.metadata, self.status.node_ref
        host = ref.name if ref is not None and ref.name else None
        return Machine(meta.name, host, DELETE_FIRST in meta.annotations, meta.deletion_timestamp is not None)


_scale = msgspec.json.Decoder(_Scale).decode
_machine = msgspec.json.Decoder(_Machine).decode


def _of_kind(kind: str, served: list[Resource]) -> Resource:
    for resource in served:
        if resource.kind == kind and "/" not in resource.plural:
            return resource
    raise NotFoundError(f"the API server knows no kind {kind} there")


class ScaleSubresourceProvider:
    """A `Provider` whose hosts are the replicas of an object."""

    def __init__(self, api: ApiServer) -> None:
        self._api = api

    async def supply(self, wish: SupplyHosts, pool: Pool) -> Outcome:
        """Set replicas, on condition of the version that was judged; before they are lowered, mark the machines."""
        if pool.spec.provider.scale_subresource is None:
            raise ValueError("the schema demands scaleSubresource for this provider")
        target = pool.spec.provider.scale_subresource.dedicated
        name = f"{target.kind} {target.name} ({target.api_version})"
        try:
            return await self._supply(wish, target)
        except NotFoundError as error:
            if wish.wanted == 0:
                return Done()
            place = f"in namespace {wish.namespace}"
            text = f"{name}, the provider of the pool, was not found {place}: {error.message}. Create it."
            return not_found(text)
        except RejectedError as error:
            text = f"{name}, the provider of the pool, cannot be scaled: {error.message}"
            return failed(f"{text} The chart's value providers.scale lists what Millpond may scale.")

    async def _supply(self, wish: SupplyHosts, target: ScaledObject) -> Outcome:
        group, _, version = target.api_version.rpartition("/")
        every = await self._api.resources(group, version)
        resource = _of_kind(target.kind, every)
        scale = _scale(await self._api.get(resource, wish.namespace, target.name, "scale"))
        if group != CLUSTER_API:
            return await self._set(wish, resource, scale, Supply(wish.wanted))
        machines_of = _of_kind("Machine", every)
        machines = await self._machines(machines_of, wish.namespace, scale.status.selector)
        plan = await plan_with_claims(self._api, wish, [machine.judged() for machine in machines])
        for machine in machines:
            await self._mark(machines_of, wish.namespace, machine.metadata, plan)
        return await self._set(wish, resource, scale, plan)

    async def _machines(self, resource: Resource, namespace: str, selector: str) -> list[_Machine]:
        """Those of the object; none where it does not tell how to find them."""
        found: list[_Machine] = []
        token = ""
        while selector:
            page = await self._api.list_page(resource, namespace, Selection(labels=selector), token=token)
            found += [_machine(item) for item in page.items]
            token = page.next
            if not token:
                break
        return found

    async def _mark(self, resource: Resource, namespace: str, machine: _MachineMeta, plan: Supply) -> None:
        if machine.name not in (*plan.mark, *plan.unmark):
            return
        mark = "" if machine.name in plan.mark else None
        patch = {"metadata": {"annotations": {DELETE_FIRST: mark}, "resourceVersion": machine.resource_version}}
        with suppress(NotFoundError):
            await self._api.merge_patch(resource, namespace, machine.name, patch)

    async def _set(self, wish: SupplyHosts, resource: Resource, scale: _Scale, plan: Supply) -> Outcome:
        if scale.spec.replicas != plan.replicas:
            version = {"resourceVersion": scale.metadata.resource_version}
            patch = {"metadata": version, "spec": {"replicas": plan.replicas}}
            await self._api.merge_patch(resource, wish.namespace, scale.metadata.name, patch, "scale")
        return too_few_named(plan.short) if plan.short else Done()
