"""What a task asks of a node, in whole numbers: slots, millicores, bytes and counted devices."""

from __future__ import annotations

import msgspec


class Demand(msgspec.Struct, frozen=True):
    """`cpu_millis` and `memory_bytes` are None where the task takes its node's share per slot; `devices` is sorted."""

    slots: int = 1
    cpu_millis: int | None = None
    memory_bytes: int | None = None
    devices: tuple[tuple[str, int], ...] = ()
    exclusive: bool = False
    """No other task may run on its node; `slots` are what it counts for all the same."""
    dedicated: bool = False
    """Its node must be a dedicated one."""
    instances: int = 0
    """So many nodes at once, each of which gives all of the above; 0: one node, and nothing to wait for."""

    @property
    def is_group(self) -> bool:
        """True for a multi-instance task, be it one of a single instance."""
        return self.instances > 0

    @property
    def width(self) -> int:
        """The slots that it takes on all its nodes together."""
        return self.slots * (self.instances or 1)

    @property
    def plain(self) -> bool:
        """True when slots alone decide on any node that runs plain tasks only."""
        return self.cpu_millis is None and self.memory_bytes is None and not self.devices
