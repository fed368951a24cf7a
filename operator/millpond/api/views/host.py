"""A Kubernetes Node as a host: whether it is well, whose it is, and how large."""

from __future__ import annotations

import msgspec

from millpond.api.views.meta import Condition, Meta, View


class Taint(View, frozen=True):
    key: str
    effect: str
    value: str = ""


class HostSpec(View, frozen=True):
    taints: tuple[Taint, ...] = ()
    unschedulable: bool = False


class HostStatus(View, frozen=True):
    conditions: tuple[Condition, ...] = ()
    allocatable: dict[str, str] = msgspec.field(default_factory=dict)


class HostView(View, frozen=True):
    metadata: Meta
    spec: HostSpec = HostSpec()
    status: HostStatus = HostStatus()

    @property
    def ready(self) -> bool:
        """True when the kubelet reports Ready=True; a silent kubelet's condition is Unknown."""
        for condition in self.status.conditions:
            if condition.type == "Ready":
                return condition.status == "True"
        return False
