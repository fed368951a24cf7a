"""A live API server seen by a test: requests, and waiting for what its watches tell. No sleeping, no polling."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from millpond.cluster.kubeconfig import from_kubeconfig

Document = dict[str, Any]
CORE = {"pods", "nodes", "namespaces", "secrets", "persistentvolumeclaims"}
OTHERS = {
    "events": "events.k8s.io/v1",
    "deployments": "apps/v1",
    "leases": "coordination.k8s.io/v1",
    "machinedeployments": "cluster.x-k8s.io/v1beta2",
    "machines": "cluster.x-k8s.io/v1beta2",
}
PATIENCE = 60.0
"""Seconds after which what was waited for is held to be missing."""


class NotSoError(AssertionError):
    """What a test waited for did not come."""


class Live:
    """An API server, by its kubeconfig."""

    def __init__(self, kubeconfig: Path) -> None:
        self._connection = from_kubeconfig(kubeconfig)

    def request(self, method: str, path: str, document: Any = None, kind: str = "application/json") -> Document:
        """One request; AssertionError with the server's words where it is not done."""
        try:
            with self._open(method, path, document, kind) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{method} {path}: {json.load(error).get('message')}") from None

    def _open(self, method: str, path: str, document: Any, kind: str, seconds: float = 30.0) -> Any:
        body = None if document is None else json.dumps(document).encode()
        headers = {**self._connection.credentials.headers(), "Content-Type": kind}
        request = urllib.request.Request(self._connection.server + path, body, headers, method=method)
        return urllib.request.urlopen(request, timeout=seconds, context=self._connection.tls)

    def apply(self, document: Document, namespace: str = "") -> Document:
        """Server-side apply, as `kubectl apply --server-side` does it."""
        plural = f"{document['kind'].lower()}s"
        path = f"{path_of(plural, namespace)}/{document['metadata']['name']}?fieldManager=test&force=true"
        return self.request("PATCH", path, document, "application/apply-patch+yaml")

    def patch(self, plural: str, namespace: str, name: str, patch: Document, subresource: str = "") -> Document:
        """JSON merge patch."""
        path = "/".join(part for part in (path_of(plural, namespace), name, subresource) if part)
        return self.request("PATCH", path, patch, "application/merge-patch+json")

    def delete(self, plural: str, namespace: str, name: str, grace: int | None = None) -> None:
        """Delete an object, in the background."""
        query = "" if grace is None else f"?gracePeriodSeconds={grace}"
        self.request("DELETE", f"{path_of(plural, namespace)}/{name}{query}")

    def get(self, plural: str, namespace: str, name: str) -> Document:
        return self.request("GET", f"{path_of(plural, namespace)}/{name}")

    def all(self, plural: str, namespace: str = "", labels: str = "") -> list[Document]:
        """The objects of a collection; of all namespaces where none is named."""
        query = f"?labelSelector={urllib.parse.quote(labels)}"
        return list(self.request("GET", path_of(plural, namespace) + query)["items"])

    def until(
        self,
        plural: str,
        namespace: str,
        condition: Callable[[dict[str, Document]], Any],
        what: str,
        seconds: float = PATIENCE,
    ) -> Any:
        """Watch a collection until `condition` of its objects by name is true; what it gave."""
        deadline = time.monotonic() + seconds
        seen: dict[str, Document] = {}
        try:
            for objects in self._states(path_of(plural, namespace), deadline):
                seen = objects
                if result := condition(objects):
                    return result
        except TimeoutError:
            pass
        raise NotSoError(f"{what}: not so after {seconds:.0f} s. {plural} in {namespace or 'all'}:\n{told(seen)}")

    def _states(self, path: str, deadline: float) -> Iterator[dict[str, Document]]:
        """The collection as it is, then after each change."""
        while time.monotonic() < deadline:
            found = self.request("GET", path)
            objects = {item["metadata"]["name"]: item for item in found["items"]}
            yield objects
            version = found["metadata"]["resourceVersion"]
            left = max(0.1, deadline - time.monotonic())
            query = f"?watch=1&resourceVersion={version}&timeoutSeconds={int(left) + 1}"
            with self._open("GET", path + query, None, "application/json", left) as stream:
                for line in stream:
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        break
                    name = event["object"]["metadata"]["name"]
                    objects.pop(name, None)
                    if event["type"] != "DELETED":
                        objects[name] = event["object"]
                    yield objects
                    if time.monotonic() > deadline:
                        return


def path_of(plural: str, namespace: str = "") -> str:
    """The URL path of a collection: of Kubernetes' own kinds that tests use, else of Millpond's."""
    version = "v1" if plural in CORE else OTHERS.get(plural, "millpond.dev/v1alpha1")
    prefix = f"/api/{version}" if version == "v1" else f"/apis/{version}"
    return f"{prefix}/namespaces/{namespace}/{plural}" if namespace else f"{prefix}/{plural}"


def condition(document: Document, kind: str) -> Document:
    """A condition of an object's status, empty where it is not there."""
    found = [one for one in document.get("status", {}).get("conditions", ()) if one["type"] == kind]
    return found[0] if found else {}


def told(objects: dict[str, Document]) -> str:
    """Names and statuses, for the message of a failed wait."""
    lines = [f"  {name}: {json.dumps(item.get('status', {}))[:1500]}" for name, item in sorted(objects.items())]
    return "\n".join(lines[:20]) or "  none"
