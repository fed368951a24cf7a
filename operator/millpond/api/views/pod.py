"""A Pod of ours (of a task or of a node) as evidence: where it is, how far it came, how it ended."""

from __future__ import annotations

import msgspec

from millpond.api.views.meta import Condition, Meta, View


class Waiting(View, frozen=True):
    reason: str = ""
    message: str = ""


class Running(View, frozen=True):
    started_at: str | None = None


class Terminated(View, frozen=True):
    exit_code: int = 0
    signal: int = 0
    reason: str = ""
    message: str = ""
    started_at: str | None = None
    finished_at: str | None = None


class ContainerState(View, frozen=True):
    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(View, frozen=True):
    name: str
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()
    ready: bool = False
    restart_count: int = 0


class ResourceRequirements(View, frozen=True):
    requests: dict[str, str] = msgspec.field(default_factory=dict)


class Container(View, frozen=True):
    name: str
    resources: ResourceRequirements = ResourceRequirements()


class PodSpec(View, frozen=True):
    node_name: str | None = None
    containers: tuple[Container, ...] = ()


class PodStatus(View, frozen=True):
    phase: str = "Pending"
    reason: str = ""
    message: str = ""
    pod_ip: str | None = msgspec.field(name="podIP", default=None)
    start_time: str | None = None
    conditions: tuple[Condition, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()


class PodView(View, frozen=True):
    metadata: Meta
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def terminal(self) -> bool:
        """True when the kubelet has given the Pod's resources back: only then is a slot free."""
        return self.status.phase in ("Succeeded", "Failed")

    def container(self, name: str) -> ContainerState | None:
        """State of the container or init container of that name; None before the kubelet reported one."""
        for status in self.status.container_statuses:
            if status.name == name:
                return status.state
        for status in self.status.init_container_statuses:
            if status.name == name:
                return status.state
        return None
