"""What Pods hold of their host."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from millpond.cluster.pod_requests import HostedPod, requests_of


def _container(cpu: str = "", restart: str | None = None, **others: str) -> dict[str, Any]:
    requests = ({"cpu": cpu} if cpu else {}) | {name.replace("_", "/"): amount for name, amount in others.items()}
    return {"resources": {"requests": requests}} | ({"restartPolicy": restart} if restart else {})


def _pod(containers: list[dict[str, Any]], inits: list[dict[str, Any]] | None = None, **spec: Any) -> HostedPod:
    document = {"metadata": {"name": "p"}, "spec": {"containers": containers, "initContainers": inits or [], **spec}}
    return msgspec.convert(document, HostedPod)


CASES = {
    "nothing": (_pod([_container()]), {}),
    "sum": (_pod([_container("1", memory="1Gi"), _container("500m")]), {"cpu": "1500m", "memory": "1Gi"}),
    "init is smaller": (_pod([_container("1")], [_container("500m")]), {"cpu": "1"}),
    "init is larger": (_pod([_container("1")], [_container("3")]), {"cpu": "3"}),
    "inits run one after another": (_pod([_container("1")], [_container("2"), _container("2")]), {"cpu": "2"}),
    "sidecar stays": (_pod([_container("1")], [_container("500m", "Always")]), {"cpu": "1500m"}),
    "sidecar beside a later init": (
        _pod([_container("1")], [_container("1", "Always"), _container("3")]),
        {"cpu": "4"},
    ),
    "overhead": (_pod([_container("1")], overhead={"cpu": "250m"}), {"cpu": "1250m"}),
    "devices": (_pod([_container(a_gpu="1"), _container(a_gpu="1")]), {"a/gpu": "2"}),
}


@pytest.mark.parametrize(("pod", "requests"), CASES.values(), ids=CASES)
def test_requests(pod: HostedPod, requests: dict[str, str]) -> None:
    assert requests_of(pod) == requests


@pytest.mark.parametrize(
    ("phase", "ended"), [("Pending", False), ("Running", False), ("Succeeded", True), ("Failed", True)]
)
def test_ended(phase: str, ended: bool) -> None:
    assert msgspec.convert({"metadata": {"name": "p"}, "status": {"phase": phase}}, HostedPod).ended is ended
