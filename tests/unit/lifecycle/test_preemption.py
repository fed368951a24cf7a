"""When a low-priority node has lost its host."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.views.host import HostView
from millpond.lifecycle.preemption import FAREWELLS, PreemptionFacts, farewell_of, judge_preemption
from support.builders import EPOCH, a_host

NOW, SILENCE = EPOCH + 1000, 300.0
WELL = a_host()
DOOMED = a_host(taints=[{"key": "ToBeDeletedByClusterAutoscaler", "effect": "NoSchedule"}])
SILENT, LONG_SILENT = a_host(ready="Unknown", since=900), a_host(ready="Unknown", since=700)

CASES: list[tuple[str, dict[str, Any], str, float | None]] = [
    # story, facts, what the reason contains, when to look again
    ("never had a host", {"host_name": "", "placed": False, "host": None}, "", None),
    ("well", {"host": WELL}, "", None),
    ("gone", {"host": None}, "it is gone", None),
    ("about to go", {"host": DOOMED}, "Cluster Autoscaler", None),
    ("silent", {"host": SILENT}, "", EPOCH + 1200),
    ("silent too long", {"host": LONG_SILENT}, "silent for 300 seconds", None),
    ("its Pod is gone, its host is not", {"placed": False, "host": WELL}, "", None),
    ("its Pod is gone, so is its host", {"placed": False, "host": None}, "it is gone", None),
    ("waits on", {"placed": False, "host": WELL, "told": "as told before"}, "as told before", None),
    ("waits on, whatever that host says", {"placed": False, "host": SILENT, "told": "as told"}, "as told", None),
    ("has a host again", {"host": WELL, "told": "as told before"}, "", None),
]


@pytest.mark.parametrize(("facts", "why", "again"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_node_is_preempted(facts: dict[str, Any], why: str, again: float | None) -> None:
    found = judge_preemption(PreemptionFacts(**({"placed": True, "host_name": "host-1"} | facts)), NOW, SILENCE)
    assert why in found.why
    assert (bool(found.why), found.look_again) == (bool(why), again)


@pytest.mark.parametrize("key", FAREWELLS)
def test_hosts_say_farewell_by_taints(key: str) -> None:
    assert farewell_of(a_host(taints=[{"key": key, "effect": "NoSchedule"}]))


@pytest.mark.parametrize(
    "host",
    [
        WELL,
        SILENT,
        a_host(taints=[{"key": "DeletionCandidateOfClusterAutoscaler", "effect": "PreferNoSchedule"}]),
        a_host(taints=[{"key": "aws-node-termination-handler/rebalance-recommendation", "effect": "NoSchedule"}]),
        a_host(taints=[{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}]),
    ],
)
def test_other_hosts_do_not(host: HostView) -> None:
    assert farewell_of(host) == ""
