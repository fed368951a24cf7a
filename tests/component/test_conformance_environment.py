"""Scenario 30 (azure-batch-semantics §13): whose settings win, and which of the service's variables are whose.

As the Pods of the real operator have them; what processes see is told by the tests on real kubelets.
"""

from __future__ import annotations

from typing import Any

from millpond.api import labels
from support.virtual_time import in_virtual_time
from support.worlds import ModelWorld

LIMIT = 3000.0
IN_JOB = {"AZ_BATCH_JOB_ID", "AZ_BATCH_TASK_ID"}
PREPARED = {"AZ_BATCH_JOB_PREP_DIR", "AZ_BATCH_JOB_PREP_WORKING_DIR"}


def settings(**values: str) -> dict[str, Any]:
    return {"environmentSettings": [{"name": name, "value": value} for name, value in values.items()]}


async def environments(world: ModelWorld) -> dict[str, dict[str, str]]:
    """The variables of all that runs for a job on a node with a start task, by role, once all has run."""
    seen: dict[str, dict[str, str]] = {}

    def hear(change: Any) -> None:
        if change.plural == "pods" and change.type == "ADDED":
            spec, role = change.after["spec"], change.after["metadata"]["labels"][labels.ROLE]
            containers = [*spec.get("initContainers", ()), *spec["containers"]]
            (own,) = [one for one in containers if one["name"] in ("task", "start-task")]
            seen[role] = {one["name"]: one.get("value", "(by the kubelet)") for one in own["env"]}

    world.verbs.store.listeners.append(hear)
    mine = settings(OWN="own", BOTH="own", AZ_BATCH_POOL_ID="mine", AZ_BATCH_JOB_PREP_DIR="mine")
    command = {"commandLine": "work"} | mine
    world.host("h1").pool("p", 1, startTask=command).job(
        "j",
        commonEnvironmentSettings=settings(COMMON="job", BOTH="job", AZ_BATCH_NODE_ID="mine")["environmentSettings"],
        jobPreparationTask=command,
        jobReleaseTask=command,
        onAllTasksComplete="TerminateJob",
    )
    world.task("j", "t", **mine)
    await world.run_until(lambda: world.state("jobs", "j") == "Completed", LIMIT)
    assert set(seen) == {"node", "task", "prep", "release"}
    return seen


@in_virtual_time
async def test_scenario_30_a_tasks_settings_win_over_its_jobs_and_the_service_over_both() -> None:
    async with ModelWorld() as world:
        seen = await environments(world)
        (node,) = world.verbs.list("computenodes")
        for role in ("task", "prep", "release"):
            told = seen[role]
            assert (told["OWN"], told["BOTH"], told["COMMON"]) == ("own", "own", "job")
            assert (told["AZ_BATCH_POOL_ID"], told["AZ_BATCH_NODE_ID"]) == ("p", node["metadata"]["name"])
        assert (seen["node"]["BOTH"], "COMMON" in seen["node"]) == ("own", False)
        assert seen["node"]["AZ_BATCH_POOL_ID"] == "p"


@in_virtual_time
async def test_scenario_30_each_has_the_variables_of_its_scope() -> None:
    async with ModelWorld() as world:
        seen = await environments(world)
        scoped = {role: set(told) & (IN_JOB | PREPARED) for role, told in seen.items()}
        assert scoped == {
            "node": set(),
            "prep": IN_JOB,
            "task": IN_JOB | PREPARED,
            "release": IN_JOB | PREPARED,
        }, "a setting under the name of a variable out of scope has no effect either"
        ids = {role: told.get("AZ_BATCH_TASK_ID") for role, told in seen.items()}
        assert ids == {"node": None, "prep": "jobpreparation", "task": "t", "release": "jobrelease"}
        prepared = seen["prep"]["AZ_BATCH_TASK_DIR"]
        assert {seen[role]["AZ_BATCH_JOB_PREP_DIR"] for role in ("task", "release")} == {prepared}
        assert len({told["AZ_BATCH_TASK_DIR"] for told in seen.values()}) == len(seen)
