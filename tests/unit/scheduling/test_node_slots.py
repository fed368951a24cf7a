"""What a node holds and has free."""

from __future__ import annotations

from millpond.scheduling.demand import Demand
from millpond.scheduling.node_slots import NodeSlots


def a_node(name: str = "n", slots: int = 4, cpu: int = 4000, memory: int = 4096, gpus: int = 2) -> NodeSlots:
    return NodeSlots(name, "host", slots, slots, cpu, memory, cpu, memory, {"gpu": gpus}, {"gpu": gpus})


def test_a_plain_task_takes_the_node_s_share_for_each_slot() -> None:
    node = a_node()
    node.take(Demand(3))
    assert (node.free, node.cpu_free, node.memory_free, node.held) == (1, 1000, 1024, 1)


def test_a_share_is_rounded_down_so_that_all_slots_fit() -> None:
    node = a_node(slots=3, cpu=1000, memory=100)
    for _ in range(3):
        node.take(Demand())
    assert (node.free, node.cpu_free, node.memory_free) == (0, 1, 1)


def test_a_task_may_ask_for_its_own_amounts() -> None:
    node = a_node()
    node.take(Demand(1, 100, 10, (("gpu", 1),)))
    assert (node.free, node.cpu_free, node.memory_free, node.devices_free) == (3, 3900, 4086, {"gpu": 1})


def test_giving_back_restores_all() -> None:
    node, demands = a_node(), [Demand(1), Demand(1, 5, 6, (("gpu", 2),)), Demand(2, None, 7)]
    for demand in demands:
        node.take(demand)
    for demand in demands:
        node.give(demand)
    fresh = a_node()
    assert (node.free, node.cpu_free, node.memory_free, node.held) == (fresh.free, fresh.cpu_free, fresh.memory_free, 0)
    assert node.devices_free == fresh.devices_free


def test_nodes_share_no_devices() -> None:
    one, other = (NodeSlots(name, "host", 1, 1, 1, 1, 1, 1) for name in "ab")
    one.take(Demand(1, 0, 0, (("gpu", 1),)))
    assert other.devices_free == {}
