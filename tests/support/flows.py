"""Canonical flows: what users do to a small cluster from beginning to end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from millpond.api import labels
from millpond.api.times import format_time

from support.file_flows import output_files_are_uploaded, packages_are_installed, resource_files_are_fetched
from support.group_flows import groups_take_turns
from support.schedule_flows import job_has_its_own_pool, schedule_makes_jobs
from support.scripts import Run, StartRun
from support.worlds import ModelWorld

Flow = Callable[[ModelWorld], Awaitable[None]]
LIMIT = 3000.0
QUIET = 100.0


async def from_apply_to_result(world: ModelWorld) -> None:
    """A pool, a job and its tasks, one of which is retried; the job ends by itself, the pool is deleted."""
    world.host("h1").host("h2").pool("p", 2, 2)
    world.job("j", onAllTasksComplete="TerminateJob", constraints={"maxTaskRetryCount": 1})
    world.task("j", "t1", Run(exit_code=1), Run()).task("j", "t2").task("j", "t3", Run(exit_code=3))
    await world.run_until(lambda: world.state("jobs", "j") == "Completed", LIMIT)
    await world.run_quiet(QUIET, LIMIT)
    world.delete("pools", "p")
    await world.run_until(lambda: not world.verbs.store.all("pools"), LIMIT)


async def resize_under_load(world: ModelWorld) -> None:
    """A pool shrinks while its tasks run: they are requeued and end on the node that stays; then it grows again."""
    world.host("h1").host("h2").pool("p", 2).job("j")
    world.task("j", "t1", Run(seconds=30)).task("j", "t2", Run(seconds=30)).task("j", "t3", Run(seconds=5))
    await world.run_until(lambda: world.running() == 2, LIMIT)
    world.patch("pools", "p", targetDedicatedNodes=1)
    await world.run_until(world.all_tasks_completed, LIMIT)
    world.patch("pools", "p", targetDedicatedNodes=2)
    await world.run_until(lambda: world.nodes_in("Idle") == 2, LIMIT)


def _shrinks(option: str) -> Flow:
    async def flow(world: ModelWorld) -> None:
        world.host("h1").pool("p", 1, nodeDeallocationOption=option).job("j")
        world.task("j", "t1", Run(seconds=300), constraints={"retentionSeconds": 60})
        await world.run_until(lambda: world.running() == 1, LIMIT)
        world.patch("pools", "p", targetDedicatedNodes=0)
        await world.run_until(lambda: not world.verbs.list("computenodes"), LIMIT)
        world.patch("pools", "p", targetDedicatedNodes=1)
        await world.run_until(world.all_tasks_completed, LIMIT)

    flow.__name__ = f"pool_shrinks_with_{option.lower()}"
    flow.__doc__ = f"A pool is shrunk to nothing with {option} while a task runs, and grows again."
    return flow


async def host_is_taken_away(world: ModelWorld) -> None:
    """A low-priority node loses its host in the midst of a task, and goes on under its name when another one comes."""
    world.host("h1").pool("p", 0, targetLowPriorityNodes=1).job("j").task("j", "t1", Run(seconds=60))
    await world.run_until(lambda: world.running() == 1, LIMIT)
    world.hosts.say_farewell("h1")
    await world.run_until(lambda: world.nodes_in("Preempted") == 1, LIMIT)
    world.hosts.leave("h1")
    world.host("h2")
    await world.run_until(world.all_tasks_completed, LIMIT)


async def node_is_removed(world: ModelWorld) -> None:
    """A user removes the node that is in use: its task runs elsewhere, and no node takes its place."""
    world.host("h1").host("h2").pool("p", 2).job("j").task("j", "t1", Run(seconds=30))
    await world.run_until(lambda: world.running() == 1, LIMIT)
    busy = world.verbs.list("pods", labels=f"{labels.ROLE}={labels.Role.TASK.value}")[0]["metadata"]["labels"]
    world.patch("computenodes", busy[labels.NODE], removedAt=format_time(world.now()))
    await world.run_until(lambda: len(world.verbs.list("computenodes")) == 1, LIMIT)
    await world.run_until(world.all_tasks_completed, LIMIT)


async def resize_is_stopped(world: ModelWorld) -> None:
    """A pool that grows to more nodes than there are hosts is stopped on the way: it keeps what it has."""
    world.host("h1").host("h2").pool("p", 4)
    await world.run_until(lambda: world.nodes_in("Idle") == 2, LIMIT)
    world.patch("pools", "p", resizeStoppedAt=format_time(world.now()))
    await world.run_until(
        lambda: world.state("pools", "p") == "Active" and len(world.verbs.list("computenodes")) == 2, LIMIT
    )


async def machines_come_and_go(world: ModelWorld) -> None:
    """A pool grows on machines that come for it, is shrunk under load, and is deleted while one more is to come."""
    world.growing_pool("p", 2).job("j")
    world.task("j", "t1", Run(seconds=60)).task("j", "t2", Run(seconds=60))
    await world.run_until(lambda: world.running() == 2, LIMIT)
    world.patch("pools", "p", targetDedicatedNodes=1)
    await world.run_until(lambda: len(world.verbs.list("nodes")) == 1, LIMIT)
    await world.run_until(world.all_tasks_completed, LIMIT)
    world.machines.barren = True
    world.patch("pools", "p", targetDedicatedNodes=2)
    await world.run_until(lambda: len(world.verbs.list("machines")) == 2, LIMIT)
    world.delete("pools", "p")
    await world.run_until(lambda: not world.verbs.list("pools") and not world.verbs.list("machines"), LIMIT)


async def node_is_disabled(world: ModelWorld) -> None:
    """Scheduling on a node is disabled while a task runs that is ended by it, and enabled again."""
    world.host("h1").pool("p", 1).job("j").task("j", "t1", Run(seconds=60))
    await world.run_until(lambda: world.running() == 1, LIMIT)
    name = _node_of(world)
    world.patch("computenodes", name, schedulable=False, disableSchedulingOption="Terminate")
    await world.run_until(lambda: world.nodes_in("Offline") == 1, LIMIT)
    world.task("j", "t2").patch("computenodes", name, schedulable=True)
    await world.run_until(world.all_tasks_completed, LIMIT)


def _restarts(what: str, time: str, **option: str) -> Flow:
    async def flow(world: ModelWorld) -> None:
        prepares = {"jobPreparationTask": {"commandLine": "prepare"}, "jobReleaseTask": {"commandLine": "clean"}}
        world.host("h1").host("h2").pool("p", 1, startTask={"commandLine": "start"}).job("j", **prepares)
        world.task("j", "t1", Run(seconds=60))
        await world.run_until(lambda: world.running() == 1, LIMIT)
        name, when = _node_of(world), format_time(world.now())
        host = world.status("computenodes", name)["hostName"]
        world.patch("computenodes", name, **{time: when}, **option)
        await world.run_until(lambda: world.status("computenodes", name).get("served") == {time: when}, LIMIT)
        await world.run_until(world.all_tasks_completed, LIMIT)
        assert world.status("computenodes", name)["hostName"] == host
        world.patch("jobs", "j", desiredState="Terminated")
        await world.run_until(lambda: world.state("jobs", "j") == "Completed", LIMIT)

    flow.__name__ = f"node_is_{what}"
    flow.__doc__ = f"A node whose task runs is {what}; the task ends, and its job."
    return flow


async def pool_is_upgraded(world: ModelWorld) -> None:
    """A pool gets a start task, which its policy rolls over its nodes; a task that runs on one of them runs again."""
    world.host("h1").host("h2").pool("p", 2, upgradePolicy={"mode": "Automatic"}).job("j").task(
        "j", "t1", Run(seconds=60)
    )
    await world.run_until(lambda: world.running() == 1, LIMIT)
    world.patch("pools", "p", startTask={"commandLine": "start"})

    def all_started() -> bool:
        told = [node.get("status") or {} for node in world.verbs.list("computenodes")]
        return all("startTask" in status and not status["outdated"] for status in told)

    await world.run_until(all_started, LIMIT)
    await world.run_until(world.all_tasks_completed, LIMIT)


def _node_of(world: ModelWorld) -> str:
    (node,) = world.verbs.list("computenodes")
    return str(node["metadata"]["name"])


async def host_is_lost(world: ModelWorld) -> None:
    """A host vanishes with its task; the task runs again on the host that comes in its place."""
    world.host("h1").pool("p", 1).job("j").task("j", "t1", Run(seconds=20))
    await world.run_until(lambda: world.running() == 1, LIMIT)
    world.hosts.leave("h1")
    world.host("h2")
    await world.run_until(world.all_tasks_completed, LIMIT)


async def users_end_things(world: ModelWorld) -> None:
    """A running task is terminated, then a job with a task that does not listen to TERM."""
    world.host("h1").pool("p", 1, 4).job("j")
    world.task("j", "t1", Run(seconds=500)).task("j", "t2", Run(seconds=500, term_seconds=1000.0))
    await world.run_until(lambda: world.running() == 2, LIMIT)
    world.patch("tasks", "t1", desiredState="Terminated")
    await world.run_until(lambda: world.state("tasks", "t1") == "Completed", LIMIT)
    world.patch("jobs", "j", desiredState="Terminated", terminateReason="enough")
    await world.run_until(lambda: world.state("jobs", "j") == "Completed", LIMIT)


async def job_is_deleted(world: ModelWorld) -> None:
    """A job is deleted while some of its tasks run, one waits and one has ended; all of them go, another job stays."""
    world.host("h1").pool("p", 1, 3).job("j").job("k").task("k", "t9", Run(seconds=300))
    world.task("j", "t1", Run(seconds=500)).task("j", "t2", Run(seconds=500, term_seconds=1000.0))
    await world.run_until(lambda: world.running() == 3, LIMIT)
    world.task("j", "t3").delete("jobs", "j")
    await world.run_until(lambda: len(world.verbs.list("jobs")) == 1, LIMIT)
    world.job("j").task("j", "t1")
    await world.run_until(world.all_tasks_completed, LIMIT)


async def id_is_taken_over(world: ModelWorld) -> None:
    """A running task that is slow to end is deleted; the one that had waited for its id runs when it has ended."""
    world.host("h1").pool("p", 1, 2).job("j")
    world.task("j", "t1", Run(seconds=500, term_seconds=1000.0), id="x")
    await world.run_until(lambda: world.state("tasks", "t1") == "Running", LIMIT)
    world.task("j", "t2", id="X").task("j", "t3", Run(seconds=5)).delete("tasks", "t1")
    await world.run_until(world.all_tasks_completed, LIMIT)


async def start_task_fails(world: ModelWorld) -> None:
    """A pool whose start task fails takes no task; its replacement by a bigger wish stays honest about it."""
    world.scripts.start_task = lambda node: StartRun(exit_code=1, retries=1)
    world.host("h1").pool("p", 1, startTask={"commandLine": "prepare", "maxTaskRetryCount": 1}).job("j").task("j", "t1")
    await world.run_until(lambda: world.nodes_in("StartTaskFailed") == 1, LIMIT)
    world.delete("tasks", "t1")


async def pipeline(world: ModelWorld) -> None:
    """Tasks wait for each other by id and by range; one failure is forgiven, the next one ends the job."""
    world.host("h1").pool("p", 1, 2)
    world.job("j", usesTaskDependencies=True, onTaskFailure="PerformExitOptionsJobAction")
    options = {"jobAction": "None", "dependencyAction": "Satisfy"}
    world.task("j", "first").task("j", "a", Run(), id="01", dependsOn={"taskIds": ["First"]})
    world.task(
        "j",
        "b",
        Run(exit_code=3),
        id="2",
        dependsOn={"taskIds": ["first"]},
        exitConditions={"exitCodes": [{"code": 3, "exitOptions": options}]},
    )
    world.task("j", "join", Run(exit_code=4), dependsOn={"taskIdRanges": [{"start": 1, "end": 2}]})
    world.task("j", "never", dependsOn={"taskIds": ["join"]})
    await world.run_until(lambda: world.state("jobs", "j") == "Completed", LIMIT)


def _disables(option: str) -> Flow:
    async def flow(world: ModelWorld) -> None:
        world.host("h1").host("h2").pool("p", 1).pool("q", 1).job("j")
        world.task("j", "t1", Run(seconds=30))
        await world.run_until(lambda: world.running() == 1, LIMIT)
        world.task("j", "t2", Run(seconds=30))
        world.patch("jobs", "j", desiredState="Disabled", disableTasks=option)
        await world.run_until(lambda: world.state("jobs", "j") == "Disabled", LIMIT)
        world.patch("jobs", "j", desiredState="Active", poolName="q")
        await world.run_until(world.all_tasks_completed, LIMIT)
        world.patch("jobs", "j", desiredState="Terminated")
        await world.run_until(lambda: world.state("jobs", "j") == "Completed", LIMIT)

    flow.__name__ = f"job_is_disabled_with_{option.lower()}"
    flow.__doc__ = f"A job is disabled with {option} while a task runs, moved to another pool, enabled and ended."
    return flow


async def task_is_reactivated(world: ModelWorld) -> None:
    """A task fails after its retry, is run again, and succeeds."""
    world.host("h1").pool("p", 1).job("j", constraints={"maxTaskRetryCount": 1})
    world.task("j", "t1", Run(exit_code=1), Run(exit_code=1), Run(exit_code=1), Run())
    await world.run_until(lambda: world.state("tasks", "t1") == "Completed", LIMIT)
    world.patch("tasks", "t1", reactivatedAt="2030-01-01T00:00:00Z")
    await world.run_until(lambda: world.status("tasks", "t1").get("result") == "Success", LIMIT)


async def job_has_a_manager(world: ModelWorld) -> None:
    """A manager that fails once starts again before a task that waits; its end ends the job and what still runs."""
    manager = {"id": "m", "commandLine": "manage", "constraints": {"maxTaskRetryCount": 1}}
    world.scripts.tasks["j-m"] = [Run(seconds=10, exit_code=1), Run(seconds=60)]
    world.host("h1").host("h2").pool("p", 2).job("j", jobManagerTask=manager)
    world.task("j", "t1", Run(seconds=500))
    await world.run_until(lambda: world.state("jobs", "j") == "Completed", LIMIT)


async def task_disables_its_job(world: ModelWorld) -> None:
    """A task ends so that its job is disabled, and another is requeued; a user enables the job, once and for all."""
    world.host("h1").pool("p", 1, 2).job("j", onTaskFailure="PerformExitOptionsJobAction")
    disables = {"exitCodes": [{"code": 3, "exitOptions": {"jobAction": "Disable"}}]}
    world.task("j", "bad", Run(seconds=5, exit_code=3), exitConditions=disables).task("j", "long", Run(seconds=60))
    await world.run_until(lambda: world.state("jobs", "j") == "Disabled", LIMIT)
    world.patch("jobs", "j", enabledAt=format_time(world.now()))
    await world.run_until(world.all_tasks_completed, LIMIT)


async def prepared_and_released(world: ModelWorld) -> None:
    """A node is prepared for a job, its tasks run, the job ends by itself and the node is released."""
    world.host("h1").pool("p", 1, 2)
    world.job(
        "j",
        onAllTasksComplete="TerminateJob",
        jobPreparationTask={"commandLine": "prepare"},
        jobReleaseTask={"commandLine": "clean"},
    )
    world.task("j", "t1").task("j", "t2", Run(exit_code=3))
    await world.run_until(lambda: world.state("jobs", "j") == "Completed", LIMIT)


async def jobs_end_by_force(world: ModelWorld) -> None:
    """A host falls silent with the tasks of two jobs: one is terminated and one deleted by force, and neither waits."""
    world.host("h1").pool("p", 1, 2).job("j", jobPreparationTask={"commandLine": "prepare"}, force=True).job("k")
    world.task("j", "t1", Run(seconds=500)).task("k", "u1", Run(seconds=500))
    await world.run_until(lambda: world.running() == 2, LIMIT)
    world.hosts.fall_silent("h1")
    world.hosts.notice_silence("h1")
    world.patch("jobs", "j", desiredState="Terminated")
    world.delete("jobs", "k")
    await world.run_until(lambda: world.state("jobs", "j") == "Completed", LIMIT)
    world.patch("jobs", "k", force=True)
    await world.run_until(lambda: len(world.verbs.list("jobs")) == 1, LIMIT)
    world.hosts.come_back("h1")
    await world.run_until(lambda: world.nodes_in("Idle") == 1, LIMIT)


async def manager_displaces(world: ModelWorld) -> None:
    """A manager that is to start again finds no room: a task of its priority gives way, and ends after it."""
    manager = {"id": "m", "commandLine": "manage", "constraints": {"maxTaskRetryCount": 1}}
    world.scripts.tasks["j-m"] = [Run(seconds=60, exit_code=1), Run(seconds=30)]
    world.host("h1").pool("p", 1).job("j", jobManagerTask=manager)
    await world.run_until(lambda: world.running() == 1, LIMIT)
    world.job("other", priority=5).task("other", "t1", Run(seconds=500), Run(seconds=500))
    await world.run_until(lambda: world.state("tasks", "t1") == "Running", LIMIT)
    world.patch("jobs", "other", priority=0)
    await world.run_until(lambda: world.state("jobs", "j") == "Completed", LIMIT)
    await world.run_until(world.all_tasks_completed, LIMIT)


async def tasks_give_way(world: ModelWorld) -> None:
    """Of two tasks of a job that allows it one is stopped for a job of higher priority, and runs again after it."""
    world.host("h1").pool("p", 1, 2).job("low", allowTaskPreemption=True)
    world.task("low", "t1", Run(seconds=60)).task("low", "t2", Run(seconds=60), Run(seconds=20))
    await world.run_until(lambda: world.running() == 2, LIMIT)
    world.job("high", priority=1).task("high", "u1", Run(seconds=30))
    await world.run_until(world.all_tasks_completed, LIMIT)


async def nodes_lie_on_claims(world: ModelWorld) -> None:
    """A node on a claim runs a task, is reimaged, loses its host, runs another task and leaves with its pool."""
    storage = {"type": "PersistentVolumeClaim", "size": "1Gi"}
    world.host("h1").pool("p", 1, nodeTemplate={"image": "busybox", "storage": storage}).job("j").task("j", "t1")
    await world.run_until(world.all_tasks_completed, LIMIT)
    (node,) = [one["metadata"]["name"] for one in world.verbs.list("computenodes")]
    world.patch("computenodes", node, reimagedAt=format_time(world.now()))
    await world.run_until(lambda: "reimagedAt" in (world.status("computenodes", node).get("served") or {}), LIMIT)
    world.host("h2").hosts.leave("h1")
    world.task("j", "t2")
    await world.run_until(world.all_tasks_completed, LIMIT)
    world.delete("pools", "p")
    await world.run_until(lambda: not world.verbs.store.all("pools"), LIMIT)


FLOWS: tuple[Flow, ...] = (
    prepared_and_released,
    resource_files_are_fetched,
    output_files_are_uploaded,
    packages_are_installed,
    from_apply_to_result,
    groups_take_turns,
    resize_under_load,
    nodes_lie_on_claims,
    node_is_removed,
    host_is_taken_away,
    resize_is_stopped,
    machines_come_and_go,
    host_is_lost,
    users_end_things,
    job_is_deleted,
    id_is_taken_over,
    start_task_fails,
    pipeline,
    task_disables_its_job,
    task_is_reactivated,
    job_has_a_manager,
    jobs_end_by_force,
    manager_displaces,
    tasks_give_way,
    schedule_makes_jobs,
    job_has_its_own_pool,
    *map(_shrinks, ("Requeue", "Terminate", "TaskCompletion", "RetainedData")),
    node_is_disabled,
    pool_is_upgraded,
    _restarts("rebooted", "restartedAt", rebootOption="Requeue"),
    _restarts("reimaged", "reimagedAt", reimageOption="Terminate"),
    *map(_disables, ("Requeue", "Terminate", "Wait")),
)
