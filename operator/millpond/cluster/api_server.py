"""The narrow door to a Kubernetes API server that everything else here uses, and the resources behind it.

`Client` implements it over HTTP; tests implement it in process. All failures are those of `errors`. Knows no object's
inside.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from millpond.api.kind import GROUP, VERSION
from millpond.api.views.meta import Meta

PAGE = 500
"""Objects of a page of a list, and of one round of a collection's deletion."""


class Resource(msgspec.Struct, frozen=True):
    """A kind of object, as URLs name it. `group` is "" for the core group."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str | None, name: str = "", subresource: str = "") -> str:
        """The URL path of an object, or of the collection where `name` is "". Namespace None means all namespaces."""
        parts = ["apis", self.group, self.version] if self.group else ["api", self.version]
        if self.namespaced and namespace:
            parts += ["namespaces", namespace]
        parts += [self.plural, name, subresource]
        return "/" + "/".join(part for part in parts if part)


PODS = Resource("", "v1", "pods", "Pod")
HOSTS = Resource("", "v1", "nodes", "Node", namespaced=False)
SECRETS = Resource("", "v1", "secrets", "Secret")
"""For the command line alone, by its user's own rights."""
SERVICE_ACCOUNTS = Resource("", "v1", "serviceaccounts", "ServiceAccount")
ROLE_BINDINGS = Resource("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding")
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
CLAIMS = Resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim")
NETWORK_POLICIES = Resource("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy")
EVENTS = Resource("events.k8s.io", "v1", "events", "Event")
LEASES = Resource("coordination.k8s.io", "v1", "leases", "Lease")
POOLS = Resource(GROUP, VERSION, "pools", "Pool")
COMPUTE_NODES = Resource(GROUP, VERSION, "computenodes", "ComputeNode")
JOBS = Resource(GROUP, VERSION, "jobs", "Job")
TASKS = Resource(GROUP, VERSION, "tasks", "Task")
JOB_SCHEDULES = Resource(GROUP, VERSION, "jobschedules", "JobSchedule")


class Selection(msgspec.Struct, frozen=True):
    """Which objects of a collection: label and field selectors in Kubernetes' own syntax, "" for all."""

    labels: str = ""
    fields: str = ""


EVERYTHING = Selection()


class Page(msgspec.Struct, frozen=True):
    """A page of a list. `next` is the token of the following page, "" on the last one."""

    items: list[msgspec.Raw]
    resource_version: str
    next: str = ""


class WatchEvent(msgspec.Struct, frozen=True):
    """One line of a watch: ADDED, MODIFIED, DELETED or BOOKMARK, and the object as it came."""

    type: str
    object: msgspec.Raw


class ApiServer(Protocol):
    """Reads give the JSON as bytes; writes take plain documents and give the metadata of what was written.

    Each call ends within the implementation's time limit, with a result or an `ApiError`; `watch` has none.
    """

    async def get(self, resource: Resource, namespace: str | None, name: str, subresource: str = "") -> bytes:
        """The JSON of the object, or of a subresource of it."""
        ...

    async def resources(self, group: str, version: str) -> list[Resource]:
        """What the group's version has, subresources as `plural/name`. NotFoundError when it is not served."""
        ...

    async def list_page(
        self,
        resource: Resource,
        namespace: str | None,
        selection: Selection = EVERYTHING,
        *,
        limit: int = PAGE,
        token: str = "",
    ) -> Page:
        """One page of the collection. GoneError when `token` (a page's `next`) is too old."""
        ...

    def watch(
        self, resource: Resource, namespace: str | None, resource_version: str, selection: Selection = EVERYTHING
    ) -> AsyncGenerator[WatchEvent, None]:
        """Everything that happens after `resource_version`, bookmarks included, until the server ends the stream.

        GoneError, from the start or later, when that version is no longer kept; UnavailableError when the stream breaks
        or stays silent for longer than the implementation allows.
        """
        ...

    async def create(self, resource: Resource, namespace: str | None, document: Mapping[str, Any]) -> Meta:
        """Create the object. After a lost answer it may be there: AlreadyExistsError then says so."""
        ...

    async def merge_patch(
        self, resource: Resource, namespace: str | None, name: str, patch: Mapping[str, Any], subresource: str = ""
    ) -> Meta:
        """JSON merge patch (RFC 7386); with `metadata.resourceVersion` in it, ConflictError when written since."""
        ...

    async def json_patch(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        operations: Sequence[Mapping[str, Any]],
        subresource: str = "",
    ) -> Meta:
        """JSON patch (RFC 6902); InvalidError (or ConflictError) when a `test` does not hold."""
        ...

    async def delete(
        self, resource: Resource, namespace: str | None, name: str, *, uid: str = "", grace: int | None = None
    ) -> None:
        """Delete the object; with a `uid`, ConflictError when it is another one. `grace` in seconds, None: its own."""
        ...

    async def delete_collection(
        self, resource: Resource, namespace: str, selection: Selection, *, limit: int = PAGE
    ) -> int:
        """Delete up to `limit` objects of the collection; how many it were."""
        ...
