"""What is written to objects of any kind in the same way: a new one, a whole status, the end of a finalizer of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from millpond.api.schema import Document
from millpond.api.views.meta import Meta
from millpond.cluster.api_server import ApiServer, Resource
from millpond.cluster.errors import AlreadyExistsError
from millpond.control.outcomes import Done


class _Object(msgspec.Struct):
    metadata: Meta


_object = msgspec.json.Decoder(_Object).decode


async def read_meta(api: ApiServer, resource: Resource, namespace: str, name: str) -> Meta:
    """The object's metadata as it is now. NotFoundError when there is none."""
    return meta_of(await api.get(resource, namespace, name))


def meta_of(raw: bytes | msgspec.Raw) -> Meta:
    """The metadata of an object as the API server gives it."""
    return _object(raw).metadata


async def create_or_find(
    api: ApiServer, resource: Resource, namespace: str, document: Mapping[str, Any]
) -> Meta | None:
    """Create the object: None. Where one of its name is there, that one's metadata. NotFoundError when it just went."""
    try:
        await api.create(resource, namespace, document)
    except AlreadyExistsError:
        return await read_meta(api, resource, namespace, document["metadata"]["name"])
    return None


def is_owned(meta: Meta, uid: str) -> bool:
    """Whether the object goes with the one of that uid."""
    return any(owner.uid == uid for owner in meta.owner_references)


def is_of_a_kind(meta: Meta, kind: str) -> bool:
    """Whether the object goes with one of that kind, so that it soon goes where it does not go with the present one."""
    return any(owner.kind == kind for owner in meta.owner_references)


async def write_status(
    api: ApiServer, resource: Resource, namespace: str, name: str, version: str, status: Document
) -> Done:
    """Write the whole status, fields that are None removed. ConflictError when the object is not of that version."""
    patch = {
        "metadata": {"resourceVersion": version},
        "status": status.model_dump(mode="json", by_alias=True),
    }
    meta = await api.merge_patch(resource, namespace, name, patch, "status")
    return Done(meta.resource_version, meta.uid)


async def drop_finalizer(
    api: ApiServer, resource: Resource, namespace: str, name: str, uid: str, finalizer: str
) -> None:
    """Take our finalizer off the object of that uid, and only ours. NotFoundError when there is none."""
    found = await read_meta(api, resource, namespace, name)
    if found.uid != uid or finalizer not in found.finalizers:
        return
    others = [kept for kept in found.finalizers if kept != finalizer]
    patch = {"metadata": {"finalizers": others, "resourceVersion": found.resource_version}}
    await api.merge_patch(resource, namespace, name, patch)
