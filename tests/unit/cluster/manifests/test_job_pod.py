"""The Pod of a job's preparation or release task: a task's in all that counts, without a slot."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api import labels
from millpond.api.labels import Role
from millpond.api.pool import Pool
from millpond.cluster.manifests.job_pod import job_pod
from millpond.control.actions import StartJobTask
from millpond.lifecycle.users import UserRefusedError
from millpond.settings import Settings
from support.builders import JOB, ON_CLAIMS, POOL, SPACE, a_job, a_pool
from support.restricted import complaints

SETTINGS = Settings(_env_file=None)
PREP: dict[str, Any] = {
    "id": "setup",
    "commandLine": "fetch --all",
    "constraints": {"maxWallClockSeconds": 60, "maxTaskRetryCount": 2},
    "environmentSettings": [{"name": "MODE", "value": "own"}],
    "containerSettings": {"imageName": "registry.example/fetch"},
}
FOLDER = f"/mnt/batch/tasks/workitems/{JOB}/job-1"


POOL_WITH_ALICE = a_pool(userAccounts=[{"name": "alice", "uid": 2001, "gid": 2002}])


def made(role: Role, pool: Pool | None = None, **more: Any) -> dict[str, Any]:
    job = a_job(
        jobPreparationTask=PREP | more,
        jobReleaseTask={"commandLine": "clean"} | more,
        commonEnvironmentSettings=[{"name": "MODE", "value": "job"}, {"name": "QUALITY", "value": "high"}],
    )
    task = job.spec.job_preparation_task if role is Role.PREPARATION else job.spec.job_release_task
    assert task is not None
    where = {"pool": POOL, "node": "farm-aaaaa", "host": "host-1"}
    start = StartJobTask(namespace=SPACE, role=role, job=JOB, job_uid="uid-film", pod="film-x", **where)
    return job_pod(start, task, job, pool or POOL_WITH_ALICE, SETTINGS)


def users(pod: dict[str, Any]) -> tuple[int, int]:
    context = pod["spec"]["containers"][0]["securityContext"]
    return context["runAsUser"], context["runAsGroup"]


def variables(pod: dict[str, Any]) -> dict[str, str]:
    return {v["name"]: v.get("value", "") for v in pod["spec"]["containers"][0]["env"]}


@pytest.mark.parametrize("role", [Role.PREPARATION, Role.RELEASE])
def test_it_may_no_more_than_tasks_and_asks_for_no_room(role: Role) -> None:
    pod = made(role)
    assert complaints(pod["spec"]) == ["volume node is a hostPath"]
    assert pod["spec"]["nodeName"] == "host-1"
    assert pod["spec"]["containers"][0]["resources"] == {}
    assert pod["metadata"]["finalizers"] == [labels.EVIDENCE_FINALIZER]
    assert pod["metadata"]["ownerReferences"][0]["uid"] == "uid-film"
    tags = pod["metadata"]["labels"]
    assert (tags[labels.ROLE], tags[labels.JOB], labels.SLOTS in tags) == (role.value, JOB, False)


def test_the_preparation_s_command_and_environment() -> None:
    container = made(Role.PREPARATION)["spec"]["containers"][0]
    assert container["image"] == "registry.example/fetch"
    before, after = container["command"][:6], container["command"][6:]
    assert before == [
        "/.millpond/launcher", "run", "--directory", f"{FOLDER}/setup", "--working-directory", f"{FOLDER}/setup/wd",
    ]  # fmt: skip
    assert after == [
        "--owner", "film/uid-film", "--retention", "-1", "--name", "film-x", "--readable", "--wall-clock", "60",
        "--retries", "2", "--grace", "30",
        "--", "fetch", "--all",
    ]  # fmt: skip
    found = variables(made(Role.PREPARATION))
    assert (found["MODE"], found["QUALITY"], found["AZ_BATCH_TASK_ID"]) == ("own", "high", "setup")
    assert "AZ_BATCH_JOB_PREP_DIR" not in found


def test_the_release_knows_where_the_preparation_was() -> None:
    pod = made(Role.RELEASE)
    words = pod["spec"]["containers"][0]["command"]
    assert words[words.index("--wall-clock") + 1] == "900"
    assert "--retries" not in words
    assert words[words.index("--retention") + 1] == "604800"
    found = variables(pod)
    assert (found["AZ_BATCH_JOB_PREP_DIR"], found["AZ_BATCH_JOB_PREP_WORKING_DIR"]) == (
        f"{FOLDER}/setup",
        f"{FOLDER}/setup/wd",
    )
    assert found["AZ_BATCH_TASK_DIR"] == f"{FOLDER}/jobrelease"
    assert found["MODE"] == "job"


@pytest.mark.parametrize("role", [Role.PREPARATION, Role.RELEASE])
def test_each_runs_as_its_own_user(role: Role) -> None:
    assert users(made(role)) == (SETTINGS.task_uid, SETTINGS.task_uid)
    assert users(made(role, userIdentity={"userName": "alice"})) == (2001, 2002)
    assert users(made(role, userIdentity={"autoUser": {"elevationLevel": "Admin"}})) == (0, 0)
    own = {"autoUser": {"scope": "Task"}}
    assert users(made(role, userIdentity=own)) == users(made(role, userIdentity=own)) != users(made(role))
    with pytest.raises(UserRefusedError, match="no user account bob"):
        made(role, userIdentity={"userName": "bob"})


def test_the_users_of_the_scope_task_differ() -> None:
    own = {"autoUser": {"scope": "Task"}}
    assert users(made(Role.PREPARATION, userIdentity=own)) != users(made(Role.RELEASE, userIdentity=own))


@pytest.mark.parametrize("role", [Role.PREPARATION, Role.RELEASE])
def test_on_a_claim_it_is_restricted_and_has_the_one_user(role: Role) -> None:
    pool = a_pool(nodeTemplate=ON_CLAIMS)
    assert complaints(made(role, pool)["spec"]) == []
    with pytest.raises(UserRefusedError, match="one user"):
        made(role, pool, userIdentity={"autoUser": {"elevationLevel": "Admin"}})


@pytest.mark.parametrize(("role", "sees", "readable"), [(Role.PREPARATION, False, True), (Role.RELEASE, True, False)])
def test_a_container_that_sees_parts(role: Role, sees: bool, readable: bool) -> None:
    binds = [{"source": "JobPrep"}]
    container = {"imageName": "own", "workingDirectory": "ContainerImageDefault", "containerHostBatchBindMounts": binds}
    spec = made(role, containerSettings=container)["spec"]
    (ahead,), (run,) = spec["initContainers"], spec["containers"]
    assert ("--readable" in ahead["command"]) is readable
    assert (f"{FOLDER}/setup" in {mount["mountPath"] for mount in run["volumeMounts"]}) is sees, "of itself it has all"
