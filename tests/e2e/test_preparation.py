"""Job preparation and release on real kubelets: once on each node, before and after the job's tasks there."""

from __future__ import annotations

import json

from millpond.lifecycle.variables import Facts, Scope, service_variables
from support.installation import Space, shell
from support.live import Document

WHOLE_NODE = 2
"""Task slots of a node of the pool `shared`."""
SETTINGS = {
    "environmentSettings": [
        {"name": name, "value": "own"} for name in ("BOTH", "AZ_BATCH_JOB_ID", "AZ_BATCH_JOB_PREP_DIR")
    ]
}
RELEASED = "echo $AZ_BATCH_JOB_ID >>$AZ_BATCH_NODE_SHARED_DIR/released"


def jobs_tasks_at_once(space: Space, job: str, count: int, script: str, slots: int = 1, **spec: object) -> list[str]:
    """Make the job with its tasks while it is Disabled and let all of them start together; their names."""
    space.job(job, "shared", desiredState="Disabled", **spec)
    space.until_state("jobs", job, "Disabled")
    names = [f"{job}-{number}" for number in range(count)]
    for name in names:
        space.task(name, job, script, requiredSlots=slots)
    space.live.patch("jobs", space.name, job, {"spec": {"desiredState": "Active"}})
    return names


def assert_environment(space: Space, job: str, node: str, scope: Scope, task_id: str) -> None:
    """What the process saw: its own settings before its job's, and of the service's variables those of its scope."""
    place = f"workitems/{job}/job-1"
    said = space.read(node, f"{place}/{task_id}/stdout.txt").splitlines()
    told = dict(line.split("=", 1) for line in said if "=" in line)
    preparation = f"{place}/jobpreparation"
    directory = f"{place}/{task_id}"
    facts = Facts(
        space.name, "shared", node, "/mnt/batch/tasks", directory, job=job, id=task_id, preparation=preparation
    )
    wanted = service_variables(scope, facts)
    assert {name for name in told if name.startswith("AZ_BATCH_")} == set(wanted)
    assert {name: told[name] for name, value in wanted.items() if isinstance(value, str)} == {
        name: value for name, value in wanted.items() if isinstance(value, str)
    }
    assert (told["COMMON"], told["BOTH"]) == ("job", "own")


def prep_status(space: Space, job: str) -> dict[str, Document]:
    """What `millpond job prep-status` says, by node."""
    entries = json.loads(space.millpond("job", "prep-status", job, "-o", "json"))
    return {entry["nodeName"]: entry for entry in entries}


def test_a_node_is_prepared_once_before_its_tasks_and_released_after_them(shared: Space) -> None:
    """The preparation has a user of its own, and tasks read what it left; the release is another's again."""
    prepare = "env; id -u >owner; echo $AZ_BATCH_NODE_ID >>scene; cp scene $AZ_BATCH_NODE_SHARED_DIR/scene"
    own = {"autoUser": {"scope": "Task"}}
    names = jobs_tasks_at_once(
        shared,
        "film",
        2 * WHOLE_NODE,
        "cat $AZ_BATCH_JOB_PREP_WORKING_DIR/scene $AZ_BATCH_NODE_SHARED_DIR/scene $AZ_BATCH_JOB_PREP_DIR/wd/owner; "
        "touch $AZ_BATCH_JOB_PREP_WORKING_DIR/intruder 2>/dev/null && exit 9; id -u",
        jobPreparationTask={"commandLine": shell(prepare), "userIdentity": own, **SETTINGS},
        jobReleaseTask={
            "commandLine": shell(f"env; sleep 1; rm $AZ_BATCH_NODE_SHARED_DIR/scene && {RELEASED}"),
            **SETTINGS,
        },
        onAllTasksComplete="TerminateJob",
        commonEnvironmentSettings=[{"name": "COMMON", "value": "job"}, {"name": "BOTH", "value": "job"}],
    )
    shared.until_state("jobs", "film", "Completed")
    nodes = [shared.completed(name)["nodeName"] for name in names]
    assert [shared.read(node, "shared/released") for node in set(nodes)] == ["film\n"] * 2
    assert sorted(map(nodes.count, set(nodes))) == [WHOLE_NODE] * 2
    for name, node in zip(names, nodes, strict=True):
        once, shown, owner, user = shared.log(f"{name}-1").splitlines()
        assert (once, shown) == (node, node)
        assert owner != user
    for name in names:
        shared.succeeded(name)
    for node in set(nodes):
        assert_environment(shared, "film", node, Scope.PREPARATION, "jobpreparation")
        assert_environment(shared, "film", node, Scope.RELEASE, "jobrelease")
    told = prep_status(shared, "film")
    assert set(told) == set(nodes)
    assert {entry[run]["result"] for entry in told.values() for run in ("preparation", "release")} == {"Success"}


def test_a_node_where_the_preparation_fails_is_barred_to_its_job_alone(shared: Space) -> None:
    """A former task has left something on one node that the preparation does not bear."""
    shared.job("former", "shared")
    shared.task("planter", "former", "touch $AZ_BATCH_NODE_SHARED_DIR/broken")
    broken = shared.completed("planter")["nodeName"]
    prepare = "[ ! -e $AZ_BATCH_NODE_SHARED_DIR/broken ] || { echo it is broken >&2; exit 3; }"
    names = jobs_tasks_at_once(
        shared,
        "picky",
        2,
        "true",
        WHOLE_NODE,
        jobPreparationTask={"commandLine": shell(prepare)},
        jobReleaseTask={"commandLine": shell(RELEASED)},
    )
    ran = [shared.completed(name) for name in names]
    assert [(status["result"], status.get("retryCount", 0)) for status in ran] == [("Success", 0)] * 2
    (good,) = {status["nodeName"] for status in ran}
    assert good != broken
    told = prep_status(shared, "picky")
    assert {node: entry["preparation"]["exitCode"] for node, entry in told.items()} == {broken: 3, good: 0}
    others = jobs_tasks_at_once(shared, "others", 2, "sleep 1", WHOLE_NODE)
    assert {shared.completed(name)["nodeName"] for name in others} == {broken, good}
    shared.live.patch("jobs", shared.name, "picky", {"spec": {"desiredState": "Terminated"}})
    shared.until_state("jobs", "picky", "Completed")
    assert [node for node, entry in prep_status(shared, "picky").items() if "release" in entry] == [good]


def test_a_preparation_that_fails_everywhere_is_told_by_the_job_and_its_tasks(shared: Space) -> None:
    shared.job("hopeless", "shared", jobPreparationTask={"commandLine": shell("echo no scene >&2; exit 4")})
    shared.task("hopeful", "hopeless", "true")
    shared.until_told("jobs", "hopeless", "Scheduled", "JobPreparationTaskFailed")
    # Its Pod on the second node ends only after that node's preparation has.
    shared.until("tasks", "hopeful", "has come back", lambda one: one.get("status", {}).get("state") != "Preparing")
    said = shared.millpond("explain", "task", "hopeful")
    assert "JobPreparationTaskFailed" in said
    codes = [entry["preparation"]["exitCode"] for entry in prep_status(shared, "hopeless").values()]
    assert codes == [4, 4]


def test_a_job_that_is_deleted_is_released_before_it_goes(shared: Space) -> None:
    shared.job(
        "doomed",
        "shared",
        jobPreparationTask={
            "commandLine": shell("id -u >user"),
            "userIdentity": {"autoUser": {"elevationLevel": "Admin"}},
        },
        jobReleaseTask={"commandLine": shell(f"cat $AZ_BATCH_JOB_PREP_WORKING_DIR/user; {RELEASED}")},
    )
    shared.task("endless", "doomed", "sleep 300")
    node = shared.until_state("tasks", "endless", "Running")["status"]["nodeName"]
    shared.live.delete("jobs", shared.name, "doomed")
    shared.until_gone("jobs", "doomed")
    assert shared.read(node, "workitems/doomed/job-1/jobrelease/stdout.txt") == "0\n"
    assert shared.read(node, "shared/released").splitlines().count("doomed") == 1
