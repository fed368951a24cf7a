"""Scenarios 19 and 20 (azure-batch-semantics §13), and what else §4.9 says of job preparation and release tasks.

The real operator runs over the model API server in virtual time.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from millpond.api import labels
from support.model.store import Change, Document
from support.scripts import Run
from support.virtual_time import run
from support.worlds import ModelWorld

LIMIT = 3000.0
PREP: dict[str, Any] = {"commandLine": "prepare"}
RELEASE: dict[str, Any] = {"commandLine": "clean"}

Scenario = Callable[[ModelWorld, "Log"], Awaitable[None]]


class Log:
    """The Pods made and the moments at which their commands began and ended, in order: `prep begins`, `t1 ends`."""

    def __init__(self, world: ModelWorld) -> None:
        self.lines: list[str] = []
        self.made: list[Document] = []
        self.world = world
        world.verbs.store.listeners.append(self._hear)

    def _hear(self, change: Change) -> None:
        if change.plural != "pods" or change.after["metadata"]["labels"][labels.ROLE] == labels.Role.NODE:
            return
        if change.type == "ADDED":
            self.made.append(change.after)
            return
        before, after = _task_state(change.before), _task_state(change.after)
        tags = change.after["metadata"]["labels"]
        name = tags.get(labels.TASK) or tags[labels.ROLE]
        if after != before and after in ("running", "terminated"):
            self.lines.append(f"{name} {'begins' if after == 'running' else 'ends'}")

    def roles(self, role: str) -> list[Document]:
        return [pod for pod in self.made if pod["metadata"]["labels"][labels.ROLE] == role]

    def nodes(self, role: str) -> list[str]:
        return [pod["metadata"]["labels"][labels.NODE] for pod in self.roles(role)]


def _task_state(pod: Document | None) -> str:
    statuses = ((pod or {}).get("status") or {}).get("containerStatuses") or [{"state": {}}]
    return next(iter(statuses[0].get("state", {})), "")


def play(scenario: Scenario) -> None:
    async def main() -> None:
        async with ModelWorld(1) as world:
            await scenario(world, Log(world))
            await world.run_quiet(100.0, LIMIT)

    run(main())


def job_on(world: ModelWorld, node: int = 0) -> Document:
    """What the status of the node, by its place, says of job j; nothing where it does not."""
    nodes = sorted(world.verbs.list("computenodes"), key=lambda n: n["metadata"]["name"])
    if node >= len(nodes):
        return {}
    entries = (nodes[node].get("status") or {}).get("jobs") or []
    return next((entry for entry in entries if entry["jobName"] == "j"), {})


def completed(world: ModelWorld) -> bool:
    return world.state("jobs", "j") == "Completed"


def test_scenario_19_tasks_wait_for_the_preparation_of_their_node() -> None:
    async def scenario(world: ModelWorld, log: Log) -> None:
        world.scripts.job_task = lambda role, job, node: Run(seconds=700.0)
        world.host("h1").pool("p", 1, 2).job("j", jobPreparationTask=PREP)
        world.task("j", "t1", Run(seconds=5)).task("j", "t2", Run(seconds=5)).task("j", "t3", Run(seconds=5))
        await world.run_until(lambda: world.state("tasks", "t1") == "Preparing", LIMIT)
        await world.run_until(world.all_tasks_completed, LIMIT)
        assert log.lines[:2] == ["prep begins", "prep ends"]
        assert sorted(log.lines[2:4]) == ["t1 begins", "t2 begins"]
        assert len(log.roles("prep")) == 1
        waits = [bool(pod["spec"].get("initContainers")) for pod in log.roles("task")]
        assert waits == [True, True, False], "a task that comes after the preparation pays nothing"
        assert all(world.status("tasks", t)["result"] == "Success" for t in ("t1", "t2", "t3")), "limits did not run"
        prepared = job_on(world)["preparation"]
        assert (prepared["state"], prepared["result"], prepared["exitCode"]) == ("Completed", "Success", 0)

    play(scenario)


def test_scenario_19_a_preparation_that_fails_moves_tasks_to_another_node_and_bars_the_node_to_the_job() -> None:
    async def scenario(world: ModelWorld, log: Log) -> None:
        world.host("h1").host("h2").pool("p", 2, 1)
        await world.run_until(lambda: world.nodes_in("Idle") == 2, LIMIT)
        bad = sorted(n["metadata"]["name"] for n in world.verbs.list("computenodes"))[0]
        world.scripts.job_task = lambda role, job, node: Run(seconds=1.0, exit_code=int(node == bad and job == "j"))
        world.job("j", jobPreparationTask=PREP, jobReleaseTask=RELEASE, onAllTasksComplete="TerminateJob")
        for number in range(4):
            world.task("j", f"t{number}", Run(seconds=2))
        await world.run_until(lambda: completed(world), LIMIT)
        ran = [t["status"]["nodeName"] for t in world.verbs.list("tasks")]
        assert bad not in ran
        assert all(
            t["status"]["retryCount"] == t["status"].get("requeueCount", 0) == 0 for t in world.verbs.list("tasks")
        )
        assert log.nodes("prep").count(bad) == 1
        failed = job_on(world, 0)["preparation"]
        assert (failed["result"], failed["failure"]["code"]) == ("Failure", "FailureExitCode")
        assert log.nodes("release") == [name for name in log.nodes("prep") if name != bad], (
            "release runs on the other only"
        )
        world.job("k", jobPreparationTask=PREP)
        world.task("k", "u1", Run(seconds=30)).task("k", "u2", Run(seconds=30))
        await world.run_until(lambda: world.running() == 2, LIMIT)
        assert {world.verbs.get("pods", "default", f"u{n}-1")["metadata"]["labels"][labels.NODE] for n in (1, 2)} >= {
            bad
        }
        assert world.nodes_in("Running") == 2, "the node is fine for others"

    play(scenario)


def test_all_nodes_barred_says_so() -> None:
    async def scenario(world: ModelWorld, log: Log) -> None:
        world.scripts.job_task = lambda role, job, node: Run(seconds=1.0, exit_code=7)
        world.host("h1").pool("p", 1).job("j", jobPreparationTask=PREP).task("j", "t1")

        def told() -> bool:
            conditions = world.status("jobs", "j").get("conditions", ())
            return any((c["type"], c["reason"]) == ("Scheduled", "JobPreparationTaskFailed") for c in conditions)

        await world.run_until(told, LIMIT)
        await world.run_quiet(100.0, LIMIT)
        assert world.state("tasks", "t1") == "Active"
        assert len(log.roles("prep")) == 1
        reasons = [event["reason"] for event in world.verbs.list("events")]
        assert reasons.count("JobPreparationTaskFailed") >= 1

    play(scenario)


def test_a_user_that_is_not_there_is_told_and_may_come_later() -> None:
    async def scenario(world: ModelWorld, log: Log) -> None:
        world.host("h1").pool("p", 1).job("j", jobPreparationTask=PREP | {"userIdentity": {"userName": "carol"}})
        world.task("j", "t1")

        def told() -> bool:
            conditions = world.status("jobs", "j").get("conditions", ())
            return any(c["type"] == "Scheduled" and "no user account carol" in c["message"] for c in conditions)

        await world.run_until(told, LIMIT)
        await world.run_until(lambda: "failure" in job_on(world).get("preparation", {}), LIMIT)
        assert "no user account carol" in job_on(world)["preparation"]["failure"]["message"]
        assert log.roles("prep") == []
        world.patch("pools", "p", userAccounts=[{"name": "carol", "uid": 3001, "gid": 3001}])
        await world.run_until(world.all_tasks_completed, LIMIT)
        assert job_on(world)["preparation"]["result"] == "Success"
        (prep,) = log.roles("prep")
        assert prep["spec"]["containers"][0]["securityContext"]["runAsUser"] == 3001

    play(scenario)


def test_tasks_that_do_not_wait_run_beside_the_preparation_and_after_its_failure() -> None:
    async def scenario(world: ModelWorld, log: Log) -> None:
        world.scripts.job_task = lambda role, job, node: Run(seconds=20.0, exit_code=1)
        world.host("h1").pool("p", 1).job("j", jobPreparationTask=PREP | {"waitForSuccess": False})
        world.task("j", "t1", Run(seconds=40)).task("j", "t2", Run(seconds=1))
        await world.run_until(world.all_tasks_completed, LIMIT)
        assert log.lines.index("t1 begins") < log.lines.index("prep ends") < log.lines.index("t1 ends")
        assert len(log.roles("prep")) == 1
        assert all(t["status"]["result"] == "Success" for t in world.verbs.list("tasks"))

    play(scenario)


@pytest.mark.parametrize(("reruns", "runs"), [(True, 2), (False, 1)])
def test_scenario_19_a_reboot_runs_the_preparation_again_before_the_next_task_where_it_shall(
    reruns: bool, runs: int
) -> None:
    async def scenario(world: ModelWorld, log: Log) -> None:
        world.host("h1").pool("p", 1).job("j", jobPreparationTask=PREP | {"rerunOnNodeRebootAfterSuccess": reruns})
        world.task("j", "t1")
        await world.run_until(world.all_tasks_completed, LIMIT)
        (node,) = world.verbs.list("computenodes")
        world.delete("pods", node["status"]["podName"])
        await world.run_until(lambda: world.nodes_in("Idle") == 0, LIMIT)
        await world.run_until(lambda: world.nodes_in("Idle") == 1, LIMIT)
        assert len(log.roles("prep")) == 1, "it waits for the next task"
        world.task("j", "t2")
        await world.run_until(world.all_tasks_completed, LIMIT)
        assert len(log.roles("prep")) == runs

    play(scenario)


def test_a_reboot_during_the_preparation_runs_it_again_whatever_the_flag() -> None:
    async def scenario(world: ModelWorld, log: Log) -> None:
        world.scripts.job_task = lambda role, job, node: Run(seconds=30.0)
        world.host("h1").pool("p", 1).job("j", jobPreparationTask=PREP | {"rerunOnNodeRebootAfterSuccess": False})
        world.task("j", "t1")
        await world.run_until(lambda: "prep begins" in log.lines, LIMIT)
        (node,) = world.verbs.list("computenodes")
        world.delete("pods", node["status"]["podName"])
        await world.run_until(world.all_tasks_completed, LIMIT)
        assert len(log.roles("prep")) == 2
        assert log.lines.count("t1 begins") == 1

    play(scenario)


def test_a_preparation_that_is_deleted_by_hand_is_made_again() -> None:
    async def scenario(world: ModelWorld, log: Log) -> None:
        world.scripts.job_task = lambda role, job, node: Run(seconds=30.0)
        world.host("h1").pool("p", 1).job("j", jobPreparationTask=PREP).task("j", "t1")
        await world.run_until(lambda: "prep begins" in log.lines, LIMIT)
        world.delete("pods", log.roles("prep")[0]["metadata"]["name"])
        await world.run_until(world.all_tasks_completed, LIMIT)
        assert len(log.roles("prep")) == 2
        assert world.status("tasks", "t1")["attempt"] == 1, "the task just waited"

    play(scenario)


def test_a_preparation_whose_image_is_missing_fails() -> None:
    async def scenario(world: ModelWorld, log: Log) -> None:
        world.scripts.job_task = lambda role, job, node: Run(image_missing=True)
        world.host("h1").pool("p", 1).job("j", jobPreparationTask=PREP, jobReleaseTask=RELEASE).task("j", "t1")
        await world.run_until(lambda: job_on(world).get("preparation", {}).get("result") == "Failure", LIMIT)
        await world.run_until(lambda: world.state("tasks", "t1") == "Active", LIMIT)
        world.patch("jobs", "j", desiredState="Terminated")
        await world.run_until(lambda: completed(world), LIMIT)
        assert not log.roles("release")

    play(scenario)


def test_scenario_20_release_runs_once_where_the_job_was_prepared_and_the_job_waits_for_it() -> None:
    async def scenario(world: ModelWorld, log: Log) -> None:
        world.scripts.job_task = lambda role, job, node: Run(seconds=50.0 if role == "release" else 1.0)
        world.host("h1").host("h2").host("h3").pool("p", 3)
        await world.run_until(lambda: world.nodes_in("Idle") == 3, LIMIT)
        world.job("j", jobPreparationTask=PREP, jobReleaseTask=RELEASE, onAllTasksComplete="TerminateJob")
        world.task("j", "t1", Run(seconds=9)).task("j", "t2", Run(seconds=5))
        await world.run_until(lambda: world.state("jobs", "j") == "Terminating", LIMIT)
        await world.run_until(lambda: log.lines.count("release begins") == 2, LIMIT)
        assert world.state("jobs", "j") == "Terminating"
        await world.run_until(lambda: completed(world), LIMIT)
        assert log.lines.count("release ends") == 2
        assert sorted(log.nodes("release")) == sorted(log.nodes("prep"))
        assert log.lines.index("t1 ends") < log.lines.index("release begins")
        await world.run_quiet(100.0, LIMIT)
        told = [job_on(world, n).get("release", {}).get("result") for n in range(3)]
        assert sorted(map(str, told)) == ["None", "Success", "Success"]
        left = [p["metadata"]["labels"][labels.ROLE] for p in world.verbs.list("pods")]
        assert left == ["node"] * 3
        world.delete("jobs", "j")
        await world.run_quiet(100.0, LIMIT)
        assert len(log.roles("release")) == 2, "not again at delete after the end"

    play(scenario)


def test_a_release_that_fails_holds_nothing_up_and_is_not_retried() -> None:
    async def scenario(world: ModelWorld, log: Log) -> None:
        world.scripts.job_task = lambda role, job, node: Run(seconds=1.0, exit_code=int(role == "release"))
        world.host("h1").pool("p", 1)
        world.job("j", jobPreparationTask=PREP, jobReleaseTask=RELEASE, onAllTasksComplete="TerminateJob").task(
            "j", "t1"
        )
        await world.run_until(lambda: completed(world), LIMIT)
        await world.run_quiet(100.0, LIMIT)
        assert len(log.roles("release")) == 1
        assert job_on(world)["release"]["result"] == "Failure"

    play(scenario)


def test_a_release_that_a_reboot_cuts_off_runs_again() -> None:
    async def scenario(world: ModelWorld, log: Log) -> None:
        world.scripts.job_task = lambda role, job, node: Run(seconds=30.0)
        world.host("h1").pool("p", 1)
        world.job("j", jobPreparationTask=PREP, jobReleaseTask=RELEASE, onAllTasksComplete="TerminateJob").task(
            "j", "t1"
        )
        await world.run_until(lambda: "release begins" in log.lines, LIMIT)
        world.delete("pods", log.roles("release")[0]["metadata"]["name"])
        await world.run_until(lambda: completed(world), LIMIT)
        assert len(log.roles("release")) == 2

    play(scenario)


def test_a_job_that_ends_while_its_node_is_prepared_stops_the_preparation() -> None:
    async def scenario(world: ModelWorld, log: Log) -> None:
        world.scripts.job_task = lambda role, job, node: Run(seconds=500.0)
        world.host("h1").pool("p", 1).job("j", jobPreparationTask=PREP, jobReleaseTask=RELEASE).task("j", "t1")
        await world.run_until(lambda: "prep begins" in log.lines, LIMIT)
        world.patch("jobs", "j", desiredState="Terminated")
        await world.run_until(lambda: completed(world), 120.0)
        assert world.status("tasks", "t1")["failure"]["code"] == "TaskEnded"
        assert not log.roles("release"), "it did not complete there"

    play(scenario)


def test_a_node_that_is_gone_ends_the_wait_for_its_release() -> None:
    async def scenario(world: ModelWorld, log: Log) -> None:
        world.scripts.job_task = lambda role, job, node: Run(seconds=1e6 if role == "release" else 1.0)
        world.host("h1").pool("p", 1)
        world.job("j", jobPreparationTask=PREP, jobReleaseTask=RELEASE, onAllTasksComplete="TerminateJob").task(
            "j", "t1"
        )
        await world.run_until(lambda: "release begins" in log.lines, LIMIT)
        world.hosts.leave("h1")
        await world.run_until(lambda: completed(world), 600.0)

    play(scenario)


def test_a_host_silent_for_too_long_ends_the_wait_for_its_release() -> None:
    async def scenario(world: ModelWorld, log: Log) -> None:
        world.host("h1").pool("p", 1)
        world.job("j", jobPreparationTask=PREP, jobReleaseTask=RELEASE).task("j", "t1")
        await world.run_until(world.all_tasks_completed, LIMIT)
        world.hosts.fall_silent("h1")
        world.hosts.notice_silence("h1")
        await asyncio.sleep(5)
        world.patch("jobs", "j", desiredState="Terminated")
        await world.run_until(lambda: completed(world), 600.0)

    play(scenario)


def test_a_task_with_the_id_of_the_preparation_or_release_task_never_runs() -> None:
    async def scenario(world: ModelWorld, log: Log) -> None:
        world.host("h1").pool("p", 1).job("j", jobPreparationTask=PREP | {"id": "Setup"}, jobReleaseTask=RELEASE)
        world.task("j", "setup").task("j", "t2", id="JobRelease").task("j", "t3")
        await world.run_until(lambda: world.state("tasks", "t3") == "Completed", LIMIT)
        for name, reason in (("setup", "Preparation"), ("t2", "Release")):
            (found,) = (c for c in world.status("tasks", name)["conditions"] if c["type"] == "Scheduled")
            assert (found["status"], found["reason"]) == ("False", f"TaskIdSameAsJob{reason}Task")
        assert {p["metadata"]["labels"][labels.TASK] for p in log.roles("task")} == {"t3"}

    play(scenario)
