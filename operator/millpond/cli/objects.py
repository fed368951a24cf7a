"""Reading objects as plain documents, whole lists and single ones, with suggestions for names that do not exist."""

from __future__ import annotations

from typing import Any

import msgspec

from millpond.cli.access import Cluster
from millpond.cli.errors import not_installed, unknown_name
from millpond.cluster.api_server import COMPUTE_NODES, JOB_SCHEDULES, JOBS, POOLS, TASKS, ApiServer, Resource, Selection
from millpond.cluster.errors import ForbiddenError, NotFoundError

Document = dict[str, Any]

RESOURCES: dict[str, Resource] = {
    "pool": POOLS,
    "node": COMPUTE_NODES,
    "job": JOBS,
    "schedule": JOB_SCHEDULES,
    "task": TASKS,
}
"""By the noun of the command line."""


async def list_all(
    api: ApiServer, resource: Resource, namespace: str | None, selection: Selection | None = None
) -> tuple[list[msgspec.Raw], str]:
    """All objects selected, page by page, and the version from which to watch on."""
    items: list[msgspec.Raw] = []
    token, version = "", ""
    while True:
        page = await api.list_page(resource, namespace, selection or Selection(), token=token)
        items += page.items
        version = page.resource_version
        token = page.next
        if not token:
            return items, version


async def list_documents(cluster: Cluster, noun: str, fields: str = "") -> list[Document]:
    """All objects of the noun that the field selector selects, as documents with apiVersion and kind."""
    resource = RESOURCES[noun]
    items, _ = await list_all(cluster.api, resource, cluster.namespace, Selection(fields=fields))
    head = {"apiVersion": resource.api_version, "kind": resource.kind}
    return [head | msgspec.json.decode(item) for item in items]


async def get_document(cluster: Cluster, noun: str, name: str) -> Document:
    """The object of that name, or a CliError that suggests others."""
    resource, namespace = RESOURCES[noun], cluster.one_namespace
    try:
        document: Document = msgspec.json.decode(await cluster.api.get(resource, namespace, name))
    except NotFoundError as error:
        if not_installed(error):
            raise
        raise unknown_name(noun, name, namespace, await _names(cluster.api, resource, namespace)) from None
    return document


async def _names(api: ApiServer, resource: Resource, namespace: str) -> list[str]:
    """Names to suggest: those of the first page."""
    try:
        page = await api.list_page(resource, namespace)
    except ForbiddenError:
        return []
    return [msgspec.json.decode(item)["metadata"]["name"] for item in page.items]
