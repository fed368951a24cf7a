"""What a host has left for a node's tasks: its allocatable minus what others hold, within what the template allows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from millpond.api.resources import millicores, whole
from millpond.control.outcomes import Room

AGENT_CPU_MILLIS = 20
AGENT_MEMORY_BYTES = 64 * 1024 * 1024
"""What the node's own agent keeps."""

NOT_DEVICES = ("cpu", "memory", "pods", "ephemeral-storage", "storage")


def room_of(allocatable: Mapping[str, str], others: Iterable[Mapping[str, str]], template: Mapping[str, str]) -> Room:
    """The room, never negative. `others` are the requests of all Pods on the host that are not this pool's."""
    cpu = millicores(allocatable.get("cpu", "0")) - AGENT_CPU_MILLIS
    memory = whole(allocatable.get("memory", "0")) - AGENT_MEMORY_BYTES
    devices = {
        name: whole(amount)
        for name, amount in allocatable.items()
        if name not in NOT_DEVICES and not name.startswith("hugepages-")
    }
    for requests in others:
        cpu -= millicores(requests.get("cpu", "0"))
        memory -= whole(requests.get("memory", "0"))
        for name in devices:
            devices[name] -= whole(requests.get(name, "0"))
    if "cpu" in template:
        cpu = min(cpu, millicores(template["cpu"]))
    if "memory" in template:
        memory = min(memory, whole(template["memory"]))
    return Room(max(0, cpu), max(0, memory), {name: max(0, left) for name, left in devices.items() if left > 0})
