"""The API server's verbs with their rules: preconditions, generations, status isolation, paging. Synchronous.

Deleting has its own file (`deletion`), watching too (`watching`); who may do what is not modelled.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

from support.model import deletion
from support.model.failures import StatusError, already_exists, bad_request, conflict, gone, invalid, not_found
from support.model.patches import json_patch, merge
from support.model.resources import BY_PLURAL, ResourceType
from support.model.selectors import Predicate, field_selector, label_selector
from support.model.store import Document, Key, Store

SERVER_OWNED = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")


class Verbs:
    """A store with the API server's manners. `clock`: seconds since the epoch; `seed` decides uids and suffixes."""

    def __init__(self, clock: Callable[[], float], seed: int = 0) -> None:
        self.clock = clock
        self.store = Store()
        self.random = Random(seed)
        self._pages: dict[str, tuple[int, list[Document]]] = {}

    def now(self) -> str:
        return datetime.fromtimestamp(int(self.clock()), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    # Reading

    def get(self, plural: str, namespace: str | None, name: str) -> Document:
        document = self.store.get(plural, _key(BY_PLURAL[plural], namespace, name))
        if document is None:
            raise not_found(plural, name)
        return document

    def scale(self, plural: str, namespace: str | None, name: str) -> Document:
        """The scale subresource of an object."""
        document, field = self.get(plural, namespace, name), BY_PLURAL[plural].scale
        if not field:
            raise not_found(f"{plural}/scale", name)
        status = document.get("status") or {}
        return {
            "apiVersion": "autoscaling/v1",
            "kind": "Scale",
            "metadata": document["metadata"],
            "spec": {"replicas": document["spec"].get(field, 0)},
            "status": {"replicas": status.get("replicas", 0), "selector": status.get("selector", "")},
        }

    def list(self, plural: str, namespace: str | None = None, labels: str = "", fields: str = "") -> list[Document]:
        """All objects that match, by namespace and name."""
        matches = self.matcher(plural, namespace, labels, fields)
        return [document for _, document in sorted(self.store.all(plural).items()) if matches(document)]

    def matcher(self, plural: str, namespace: str | None, labels: str, fields: str) -> Predicate:
        by_label, by_field = label_selector(labels), field_selector(fields, BY_PLURAL[plural].selectable)
        space = namespace if BY_PLURAL[plural].namespaced else None
        return lambda document: (
            (not space or document["metadata"].get("namespace") == space) and by_label(document) and by_field(document)
        )

    def list_page(
        self, plural: str, namespace: str | None, labels: str, fields: str, limit: int, token: str
    ) -> tuple[list[Document], int, str]:
        """A page, the revision of the whole list, and the next page's token ("" on the last)."""
        if token:
            if token not in self._pages:
                raise bad_request("continue key is not valid")
            revision, rest = self._pages[token]
            if revision < self.store.floor:
                raise gone("The provided continue parameter is too old")
        else:
            revision, rest = self.store.revision, self.list(plural, namespace, labels, fields)
        page, rest = (rest[:limit], rest[limit:]) if limit else (rest, [])
        following = ""
        if rest:
            following = f"{revision}.{len(self._pages)}"
            self._pages[following] = revision, rest
        return page, revision, following

    # Writing

    def create(self, plural: str, namespace: str | None, document: Mapping[str, Any]) -> Document:
        kind = BY_PLURAL[plural]
        metadata = {key: value for key, value in document.get("metadata", {}).items() if key not in SERVER_OWNED}
        if metadata.pop("resourceVersion", ""):
            raise bad_request("resourceVersion should not be set on objects to be created")
        if not metadata.get("name"):
            metadata["name"] = self._generate_name(plural, metadata)
        if kind.namespaced and (not namespace or metadata.setdefault("namespace", namespace) != namespace):
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        name = metadata["name"]
        key = _key(kind, namespace, name)
        if self.store.get(plural, key) is not None:
            raise already_exists(plural, name)
        metadata["uid"] = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        metadata["creationTimestamp"] = self.now()
        if kind.counts_generations:
            metadata["generation"] = 1
        if kind.finalizers:
            metadata["finalizers"] = [*(metadata.get("finalizers") or ()), *kind.finalizers]
        new = {"apiVersion": kind.api_version, "kind": kind.kind, **document, "metadata": metadata}
        if kind.status:
            new.pop("status", None)
        return self.store.put(plural, key, _with_defaults(kind, new))

    def _generate_name(self, plural: str, metadata: dict[str, Any]) -> str:
        prefix = metadata.get("generateName")
        if not prefix:
            raise invalid(plural, "", "metadata.name: Required value: name or generateName is required")
        return prefix + "".join(self.random.choices("bcdfghjklmnpqrstvwxz2456789", k=5))

    def merge_patch(
        self, plural: str, namespace: str | None, name: str, patch: Mapping[str, Any], subresource: str = ""
    ) -> Document:
        old = self.get(plural, namespace, name)
        version = (patch.get("metadata") or {}).get("resourceVersion")
        if version and version != old["metadata"]["resourceVersion"]:
            raise conflict(plural, name, CHANGED)
        return self._update(plural, old, merge(old, dict(patch)), subresource)

    def json_patch(
        self,
        plural: str,
        namespace: str | None,
        name: str,
        operations: Sequence[Mapping[str, Any]],
        subresource: str = "",
    ) -> Document:
        old = self.get(plural, namespace, name)
        new = json_patch(old, [dict(operation) for operation in operations])
        version = new["metadata"].get("resourceVersion")
        if version and version != old["metadata"]["resourceVersion"]:
            raise conflict(plural, name, CHANGED)
        return self._update(plural, old, new, subresource)

    def _update(self, plural: str, old: Document, new: Document, subresource: str) -> Document:
        kind = BY_PLURAL[plural]
        name = old["metadata"]["name"]
        if subresource == "resize":
            self._require_host(old)
        if subresource == "scale" and kind.scale:
            size = {kind.scale: new["spec"]["replicas"]}
            new = self._main(kind, old, old | {"spec": old["spec"] | size})
        elif subresource == "status" or (kind.graceful and subresource):
            new = _only(kind, old, new, subresource)
        elif subresource:
            raise not_found(f"{plural}/{subresource}", name)
        else:
            new = self._main(kind, old, new)
        if new == old:
            return old
        if deletion.is_over(new):
            return new | {"metadata": self.store.remove(plural, _key_of(old))["metadata"]}
        return self.store.put(plural, _key_of(old), new)

    def _require_host(self, pod: Document) -> None:
        """A Pod can be resized on a host that exists only."""
        host = pod["spec"].get("nodeName")
        if host and self.store.get("nodes", ("", host)) is None:
            name = pod["metadata"]["name"]
            raise StatusError(403, "Forbidden", f'pods "{name}" is forbidden: node "{host}" not found')

    def _main(self, kind: ResourceType, old: Document, new: Document) -> Document:
        """The rules of the main resource: identity stays, status stays, the spec's changes are numbered."""
        meta, was = dict(new["metadata"]), old["metadata"]
        if meta.get("uid") != was["uid"]:
            raise conflict(
                kind.plural,
                was["name"],
                f"Precondition failed: UID in precondition: {meta.get('uid')}, UID in object meta: {was['uid']}",
            )
        if meta.get("name") != was["name"]:
            raise bad_request("the name of the object does not match the name on the URL")
        for field in ("resourceVersion", *SERVER_OWNED):
            if field in was:
                meta[field] = was[field]
            else:
                meta.pop(field, None)
        if "deletionTimestamp" in was and set(meta.get("finalizers") or ()) - set(was.get("finalizers") or ()):
            raise invalid(
                kind.plural,
                was["name"],
                "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted",
            )
        for field in ("finalizers", "ownerReferences", "labels", "annotations"):
            if field in meta and not meta[field]:
                del meta[field]
        if kind.kind == "Pod" and _fixed(new) != _fixed(old):
            raise invalid(kind.plural, was["name"], "spec: Forbidden: pod updates may not change these fields")
        new = new | {"metadata": meta, "apiVersion": old["apiVersion"], "kind": old["kind"]}
        if kind.status:
            new = _with(new, "status", old.get("status"))
        if kind.counts_generations and _spec(new) != _spec(old):
            meta["generation"] = was.get("generation", 1) + 1
        return new

    def bind(self, namespace: str, name: str, host: str) -> Document:
        """The scheduler's binding of a Pod to a host."""
        pod = self.get("pods", namespace, name)
        if pod["spec"].get("nodeName"):
            raise conflict("pods/binding", name, f"pod {name} is already assigned to node {pod['spec']['nodeName']}")
        return self.store.put("pods", (namespace, name), pod | {"spec": pod["spec"] | {"nodeName": host}})

    # Deleting

    def delete(
        self, plural: str, namespace: str | None, name: str, *, uid: str = "", grace: int | None = None
    ) -> Document:
        """Begin or finish a deletion; the object as it is afterwards (its last state when it is gone)."""
        document = self.get(plural, namespace, name)
        if uid and uid != document["metadata"]["uid"]:
            raise conflict(
                plural,
                name,
                f"Precondition failed: UID in precondition: {uid}, UID in object meta: {document['metadata']['uid']}",
            )
        return deletion.delete(self.store, BY_PLURAL[plural], document, grace, self.clock())

    def delete_collection(self, plural: str, namespace: str, labels: str, fields: str, limit: int) -> int:
        """Delete up to `limit` objects; how many were asked to go."""
        victims = self.list(plural, namespace, labels, fields)[: limit or None]
        for victim in victims:
            deletion.delete(self.store, BY_PLURAL[plural], victim, None, self.clock())
        return len(victims)


CHANGED = "the object has been modified; please apply your changes to the latest version and try again"


def _key(kind: ResourceType, namespace: str | None, name: str) -> Key:
    return (namespace or "", name) if kind.namespaced else ("", name)


def _key_of(document: Document) -> Key:
    return document["metadata"].get("namespace", ""), document["metadata"]["name"]


def _with(document: Document, field: str, value: Any) -> Document:
    if value is None:
        return {key: kept for key, kept in document.items() if key != field}
    return document | {field: value}


def _spec(document: Document) -> Document:
    return {key: value for key, value in document.items() if key not in ("metadata", "status")}


def _fixed(pod: Document) -> Document:
    """What of a Pod's spec cannot be changed through the Pod itself."""
    spec = {key: value for key, value in pod["spec"].items() if key not in ("activeDeadlineSeconds", "tolerations")}
    containers = [{key: value for key, value in c.items() if key != "image"} for c in spec["containers"]]
    return spec | {"containers": containers}


def _only(kind: ResourceType, old: Document, new: Document, subresource: str) -> Document:
    """What a subresource lets through: the status, or (Pods) the resize of requests and limits."""
    if subresource == "status":
        return _with(old, "status", new.get("status"))
    if subresource != "resize":
        raise not_found(f"{kind.plural}/{subresource}", old["metadata"]["name"])
    resized = old | {"spec": old["spec"] | {"containers": _resized(old, new)}}
    if resized == old:
        return old
    generation = old["metadata"].get("generation", 1) + 1
    return resized | {"metadata": old["metadata"] | {"generation": generation}}


def _resized(old: Document, new: Document) -> list[Document]:
    asked = {container["name"]: container.get("resources", {}) for container in new["spec"]["containers"]}
    return [
        container | {"resources": asked.get(container["name"], container.get("resources", {}))}
        for container in old["spec"]["containers"]
    ]


def _with_defaults(kind: ResourceType, document: Document) -> Document:
    """The few defaults that Millpond meets: a new Pod is Pending, its grace is 30 s, limits alone become requests."""
    if kind.kind != "Pod":
        return document
    spec = {"terminationGracePeriodSeconds": 30, "restartPolicy": "Always", **document["spec"]}
    spec["containers"] = [_requested(container) for container in spec["containers"]]
    return document | {"spec": spec, "status": {"phase": "Pending"}}


def _requested(container: Document) -> Document:
    resources = container.get("resources") or {}
    if not resources.get("limits"):
        return container
    requests = {**resources["limits"], **resources.get("requests", {})}
    return container | {"resources": resources | {"requests": requests}}
