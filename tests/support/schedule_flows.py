"""Canonical flows of schedules, and of jobs with pools of their own."""

from __future__ import annotations

from support.scripts import Run
from support.worlds import ModelWorld

LIMIT = 3000.0


async def schedule_makes_jobs(world: ModelWorld) -> None:
    """A schedule makes two jobs, each with its task, and is deleted while the second one runs."""
    world.scripts.tasks["s-2-t"] = [Run(seconds=500)]
    world.host("h1").pool("p", 1).schedule("s", {"recurrenceIntervalSeconds": 200}, "t")

    def second_runs() -> bool:
        found = [task for task in world.verbs.list("tasks") if task["metadata"]["name"] == "s-2-t"]
        return bool(found) and (found[0].get("status") or {}).get("state") == "Running"

    await world.run_until(second_runs, LIMIT)
    world.delete("jobschedules", "s")
    await world.run_until(lambda: not world.verbs.list("jobschedules"), LIMIT)


async def job_has_its_own_pool(world: ModelWorld) -> None:
    """A job's pool is made for it, runs its task, and goes with the job's end."""
    spec = {"targetDedicatedNodes": 1, "nodeTemplate": {"image": "docker.io/library/busybox:1.36"}}
    world.host("h1").job("j", autoPool={"lifetime": "Job", "spec": spec}, onAllTasksComplete="TerminateJob")
    world.task("j", "t")
    await world.run_until(lambda: world.state("jobs", "j") == "Completed", LIMIT)
    await world.run_until(lambda: not world.verbs.list("pools"), LIMIT)
