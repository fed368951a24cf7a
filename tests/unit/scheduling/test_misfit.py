"""What a pool can never do for a task, and that nothing else is refused."""

from __future__ import annotations

import pytest
from millpond.scheduling.demand import Demand
from millpond.scheduling.misfit import PoolTerms, misfit

FORMS = PoolTerms(1, communicates=True, nodes=3)


@pytest.mark.parametrize(
    ("demand", "terms", "reason", "says"),
    [
        (Demand(5), PoolTerms(4), "TooManySlots", "requiredSlots is 5, but nodes of pool lab have 4."),
        (Demand(instances=2), PoolTerms(1, nodes=3), "PoolFormsNoGroups", "has enableInterNodeCommunication false."),
        (Demand(instances=1), PoolTerms(2, communicates=True), "PoolFormsNoGroups", "has taskSlotsPerNode 2."),
        (Demand(instances=2), PoolTerms(2), "PoolFormsNoGroups", "false and taskSlotsPerNode 2."),
        (Demand(instances=4), FORMS, "TooManyInstances", "is to have 3 nodes."),
    ],
)
def test_what_can_never_be(demand: Demand, terms: PoolTerms, reason: str, says: str) -> None:
    found = misfit(demand, terms, "lab")
    assert found is not None
    assert (found.reason, found.blocks, bool(found.remedy)) == (reason, True, True)
    assert found.message.endswith(says)


@pytest.mark.parametrize(
    ("demand", "terms"),
    [
        (Demand(4), PoolTerms(4)),
        (Demand(instances=3), FORMS),
        (Demand(instances=400), PoolTerms(1, communicates=True, nodes=None)),
    ],
)
def test_what_may_be(demand: Demand, terms: PoolTerms) -> None:
    assert misfit(demand, terms, "lab") is None
