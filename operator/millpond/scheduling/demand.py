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

    @property
    def plain(self) -> bool:
        """True when slots alone decide on any node that runs plain tasks only."""
        return self.cpu_millis is None and self.memory_bytes is None and not self.devices
