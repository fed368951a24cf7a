"""Canonical flows of files: those that come before a task, and those that leave after it."""

from __future__ import annotations

from millpond.api import labels

from support.scripts import Run
from support.worlds import ModelWorld

LIMIT = 3000.0


async def resource_files_are_fetched(world: ModelWorld) -> None:
    """A download that takes longer than a Pod may take to start, one that fails, and one that a user ends."""
    world.host("h1").pool("p", 1, 3).job("j", constraints={"maxTaskRetryCount": 1})
    files = {"resourceFiles": [{"storageContainerUrl": "s3://inputs"}]}
    world.task("j", "slow", Run(fetch_seconds=900), **files)
    world.task("j", "missing", Run(not_fetched="BlobNotFound"), **files)
    world.task("j", "ended", Run(fetch_seconds=2000), **files)
    await world.run_until(lambda: world.state("tasks", "slow") == "Completed", LIMIT)
    world.patch("tasks", "ended", desiredState="Terminated")
    await world.run_until(world.all_tasks_completed, LIMIT)


async def output_files_are_uploaded(world: ModelWorld) -> None:
    """Uploads that go well, that fail and end a job with it, and one during which a user ends the task."""
    world.host("h1").pool("p", 1, 4).job("j", constraints={"maxTaskRetryCount": 1})
    world.job("k", onTaskFailure="PerformExitOptionsJobAction")
    told = '{"code":"FileUploadContainerNotFound","message":"No such container"}'
    uploads = {"outputFiles": [{"filePattern": "*", "destination": {"containerUrl": "s3://results"}}]}
    world.task("j", "good", Run(exit_code=1), Run(upload_seconds=20), **uploads)
    world.task("j", "ended", Run(upload_seconds=300), **uploads)
    ends = {"exitConditions": {"fileUploadError": {"jobAction": "Terminate"}, "default": {"jobAction": "None"}}}
    world.task("k", "bad", Run(upload_code=1, upload_says=told), **uploads, **ends)
    await world.run_until(lambda: world.state("jobs", "k") == "Completed", LIMIT)
    await world.run_until(lambda: _uploads(world, "ended"), LIMIT)
    world.patch("tasks", "ended", desiredState="Terminated")
    await world.run_until(world.all_tasks_completed, LIMIT)


async def packages_are_installed(world: ModelWorld) -> None:
    """A pool whose packages can be installed at the second try, and tasks with a package, one that cannot be had."""
    world.scripts.failing_installs = lambda node: 1
    packages = {"applicationPackageReferences": [{"applicationId": "tool", "version": "1"}]}
    world.host("h1").pool("p", 1, 3, startTask={"commandLine": "start"}, **packages)
    world.job("j", constraints={"maxTaskRetryCount": 1})
    world.task("j", "good", Run(install_seconds=20), **packages)
    world.task("j", "missing", Run(not_installed="ApplicationPackageError"), **packages)
    world.task("j", "ended", Run(install_seconds=2000), **packages)
    await world.run_until(lambda: world.nodes_in("Unusable") == 1, LIMIT)
    await world.run_until(lambda: world.state("tasks", "good") == "Completed", LIMIT)
    world.patch("tasks", "ended", desiredState="Terminated")
    await world.run_until(world.all_tasks_completed, LIMIT)


def _uploads(world: ModelWorld, task: str) -> bool:
    """True when the task's command has ended, whose output files take their time."""
    states = [pod["status"] for pod in world.verbs.list("pods", labels=f"{labels.TASK}={task}")]
    return any("terminated" in s["state"] for status in states for s in status.get("containerStatuses", ()))
