"""The PersistentVolumeClaims of nodes: there before a node's Pod, and gone before the node starts anew without files.

A claim has its node's name, so there is one at most; it goes with its ComputeNode by garbage collection.
"""

from __future__ import annotations

from contextlib import suppress

import msgspec

from millpond.api.nodetemplate import Storage
from millpond.api.views.meta import Meta, View
from millpond.cluster.api_server import CLAIMS, ApiServer
from millpond.cluster.errors import AlreadyExistsError, ConflictError, NotFoundError
from millpond.cluster.manifests.storage import node_claim
from millpond.cluster.objects import is_of_a_kind, is_owned
from millpond.control.actions import CreateNodePod
from millpond.control.outcomes import Missed, Refused

GOING_PAUSE = 1.0
"""Seconds until a claim that is going is looked at again."""


class _ClaimSpec(View, frozen=True):
    volume_name: str = ""


class _Claim(View, frozen=True):
    metadata: Meta
    spec: _ClaimSpec = _ClaimSpec()

    @property
    def bound(self) -> bool:
        return bool(self.spec.volume_name)


_claim = msgspec.json.Decoder(_Claim).decode


class NodeClaims:
    """Makes and deletes them; any `ApiError` may be raised."""

    def __init__(self, api: ApiServer) -> None:
        self._api = api

    async def see_to(self, create: CreateNodePod, node_uid: str, storage: Storage) -> bool | Missed | Refused:
        """Have the claim there that the node's next Pod needs; whether a volume of it must still be found.

        A Pod that is to stand on any host starts with an empty directory, so a volume of before is given up: it may be
        one that only the former host reaches.
        """
        space, name = create.namespace, create.node
        claim = await self._read(space, name)
        if claim is None:
            with suppress(AlreadyExistsError):
                await self._api.create(CLAIMS, space, node_claim(create, node_uid, storage))
            return True
        if not is_owned(claim.metadata, node_uid):
            return _taken(claim)
        if claim.metadata.deletion_timestamp is not None or (claim.bound and create.host is None):
            await self._delete(space, claim)
            return Missed(f"claim {name} with the node's former files is going", again_in=GOING_PAUSE)
        return not claim.bound

    async def is_gone(self, namespace: str, name: str, node_uid: str) -> bool:
        """Have the node's claim deleted; whether nothing is left of it. That of another node is none of ours."""
        claim = await self._read(namespace, name)
        if claim is None or not is_owned(claim.metadata, node_uid):
            return True
        await self._delete(namespace, claim)
        return False

    async def _read(self, namespace: str, name: str) -> _Claim | None:
        try:
            return _claim(await self._api.get(CLAIMS, namespace, name))
        except NotFoundError:
            return None

    async def _delete(self, namespace: str, claim: _Claim) -> None:
        if claim.metadata.deletion_timestamp is None:
            with suppress(NotFoundError, ConflictError):
                await self._api.delete(CLAIMS, namespace, claim.metadata.name, uid=claim.metadata.uid)


def _taken(claim: _Claim) -> Missed | Refused:
    """A claim of the name that is not the node's: one of a former node goes, a user's does not."""
    name = claim.metadata.name
    if is_of_a_kind(claim.metadata, "ComputeNode"):
        return Missed(f"claim {name} goes with a former node of the name", again_in=GOING_PAUSE)
    text = f"PersistentVolumeClaim {name} exists and is not this node's: delete it, or remove the node."
    return Refused("ClaimTaken", text)
