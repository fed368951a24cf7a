"""What happens when parts of the cluster fail under running tasks: the operator, a host, the release itself."""

from __future__ import annotations

import os
import signal

from support.installation import CLAIM, SYSTEM, Space
from support.live import Document, condition

TASKS = 8


def test_an_operator_killed_while_tasks_run_loses_none_and_counts_none_twice(space: Space) -> None:
    installation = space.installation
    space.pool("own", 2)
    space.nodes("own", 2)
    space.job("steady", "own", onAllTasksComplete="TerminateJob", constraints={"maxTaskRetryCount": 1})
    for number in range(TASKS):
        mark = f"echo x >>$AZ_BATCH_NODE_SHARED_DIR/steady-{number}"
        space.task(f"steady-{number}", "steady", f"{mark}; sleep 2")
    killed = installation.until_leading()["metadata"]["name"]
    space.until_state("tasks", "steady-0", "Running")
    space.live.delete("pods", SYSTEM, killed, grace=0)
    installation.until_leading(besides=killed)
    status = space.until_state("jobs", "steady", "Completed", 90)["status"]
    assert (status["taskCounts"]["succeeded"], status["taskCounts"]["completed"]) == (TASKS, TASKS)
    for number in range(TASKS):
        task = space.completed(f"steady-{number}")
        assert (task["result"], task["attempt"], task["retryCount"], task["requeueCount"]) == ("Success", 1, 0, 0)
        assert space.read(task["nodeName"], f"shared/steady-{number}") == "x\n"


def test_tasks_of_a_silent_host_run_elsewhere_and_its_late_results_are_refused(space: Space) -> None:
    """The kubelet is killed; that the node controller notices takes it a minute, so its verdict is written here."""
    installation = space.installation
    space.pool("own", 2)
    space.nodes("own", 2)
    space.job("work", "own", onAllTasksComplete="TerminateJob", constraints={"maxTaskRetryCount": 0})
    space.task("wanderer", "work", "echo $AZ_BATCH_NODE_ID; [ -e $AZ_BATCH_NODE_SHARED_DIR/go ] || sleep 20; exit 0")
    first = space.until_state("tasks", "wanderer", "Running")["status"]
    nodes = {
        node["metadata"]["name"]: node["status"]["hostName"] for node in space.live.all("computenodes", space.name)
    }
    host = nodes[first["nodeName"]]
    kubelet = (installation.root / "processes" / f"{host}-kubelet").read_text().split()[0]
    os.kill(int(kubelet), signal.SIGKILL)
    space.live.patch("nodes", "", host, {"status": silent(space.live.get("nodes", "", host))}, "status")
    space.until_state("computenodes", first["nodeName"], "Unknown")

    def elsewhere(one: Document) -> bool:
        return bool(one["status"].get("attempt") == 2 and one["status"].get("state") == "Running")

    second = space.until("tasks", "wanderer", "runs elsewhere", elsewhere)["status"]
    assert second["nodeName"] != first["nodeName"]
    assert (second["retryCount"], second["requeueCount"]) == (0, 0)
    assert "node" in space.until_event("wanderer", "Requeued")
    installation.cluster("up")
    space.until_gone("pods", first["podName"], 90)
    status = space.completed("wanderer")
    assert (status["result"], status["attempt"], status["nodeName"]) == ("Success", 2, second["nodeName"])
    counts = space.until_state("jobs", "work", "Completed")["status"]["taskCounts"]
    assert (counts["succeeded"], counts["completed"]) == (1, 1)
    space.nodes("own", 2)


def test_a_low_priority_node_whose_host_is_taken_away_goes_on_elsewhere_under_its_name(space: Space) -> None:
    """The host is marked as Cluster Autoscaler marks one that it is about to delete."""
    space.pool("own", 0, targetLowPriorityNodes=1)
    space.job("work", "own", constraints={"maxTaskRetryCount": 0})
    space.task("wanderer", "work", "sleep 300")
    first = space.until_state("tasks", "wanderer", "Running")["status"]
    (node,) = space.nodes("own", 1)
    name, host = node["metadata"]["name"], node["status"]["hostName"]
    taints = space.live.get("nodes", "", host)["spec"]["taints"]
    farewell = {"key": "ToBeDeletedByClusterAutoscaler", "value": "1", "effect": "NoSchedule"}
    space.live.patch("nodes", "", host, {"spec": {"taints": [*taints, farewell]}})
    try:
        told = space.until_state("computenodes", name, "Preempted")
        assert "Cluster Autoscaler deletes it" in condition(told, "Ready")["message"]

        def again(one: Document) -> bool:
            return bool(one["status"].get("attempt") == 2 and one["status"].get("state") == "Running")

        second = space.until("tasks", "wanderer", "runs again", again)["status"]
    finally:
        is_free = "the pool has let go of the host, and taken its own taint along"
        space.live.until("nodes", "", lambda hosts: CLAIM not in hosts[host]["metadata"]["labels"], is_free)
        taints = space.live.get("nodes", "", host)["spec"].get("taints", [])
        space.live.patch("nodes", "", host, {"spec": {"taints": [one for one in taints if one != farewell]}})
    assert (first["nodeName"], second["nodeName"]) == (name, name)
    assert space.live.get("computenodes", space.name, name)["status"]["hostName"] != host
    assert (second["retryCount"], second["requeueCount"]) == (0, 0)


def silent(host: Document) -> Document:
    """The status that the node controller gives a host that it no longer hears of."""
    told = {"status": "Unknown", "reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status."}
    return {"conditions": [one | told for one in host["status"]["conditions"]]}
