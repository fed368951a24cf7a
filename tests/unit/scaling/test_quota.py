"""How many nodes a quota of cores lets through."""

from __future__ import annotations

import pytest
from millpond.api.nodetemplate import NodeClass
from millpond.scaling.quota import QuotaFacts, judge_quota

CASES = [
    # quota, used, each, asked, made
    (0, 90_000, 2000, 5, 5),
    (10_000, 0, 2000, 5, 5),
    (10_000, 0, 2000, 6, 5),
    (10_000, 6000, 2000, 5, 2),
    (10_000, 10_000, 2000, 1, 0),
    (10_000, 12_000, 2000, 1, 0),
    (500, 0, 1000, 1, 0),
    (10_000, 9500, 500, 2, 1),
]


@pytest.mark.parametrize(("quota", "used", "each", "asked", "made"), CASES)
def test_as_many_as_fit(quota: int, used: int, each: int, asked: int, made: int) -> None:
    found = judge_quota(QuotaFacts(NodeClass.DEDICATED, quota, used, each, asked))
    assert (found.nodes, bool(found.why)) == (made, made < asked)


@pytest.mark.parametrize(
    ("node_class", "setting"),
    [
        (NodeClass.DEDICATED, "MILLPOND_CORE_QUOTA"),
        (NodeClass.LOW_PRIORITY, "MILLPOND_LOW_PRIORITY_CORE_QUOTA"),
    ],
)
def test_it_names_quota_use_and_wish(node_class: NodeClass, setting: str) -> None:
    why = judge_quota(QuotaFacts(node_class, 10_000, 9000, 1500, 4)).why
    for part in (setting, "10 cores", "9 cores", "4 more", "1.5 cores each"):
        assert part in why
