"""Paths of resources."""

from __future__ import annotations

import pytest
from millpond.cluster.api_server import HOSTS, LEASES, PODS, TASKS, Resource


@pytest.mark.parametrize(
    ("resource", "where", "path"),
    [
        (PODS, ("a", "one", "status"), "/api/v1/namespaces/a/pods/one/status"),
        (PODS, (None,), "/api/v1/pods"),
        (HOSTS, (None, "node-1"), "/api/v1/nodes/node-1"),
        (HOSTS, ("ignored", "node-1"), "/api/v1/nodes/node-1"),
        (TASKS, ("a",), "/apis/millpond.dev/v1alpha1/namespaces/a/tasks"),
        (LEASES, ("a", "one"), "/apis/coordination.k8s.io/v1/namespaces/a/leases/one"),
    ],
)
def test_path(resource: Resource, where: tuple[str | None, ...], path: str) -> None:
    assert resource.path(*where) == path  # type: ignore[arg-type]


def test_api_version() -> None:
    assert (PODS.api_version, TASKS.api_version) == ("v1", "millpond.dev/v1alpha1")
