"""The life of a pool on real hosts: start tasks, growing and shrinking, its end, and what its hosts look like after."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from support.installation import CLAIM, IMAGE, Space, marks, shell
from support.live import Document, condition

SLEEPS = 'trap "exit 0" TERM; echo started; sleep 300 & wait'


def start_task(script: str, **more: Any) -> Document:
    return {"commandLine": shell(script), **more}


@pytest.fixture
def hosts(space: Space) -> dict[str, tuple[Any, Any]]:
    """Labels and taints of the hosts before the test."""
    return marks(space.live.all("nodes"))


def test_a_start_task_prepares_each_node_and_tasks_find_what_it_left(space: Space) -> None:
    """It fails once on each node and is tried again; retries of a task are counted the same way."""
    first = "$AZ_BATCH_NODE_STARTUP_DIR/wd/tried"
    script = (
        f"echo $MODE $AZ_BATCH_NODE_ID >$AZ_BATCH_NODE_SHARED_DIR/made; [ -e {first} ] || {{ touch {first}; exit 5; }}"
    )
    setting = {"name": "MODE", "value": "fast"}
    space.pool("own", 1, startTask=start_task(script, environmentSettings=[setting], maxTaskRetryCount=2))
    space.job("work", "own", constraints={"maxTaskRetryCount": 5})
    space.task("sees", "work", "cat $AZ_BATCH_NODE_SHARED_DIR/made")
    space.task("third-time", "work", "cd $AZ_BATCH_NODE_SHARED_DIR; echo x >>tries; [ $(wc -l <tries) -gt 2 ]")
    (node,) = space.nodes("own", 1)
    name = node["metadata"]["name"]
    told = node["status"]["startTask"]
    assert (told["state"], told["result"], told["exitCode"], told["retryCount"]) == ("Completed", "Success", 0, 1)
    sees = space.completed("sees")
    assert sees["result"] == "Success"
    assert space.read(name, f"{sees['directory']}/stdout.txt") == f"fast {name}\n"
    third = space.completed("third-time")
    assert (third["result"], third["retryCount"], third["requeueCount"], third["attempt"]) == ("Success", 2, 0, 3)
    assert "lastRetryTime" in third


def test_a_failed_start_task_keeps_tasks_away_and_its_files_can_be_read(space: Space) -> None:
    space.pool("own", 1, startTask=start_task("echo no licence >&2; exit 9", maxTaskRetryCount=1))
    space.job("work", "own")
    space.task("never", "work", "true")
    (node,) = space.nodes("own", 1, ("StartTaskFailed",))
    told = node["status"]["startTask"]
    assert (told["exitCode"], told["result"], told["retryCount"]) == (9, "Failure", 1)
    assert (told["failure"]["category"], told["failure"]["code"]) == ("UserError", "FailureExitCode")
    assert "startup/stderr.txt" in condition(node, "Ready")["message"]
    assert space.millpond("node", "shell", node["metadata"]["name"], "cat", "startup/stderr.txt") == "no licence\n"
    ready = space.until_told("pools", "own", "Ready", "StartTaskFailed")
    assert "exit code 9" in ready["message"]
    assert space.until_event(node["metadata"]["name"], "StartTaskFailed")
    assert "podName" not in space.live.get("tasks", space.name, "never").get("status", {})


def test_scaling_by_kubectl_requeues_what_runs_and_gives_hosts_back(
    space: Space, hosts: dict[str, tuple[Any, Any]]
) -> None:
    space.pool("own", 1)
    space.job("work", "own")
    for number in range(4):
        space.task(f"long-{number}", "work", SLEEPS, constraints={"maxTaskRetryCount": 0})
    space.nodes("own", 1)
    kubectl = space.installation.kubectl
    kubectl("scale", "-n", space.name, "pools.millpond.dev/own", "--replicas=2")
    space.live.until("tasks", space.name, lambda tasks: running(tasks) == 4, "all four run")
    places = Counter(task["status"]["nodeName"] for task in space.live.all("tasks", space.name))
    assert sorted(places.values()) == [2, 2]
    claimed = space.live.all("nodes", labels=f"{CLAIM}={space.name}.own")
    assert {host["metadata"]["name"] for host in claimed} == set(hosts)
    assert all(CLAIM in {taint["key"] for taint in host["spec"]["taints"]} for host in claimed)
    kubectl("scale", "-n", space.name, "pools.millpond.dev/own", "--replicas=1")
    space.nodes("own", 1)

    def two_wait_again(tasks: dict[str, Document]) -> list[Document] | None:
        again = [task["status"] for task in tasks.values() if task["status"].get("requeueCount") == 1]
        return again if len(again) == 2 and all(status["state"] == "Active" for status in again) else None

    again = space.live.until("tasks", space.name, two_wait_again, "two tasks wait again")
    assert [status["retryCount"] for status in again] == [0, 0]
    space.live.until("nodes", "", lambda seen: given_back(seen, hosts) == 1, "one host is given back")
    space.live.patch("pools", space.name, "own", {"spec": {"targetDedicatedNodes": 0}})
    space.nodes("own", 0)
    space.live.until("nodes", "", lambda seen: given_back(seen, hosts) == 2, "both hosts are given back")


def running(tasks: dict[str, Document]) -> int:
    return sum(task.get("status", {}).get("state") == "Running" for task in tasks.values())


def given_back(seen: dict[str, Document], before: dict[str, tuple[Any, Any]]) -> int:
    """How many of the hosts look as they did."""
    now = marks(list(seen.values()))
    return sum(now[name] == found for name, found in before.items())


def test_a_deleted_pool_requeues_its_tasks_and_leaves_hosts_as_they_were(
    space: Space, hosts: dict[str, tuple[Any, Any]]
) -> None:
    space.pool("own", 2)
    space.job("work", "own")
    space.task("patient", "work", f"ln -s / $AZ_BATCH_NODE_SHARED_DIR/all; {SLEEPS}")
    space.until_state("tasks", "patient", "Running")
    directories = space.node_directories()
    assert len(directories) == 2
    space.live.delete("pools", space.name, "own")
    space.until_gone("pools", "own")
    assert space.live.all("computenodes", space.name) == []
    assert space.node_directories() == [], "hosts keep nothing of their nodes"
    space.live.until("pods", space.name, lambda pods: not pods, "no Pod is left")
    assert marks(space.live.all("nodes")) == hosts
    status = space.until_state("tasks", "patient", "Active")["status"]
    assert (status["requeueCount"], status["retryCount"]) == (1, 0)
    told = space.until_told("jobs", "work", "Scheduled", "PoolNotFound")
    assert "no Pool own" in told["message"]
    space.pool("own", 1)
    again = space.until_state("tasks", "patient", "Running")["status"]
    assert again["attempt"] == 2


def test_a_pool_that_finds_too_few_hosts_says_what_is_missing(space: Space) -> None:
    space.pool("own", 3)
    told = space.until_told("pools", "own", "Ready", "AwaitingHosts")
    assert "2 of 3 nodes" in told["message"] or "0 of 3 nodes" in told["message"] or "1 of 3" in told["message"]
    space.job("work", "own")
    space.task("runs-all-the-same", "work", "true")
    space.succeeded("runs-all-the-same")


def test_a_job_waits_for_its_pool_and_says_so(space: Space) -> None:
    space.job("early", "own")
    space.task("first", "early", "echo here")
    told = space.until_told("jobs", "early", "Scheduled", "PoolNotFound")
    assert (told["status"], "Create it" in told["message"]) == ("False", True)
    assert space.until_event("early", "PoolNotFound") == told["message"]
    space.pool("own", 1)
    space.succeeded("first")
    space.until_told("jobs", "early", "Scheduled", "PoolReady")


def test_a_job_s_own_pool_comes_with_it_and_gives_its_host_back(space: Space) -> None:
    own = {"targetDedicatedNodes": 1, "taskSlotsPerNode": 2, "nodeTemplate": {"image": IMAGE}}
    space.job("single", autoPool={"lifetime": "Job", "spec": own}, onAllTasksComplete="TerminateJob")
    space.task("first", "single", "true")
    space.task("second", "single", "true")
    ended = space.until_state("jobs", "single", "Completed")["status"]
    assert ended["taskCounts"]["succeeded"] == 2
    assert ended["poolName"].startswith("single-")
    space.until_gone("pools", ended["poolName"])
    assert space.live.all("computenodes", space.name) == []
