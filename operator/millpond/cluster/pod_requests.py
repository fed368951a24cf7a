"""What a Pod of anybody holds of its host: the requests that the kubelet and kube-scheduler count."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from millpond.api.resources import format_bytes, format_millicores, millicores, whole
from millpond.api.views.meta import Meta, View
from millpond.api.views.pod import ResourceRequirements


class _Container(View, frozen=True):
    resources: ResourceRequirements = ResourceRequirements()
    restart_policy: str | None = None


class _Spec(View, frozen=True):
    containers: tuple[_Container, ...] = ()
    init_containers: tuple[_Container, ...] = ()
    overhead: dict[str, str] = msgspec.field(default_factory=dict)


class _Status(View, frozen=True):
    phase: str = "Pending"


class HostedPod(View, frozen=True):
    """A Pod as far as the room of its host goes."""

    metadata: Meta
    spec: _Spec = _Spec()
    status: _Status = _Status()

    @property
    def ended(self) -> bool:
        """True when it holds nothing any more."""
        return self.status.phase in ("Succeeded", "Failed")


def requests_of(pod: HostedPod) -> dict[str, str]:
    """Containers and sidecars together, or the largest step of the init sequence where that is more; plus overhead."""
    running: dict[str, int] = {}
    for container in pod.spec.containers:
        _add(running, container.resources.requests)
    sidecars: dict[str, int] = {}
    peak: dict[str, int] = {}
    for container in pod.spec.init_containers:
        step = dict(sidecars)
        _add(step, container.resources.requests)
        if container.restart_policy == "Always":
            sidecars = step
        _raise(peak, step)
    for name, amount in sidecars.items():
        running[name] = running.get(name, 0) + amount
    _raise(running, peak)
    _add(running, pod.spec.overhead)
    return {name: _written(name, amount) for name, amount in running.items()}


def _add(total: dict[str, int], requests: Mapping[str, str]) -> None:
    for name, amount in requests.items():
        total[name] = total.get(name, 0) + (millicores(amount) if name == "cpu" else whole(amount))


def _raise(total: dict[str, int], other: Mapping[str, int]) -> None:
    for name, amount in other.items():
        total[name] = max(total.get(name, 0), amount)


def _written(name: str, amount: int) -> str:
    return format_millicores(amount) if name == "cpu" else format_bytes(amount)
