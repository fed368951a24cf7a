"""May this node take this task: the verdict and the words agree, whatever is asked."""

from __future__ import annotations

import itertools

import pytest
from millpond.scheduling.demand import Demand
from millpond.scheduling.eligibility import fits, refusal
from millpond.scheduling.node_slots import NodeSlots

GPU = (("gpu", 1),)


def a_node(free: int = 4, cpu_free: int = 4000, memory_free: int = 4096, gpu_free: int = 1) -> NodeSlots:
    return NodeSlots("n", "host", 4, free, 4000, 4096, cpu_free, memory_free, {"gpu": 1}, {"gpu": gpu_free})


def a_low_node() -> NodeSlots:
    node = a_node()
    node.low_priority = True
    return node


def with_(node: NodeSlots, held: Demand) -> NodeSlots:
    node.take(held)
    return node


KEPT = Demand(1, 0, 0, dedicated=True)
ALONE = Demand(1, 0, 0, exclusive=True)
REFUSALS = [
    # node, demand, reason, for ever
    (a_node(), Demand(), None, False),
    (a_node(), Demand(4), None, False),
    (a_node(), Demand(5), "TooManySlots", True),
    (a_node(free=1), Demand(2, 0, 0), "SlotsInUse", False),
    (a_node(free=0), Demand(1, 0, 0), "SlotsInUse", False),
    (a_node(), Demand(1, 4001), "NotEnoughResources", True),
    (a_node(cpu_free=10), Demand(1, 11), "ResourcesInUse", False),
    (a_node(cpu_free=999), Demand(1), "ResourcesInUse", False),
    (a_node(), Demand(1, None, 4097), "NotEnoughResources", True),
    (a_node(memory_free=10), Demand(1, None, 11), "ResourcesInUse", False),
    (a_node(), Demand(1, devices=GPU), None, False),
    (a_node(gpu_free=0), Demand(1, devices=GPU), "ResourcesInUse", False),
    (a_node(), Demand(1, devices=(("gpu", 2),)), "NotEnoughResources", True),
    (a_node(), Demand(1, devices=(("fpga", 1),)), "NotEnoughResources", True),
    (a_node(free=-1, cpu_free=-5), Demand(), "SlotsInUse", False),
    (a_node(), KEPT, None, False),
    (a_low_node(), KEPT, "LowPriorityNode", False),
    (a_low_node(), Demand(), None, False),
    (a_node(), ALONE, None, False),
    (with_(a_node(), Demand()), ALONE, "NodeNotEmpty", False),
    (with_(a_node(), ALONE), Demand(0, 0, 0), "NodeHeldExclusively", False),
    (with_(a_node(), ALONE), ALONE, "NodeHeldExclusively", False),
]


@pytest.mark.parametrize(("node", "demand", "reason", "for_ever"), REFUSALS)
def test_a_refusal_says_why(node: NodeSlots, demand: Demand, reason: str | None, for_ever: bool) -> None:
    found = refusal(node, demand)
    assert (found.reason if found else None) == reason
    assert (found.for_ever if found else False) == for_ever
    assert found is None or str(demand.slots) in found.message or "needs" in found.message


def test_the_verdict_and_the_words_agree() -> None:
    amounts = (None, 0, 1000, 4000, 4001)
    for slots, cpu, memory, devices, exclusive in itertools.product(
        (1, 2, 4, 5), amounts, amounts, ((), GPU), (False, True)
    ):
        demand = Demand(slots, cpu, memory, devices, exclusive, dedicated=not exclusive)
        for free, cpu_free, gpu_free in itertools.product((0, 1, 4), (0, 1000, 4000), (0, 1)):
            node = a_node(free, cpu_free, gpu_free=gpu_free)
            node.low_priority = free == 1
            for held in (None, Demand(1, 0, 0), ALONE):
                if held is not None:
                    node.take(held)
                assert fits(node, demand) == (refusal(node, demand) is None)


def test_a_barred_node_takes_nothing_of_the_job() -> None:
    node = a_node()
    assert fits(node, Demand(1))
    assert not fits(node, Demand(1), {"n"})
    found = refusal(node, Demand(1), {"n"})
    assert found is not None
    assert (found.reason, found.for_ever) == ("JobPreparationTaskFailed", False)
    assert refusal(node, Demand(1), {"m"}) is None
