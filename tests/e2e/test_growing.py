"""Real growth: hosts that are not there before a pool needs them, and are gone after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from support.installation import IMAGE, Installation, Space
from support.live import Document

GROWS = "$TargetDedicatedNodes = min(3, $PendingTasks);"
GOES = "$TargetDedicatedNodes = 0; $NodeDeallocationOption = taskcompletion;"
TARGET = {"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "MachineDeployment", "name": "batch"}
PROVIDER = {"type": "ScaleSubresource", "scaleSubresource": {"dedicated": TARGET}}
GROWN = {"host": "grown"}


@pytest.fixture
def machines(installation: Installation) -> Iterator[None]:
    """The cluster can make hosts."""
    installation.cluster("machines", "up")
    yield
    installation.cluster("machines", "down")


def grown(hosts: dict[str, Document]) -> int:
    return sum(GROWN.items() <= host["metadata"]["labels"].items() for host in hosts.values())


@pytest.mark.usefixtures("machines")
def test_a_formula_grows_a_pool_from_no_host_to_three_and_back_and_no_task_is_lost(space: Space) -> None:
    template = {"spec": {"labels": GROWN, "cpu": "1", "memory": "1Gi"}}
    deployment = {"apiVersion": TARGET["apiVersion"], "kind": TARGET["kind"], "metadata": {"name": "batch"}}
    space.live.apply(deployment | {"spec": {"replicas": 0, "template": template}}, space.name)
    space.job("work", "own")
    backlog = [f"t{number}" for number in range(9)]
    for name in backlog:
        space.task(name, "work", "sleep 2")
    selected = {"image": IMAGE, "hostSelector": {"matchLabels": GROWN}}
    space.pool("own", None, autoScale={"formula": GROWS}, nodeTemplate=selected, provider=PROVIDER)
    space.live.until("nodes", "", lambda hosts: grown(hosts) == 3, "three hosts come")
    done = [space.completed(name) for name in backlog]
    assert Counter(one["result"] for one in done) == {"Success": 9}
    assert len({one["nodeName"] for one in done}) == 3
    space.task("late", "work", "sleep 4")
    space.until_state("tasks", "late", "Running")
    space.live.patch("pools", space.name, "own", {"spec": {"autoScale": {"formula": GOES}}})
    space.live.until("machines", space.name, lambda left: not left, "all machines go", 90)
    late = space.completed("late")
    assert (late["result"], late["requeueCount"], late["attempt"]) == ("Success", 0, 1)
    space.live.until("nodes", "", lambda hosts: grown(hosts) == 0, "all hosts are gone")
    assert space.live.all("computenodes", space.name) == []
    assert space.live.get("machinedeployments", space.name, "batch")["spec"]["replicas"] == 0
    assert all(one["retryCount"] == one["requeueCount"] == 0 for one in done)
