"""One node as placement sees it: what it holds, and what of it is free."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from millpond.scheduling.demand import Demand


class NodeSlots(msgspec.Struct, eq=False):
    """Amounts in slots, millicores and bytes; `devices` are counted, such as GPUs. `held` counts bound attempts."""

    name: str
    host: str
    total: int
    free: int
    cpu_total: int
    memory_total: int
    cpu_free: int
    memory_free: int
    devices_total: dict[str, int] = {}
    devices_free: dict[str, int] = {}
    held: int = 0
    exclusive: int = 0
    """How many of `held` have the node for themselves; such a one takes all slots."""
    low_priority: bool = False
    """It may be taken away."""

    def room_of(self, demand: Demand) -> tuple[int, int]:
        """Millicores and bytes that the demand takes on this node."""
        cpu, memory = demand.cpu_millis, demand.memory_bytes
        if cpu is None:
            cpu = self.cpu_total // self.total * demand.slots
        if memory is None:
            memory = self.memory_total // self.total * demand.slots
        return cpu, memory

    def take(self, demand: Demand) -> None:
        self.move(demand, -1)

    def give(self, demand: Demand) -> None:
        self.move(demand, +1)

    def without(self, *demands: Demand) -> NodeSlots:
        """The node as it would be without these, which it holds; itself unchanged."""
        after = replace(self, devices_free=dict(self.devices_free))
        for demand in demands:
            after.give(demand)
        return after

    def emptied(self) -> NodeSlots:
        """The node as it would be if it held nothing; itself unchanged."""
        return replace(
            self,
            free=self.total,
            cpu_free=self.cpu_total,
            memory_free=self.memory_total,
            devices_free=self.devices_total,
            held=0,
            exclusive=0,
        )

    def move(self, demand: Demand, sign: int) -> None:
        """Take the demand (-1), or give it back (+1)."""
        cpu, memory = demand.cpu_millis, demand.memory_bytes
        if cpu is None or memory is None:
            cpu, memory = self.room_of(demand)
        if demand.exclusive:
            self.free += sign * self.total
            self.exclusive -= sign
        else:
            self.free += sign * demand.slots
        self.held -= sign
        self.cpu_free += sign * cpu
        self.memory_free += sign * memory
        for name, amount in demand.devices:
            self.devices_free[name] = self.devices_free.get(name, 0) + sign * amount
