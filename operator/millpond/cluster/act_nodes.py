"""Performing what concerns nodes: ComputeNodes, node Pods, the claim on a host, and the statuses of nodes and pools."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec

from millpond.api import labels
from millpond.api.commandline import CommandLineError
from millpond.api.kind import API_VERSION
from millpond.api.nodetemplate import Storage
from millpond.api.views.host import HostStatus
from millpond.api.views.meta import Meta, View
from millpond.api.views.pod import PodView
from millpond.cluster.api_server import COMPUTE_NODES, HOSTS, PODS, POOLS, ApiServer, Selection
from millpond.cluster.claims import GOING_PAUSE, NodeClaims
from millpond.cluster.documents import Documents
from millpond.cluster.errors import AlreadyExistsError, ConflictError, NotFoundError, RejectedError
from millpond.cluster.manifests.eraser import eraser_pod
from millpond.cluster.manifests.node_pod import node_pod, shrunk
from millpond.cluster.network_policies import NetworkPolicies
from millpond.cluster.objects import drop_finalizer, read_meta, write_status
from millpond.cluster.pod_requests import HostedPod, requests_of
from millpond.cluster.room import room_of
from millpond.control.actions import (
    ClaimHost,
    CloseNetwork,
    CreateEraser,
    CreateNode,
    CreateNodePod,
    DeleteClaim,
    DeleteNodePod,
    ReleaseHost,
    ReleaseNode,
    RemoveNode,
    ShrinkNodePod,
    WriteNode,
    WritePool,
)
from millpond.control.outcomes import QUOTA_EXCEEDED, Done, Missed, Outcome, Refused, Room
from millpond.lifecycle.users import UserRefusedError
from millpond.settings import Settings

EXCEEDED = "exceeded quota"
"""What the API server says where a ResourceQuota is used up."""

_hosted = msgspec.json.Decoder(HostedPod).decode
_pod = msgspec.json.Decoder(PodView).decode


class _HostSpec(View, frozen=True):
    taints: list[dict[str, Any]] = msgspec.field(default_factory=list)
    """As they came: the list is written back whole, with what we do not know of it."""


class _Host(View, frozen=True):
    metadata: Meta
    spec: _HostSpec = _HostSpec()
    status: HostStatus = HostStatus()


_host = msgspec.json.Decoder(_Host).decode


class NodeActions:
    """One method for each action of nodes; each may raise an `ApiError`, which the actuator judges."""

    def __init__(self, api: ApiServer, documents: Documents, settings: Settings) -> None:
        self._api = api
        self._documents = documents
        self._settings = settings
        self._claims = NodeClaims(api)
        self._policies = NetworkPolicies(api, settings.namespace)

    async def create(self, action: CreateNode) -> Outcome:
        """Create the ComputeNode, owned by its Pool so that nothing outlives the Pool."""
        pool = await self._documents.pool(action.namespace, action.pool)
        owner = {"apiVersion": API_VERSION, "kind": "Pool", "name": action.pool, "uid": pool.metadata.uid}
        document = {
            "apiVersion": API_VERSION,
            "kind": "ComputeNode",
            "metadata": {
                "name": action.node,
                "namespace": action.namespace,
                "labels": {labels.POOL: action.pool, labels.MANAGED_BY: labels.OPERATOR},
                "finalizers": [labels.NODE_FINALIZER],
                "ownerReferences": [owner | {"controller": True, "blockOwnerDeletion": False}],
            },
            "spec": {
                "poolName": action.pool,
                "nodeClass": action.node_class.value,
                "storageType": pool.spec.node_template.storage.type.value,
            },
        }
        try:
            meta = await self._api.create(COMPUTE_NODES, action.namespace, document)
        except AlreadyExistsError:
            return Done()
        return Done(meta.resource_version, meta.uid)

    async def remove(self, action: RemoveNode) -> Outcome:
        """Delete the ComputeNode; its finalizer holds it until it is empty."""
        try:
            await self._api.delete(COMPUTE_NODES, action.namespace, action.node, uid=action.uid)
        except (NotFoundError, ConflictError):
            return Done()
        return Done()

    async def release(self, action: ReleaseNode) -> Outcome:
        """Drop our finalizer from a ComputeNode on which nothing is left."""
        space, name = action.namespace, action.node
        with suppress(NotFoundError):
            await drop_finalizer(self._api, COMPUTE_NODES, space, name, action.uid, labels.NODE_FINALIZER)
        return Done()

    async def create_pod(self, action: CreateNodePod) -> Outcome:
        """Create the node's Pod for kube-scheduler to place, after its claim where it has one."""
        space = action.namespace
        node = await read_meta(self._api, COMPUTE_NODES, space, action.node)
        pool = await self._documents.pool(space, action.pool)
        closed = await self._policies.see_to(pool)
        if not isinstance(closed, Done):
            return closed
        storage = pool.spec.node_template.storage
        try:
            awaits = await self._see_to_claim(action, node.uid, storage)
            if not isinstance(awaits, bool):
                return awaits
            manifest = node_pod(action, node.uid, pool, self._settings, awaits_volume=awaits)
            meta = await self._api.create(PODS, space, manifest)
        except CommandLineError as error:
            return Refused("InvalidCommandLine", f"spec.startTask: {error}")
        except UserRefusedError as error:
            return Refused(error.reason, f"spec.startTask.userIdentity: {error}")
        except AlreadyExistsError:
            return await self._existing(action)
        except RejectedError as error:
            return _refused(error, storage)
        return Done(meta.resource_version, meta.uid)

    async def _existing(self, action: CreateNodePod) -> Done | Missed:
        """The Pod that has the name. NotFoundError when there is none."""
        found = _pod(await self._api.get(PODS, action.namespace, action.pod)).metadata
        mine = found.labels.get(labels.NODE) == action.node
        return Done(found.resource_version, found.uid) if mine else Missed("a stranger has the name", again_in=5.0)

    async def _see_to_claim(
        self, action: CreateNodePod, node_uid: str, storage: Storage
    ) -> bool | Done | Missed | Refused:
        """Have the claim there; whether a volume must be found for it. A Pod that is there has what it needs."""
        if not storage.on_claims:
            return False
        with suppress(NotFoundError):
            return await self._existing(action)
        return await self._claims.see_to(action, node_uid, storage)

    async def delete_claim(self, action: DeleteClaim) -> Outcome:
        """Delete the node's claim, and see that it is gone."""
        try:
            node = await read_meta(self._api, COMPUTE_NODES, action.namespace, action.node)
        except NotFoundError:
            return Done()
        gone = await self._claims.is_gone(action.namespace, action.node, node.uid)
        return Done() if gone else Missed(f"claim {action.node} is going", again_in=GOING_PAUSE)

    async def create_eraser(self, action: CreateEraser) -> Outcome:
        """Create the Pod that erases the node's directory, on the node's host."""
        space = action.namespace
        node = await read_meta(self._api, COMPUTE_NODES, space, action.node)
        try:
            secrets = (await self._documents.pool(space, action.pool)).spec.node_template.image_pull_secrets
        except NotFoundError:
            secrets = ()
        try:
            meta = await self._api.create(PODS, space, eraser_pod(action, node.uid, secrets, self._settings))
        except AlreadyExistsError:
            found = _pod(await self._api.get(PODS, space, action.pod)).metadata
            if all(owner.uid != node.uid for owner in found.owner_references):
                return Refused("PodRefused", f"another Pod has the name {action.pod}")
            return Done(found.resource_version, found.uid)
        except RejectedError as error:
            return Refused("PodRefused", f"the API server refuses the Pod that erases them: {error.message}")
        return Done(meta.resource_version, meta.uid)

    async def delete_pod(self, action: DeleteNodePod) -> Outcome:
        """Delete a node Pod, with its own grace. One that is gone is as good."""
        try:
            await self._api.delete(PODS, action.namespace, action.pod, uid=action.uid)
        except (NotFoundError, ConflictError):
            return Done()
        return Done()

    async def shrink(self, action: ShrinkNodePod) -> Outcome:
        """Resize the node Pod in place to what its agent needs."""
        try:
            meta = await self._api.json_patch(PODS, action.namespace, action.pod, shrunk(action.uid), "resize")
        except RejectedError as error:
            return Missed(f"the node Pod cannot be resized: {error.message}", again_in=30.0)
        return Done(meta.resource_version)

    async def claim(self, action: ClaimHost) -> Outcome:
        """Label and taint the host for the pool, then measure what it has left for tasks."""
        host = _host(await self._api.get(HOSTS, None, action.host))
        held = host.metadata.labels.get(labels.HOST_LABEL)
        if held not in (None, action.claim):
            return Missed(f"host {action.host} belongs to another pool ({held})", again_in=10.0)
        taint = {"key": labels.HOST_TAINT, "value": action.claim, "effect": "NoSchedule"}
        if held is None or not any(taint.items() <= found.items() for found in host.spec.taints):
            others = [found for found in host.spec.taints if found.get("key") != labels.HOST_TAINT]
            await self._mark_host(host, action.claim, [*others, taint])
        return Done(room=await self._measure(action, host))

    async def _measure(self, action: ClaimHost, host: _Host) -> Room:
        pool = await self._documents.pool(action.namespace, action.pool)
        others: list[Mapping[str, str]] = []
        token = ""
        while True:
            chosen = Selection(fields=f"spec.nodeName={action.host}")
            page = await self._api.list_page(PODS, None, chosen, token=token)
            strangers = [pod for pod in map(_hosted, page.items) if not pod.ended and not _is_ours(pod, action)]
            others += [requests_of(pod) for pod in strangers]
            token = page.next
            if not token:
                return room_of(host.status.allocatable, others, pool.spec.template_of(action.node_class).resources)

    async def release_host(self, action: ReleaseHost) -> Outcome:
        """Take label and taint off, if they are this pool's."""
        try:
            host = _host(await self._api.get(HOSTS, None, action.host))
        except NotFoundError:
            return Done()
        if host.metadata.labels.get(labels.HOST_LABEL) == action.claim:
            ours = (labels.HOST_TAINT, action.claim)
            kept = [found for found in host.spec.taints if (found.get("key"), found.get("value")) != ours]
            await self._mark_host(host, None, kept)
        return Done()

    async def _mark_host(self, host: _Host, claim: str | None, taints: list[dict[str, Any]]) -> None:
        patch = {
            "metadata": {"labels": {labels.HOST_LABEL: claim}, "resourceVersion": host.metadata.resource_version},
            "spec": {"taints": taints or None},
        }
        await self._api.merge_patch(HOSTS, None, host.metadata.name, patch)

    async def close_network(self, action: CloseNetwork) -> Outcome:
        """Write the pool's NetworkPolicy. The policy of a Pool that is gone goes with it."""
        try:
            return await self._policies.write(await self._documents.pool(action.namespace, action.pool))
        except NotFoundError:
            return Done()

    async def write_node(self, action: WriteNode) -> Outcome:
        """Write a ComputeNode's whole status, if it is as it was seen."""
        return await write_status(
            self._api, COMPUTE_NODES, action.namespace, action.node, action.version, action.status
        )

    async def write_pool(self, action: WritePool) -> Outcome:
        """Write a Pool's whole status, if it is as it was seen."""
        return await write_status(self._api, POOLS, action.namespace, action.pool, action.version, action.status)


def _refused(error: RejectedError, storage: Storage) -> Refused:
    """Why a node's Pod, or its claim, is not made, and what to do."""
    what = "the node's claim or Pod" if storage.on_claims else "the node's Pod"
    text = f"The API server refuses {what}: {error.message}"
    if EXCEEDED in error.message:
        return Refused(QUOTA_EXCEEDED, text)
    if not storage.on_claims:
        text += (
            " Nodes keep their directory on the host: give the pool nodeTemplate.storage of type "
            "PersistentVolumeClaim, or use a namespace whose Pod Security level is privileged."
        )
    return Refused("PodRefused", text)


def _is_ours(pod: HostedPod, action: ClaimHost) -> bool:
    """True for the pool's own Pods: what tasks hold is booked by the fold, and the agent's part is counted apart."""
    tags = pod.metadata.labels
    ours = tags.get(labels.POOL) == action.pool and tags.get(labels.MANAGED_BY) == labels.OPERATOR
    return ours and pod.metadata.namespace == action.namespace
