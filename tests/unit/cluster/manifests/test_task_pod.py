"""The Pod of a task: whatever a valid Task says, it gets no more than tasks may have, and all arrives as written."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from millpond.api import labels
from millpond.api.commandline import CommandLineError, split_command_line
from millpond.api.job import Job
from millpond.api.task import Task
from millpond.cluster.manifests.bound_pod import LAUNCHER_MARGIN_SECONDS
from millpond.cluster.manifests.task_pod import task_pod
from millpond.control.actions import StartAttempt
from millpond.settings import Settings
from support.builders import JOB, ON_CLAIMS, POOL, SPACE, a_job, a_pool, metadata
from support.expansion import expand
from support.restricted import complaints

SETTINGS = Settings(_env_file=None, task_uid=1234, task_gid=5678, task_grace=30)
NAME = re.compile(r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")
LABEL = re.compile(r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$")

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="'\0"), max_size=20)
COMMANDS = st.lists(WORDS, min_size=1, max_size=6).map(lambda words: " ".join(f"'{word}'" for word in words))
SETTING_NAMES = st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_.-]{0,20}\Z") | st.sampled_from(["AZ_BATCH_TASK_ID", "PATH"])
ENVIRONMENT = st.lists(
    st.fixed_dictionaries({"name": SETTING_NAMES, "value": WORDS}), max_size=5, unique_by=lambda s: s["name"]
)
QUANTITIES = st.dictionaries(st.sampled_from(["cpu", "memory", "ephemeral-storage"]), st.sampled_from(["1", "2Gi"]))
SPECS = st.fixed_dictionaries(
    {"jobName": st.just(JOB), "commandLine": COMMANDS},
    optional={
        "id": st.from_regex(r"\A[A-Za-z0-9_-]{1,64}\Z"),
        "environmentSettings": ENVIRONMENT,
        "containerSettings": st.fixed_dictionaries(
            {"imageName": st.just("registry.example/a@sha256:00")},
            optional={"workingDirectory": st.sampled_from(["TaskWorkingDirectory", "ContainerImageDefault"])},
        ),
        "resources": st.fixed_dictionaries({}, optional={"requests": QUANTITIES}),
        "constraints": st.fixed_dictionaries(
            {}, optional={"maxWallClockSeconds": st.integers(1, 10**6), "maxTaskRetryCount": st.integers(-1, 5)}
        ),
        "requiredSlots": st.integers(1, 256),
    },
)


def _task(name: str = "frame-042", **spec: Any) -> Task:
    return Task.model_validate({"metadata": metadata(name), "spec": {"jobName": JOB, "commandLine": "true"} | spec})


def _start(task: Task, **more: Any) -> StartAttempt:
    return StartAttempt(
        **{
            "namespace": SPACE, "pool": POOL, "job": JOB, "task": task.metadata.name, "task_uid": task.metadata.uid,
            "attempt": 2, "pod": f"{task.metadata.name}-2", "node": "farm-aaaaa", "host": "host-1",
            "slots": task.spec.required_slots, "cpu_millis": 1500, "memory_bytes": 2**30,
        } | more
    )  # fmt: skip


def _pod(task: Task, job: Job | None = None, **pool: Any) -> dict[str, Any]:
    return task_pod(_start(task), task, job or a_job(), a_pool(**pool), SETTINGS)


def _container(pod: dict[str, Any]) -> dict[str, Any]:
    (container,) = pod["spec"]["containers"]
    return dict(container)


@given(SPECS, ENVIRONMENT)
def test_no_valid_task_gets_more_than_tasks_may_have(spec: dict[str, Any], common: list[dict[str, str]]) -> None:
    task = Task.model_validate({"metadata": metadata("frame-042"), "spec": spec})
    pod = _pod(task, a_job(commonEnvironmentSettings=common))
    assert complaints(pod["spec"]) == ["volume node is a hostPath"]
    on_claim = _pod(task, a_job(commonEnvironmentSettings=common), nodeTemplate=ON_CLAIMS)
    assert complaints(on_claim["spec"]) == []
    assert pod["spec"]["automountServiceAccountToken"] is False
    paths = [volume["hostPath"]["path"] for volume in pod["spec"]["volumes"]]
    assert paths == ["/var/lib/millpond/studio.farm.farm-aaaaa"]
    container = _container(pod)
    values = {variable["name"]: expand(variable["value"], {}) for variable in container["env"] if "value" in variable}
    asked = {s["name"]: s["value"] for s in [*common, *spec.get("environmentSettings", [])]}
    assert {n: v for n, v in values.items() if not n.startswith("AZ_BATCH_")} == {
        n: v for n, v in asked.items() if not n.startswith("AZ_BATCH_")
    }
    assert values["AZ_BATCH_TASK_ID"] == task.id
    words = [expand(word, values) for word in container["command"]]
    assert words[words.index("--") + 1 :] == list(split_command_line(spec["commandLine"]))
    assert all(LABEL.match(value) and len(value) <= 63 for value in pod["metadata"]["labels"].values())


def test_identity() -> None:
    pod = _pod(_task())
    meta = pod["metadata"]
    assert meta["name"] == "frame-042-2"
    assert NAME.match(meta["name"])
    assert meta["finalizers"] == [labels.EVIDENCE_FINALIZER]
    (owner,) = meta["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == ("Task", "frame-042", "uid-frame-042")
    assert meta["labels"] == {
        "app.kubernetes.io/name": "millpond",
        "app.kubernetes.io/managed-by": "millpond",
        "app.kubernetes.io/component": "task",
        labels.POOL: POOL,
        labels.JOB: JOB,
        labels.TASK: "frame-042",
        labels.ATTEMPT: "2",
        labels.NODE: "farm-aaaaa",
        labels.ROLE: "task",
        labels.SLOTS: "1",
    }


def test_a_manager_is_marked_and_so_is_that_it_runs_alone() -> None:
    start = _start(_task(), manages=True, exclusive=True)
    tags = task_pod(start, _task(), a_job(), a_pool(), SETTINGS)["metadata"]["labels"]
    assert (tags[labels.ROLE], tags[labels.COMPONENT], tags[labels.EXCLUSIVE]) == ("manager", "manager", "true")


@pytest.mark.parametrize(
    ("task_id", "label"), [(None, None), ("frame-042", None), ("Frame_7", "Frame_7"), ("_" * 64, "rhwh5eeb")]
)
def test_an_id_that_is_not_the_name_is_told(task_id: str | None, label: str | None) -> None:
    task = _task(id=task_id)
    tags = task_pod(_start(task), task, a_job(), a_pool(), SETTINGS)["metadata"]["labels"]
    assert tags.get(labels.TASK_ID) == label


def test_bound_to_its_host_and_left_there_by_everybody_else() -> None:
    of_node = {"key": "batch", "operator": "Exists", "effect": "NoExecute"}
    spec = _pod(_task(), nodeTemplate={"image": "debian", "tolerations": [of_node]})["spec"]
    assert spec["nodeName"] == "host-1"
    assert spec["restartPolicy"] == "Never"
    assert of_node in spec["tolerations"]
    assert {"operator": "Exists", "effect": "NoSchedule"} in spec["tolerations"]
    for key in ("not-ready", "unreachable"):
        toleration = {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute"}
        assert toleration in spec["tolerations"]
    assert spec["terminationGracePeriodSeconds"] == 30 + LAUNCHER_MARGIN_SECONDS


LIMITS = {"maxWallClockSeconds": 60, "retentionSeconds": 9}


def test_command_goes_through_the_launcher() -> None:
    task = _task(commandLine="sh -c 'echo $HOME'", constraints=LIMITS, id="42")
    directory = f"/mnt/batch/tasks/workitems/{JOB}/job-1/42"
    assert _container(_pod(task))["command"] == [
        "/.millpond/launcher", "run", "--directory", directory, "--working-directory", f"{directory}/wd",
        "--owner", "frame-042/uid-frame-042", "--retention", "9",
        "--wall-clock", "60", "--grace", "30", "--", "sh", "-c", "echo $$HOME",
    ]  # fmt: skip


def test_a_directory_is_kept_for_a_week_where_the_task_says_nothing() -> None:
    words = _container(_pod(_task()))["command"]
    assert words[words.index("--retention") + 1] == "604800"


@pytest.mark.parametrize(
    ("settings", "image", "working_directory"),
    [
        (None, "debian", f"/mnt/batch/tasks/workitems/{JOB}/job-1/frame-042/wd"),
        ({"imageName": "own"}, "own", f"/mnt/batch/tasks/workitems/{JOB}/job-1/frame-042/wd"),
        ({"imageName": "own", "workingDirectory": "ContainerImageDefault"}, "own", "."),
    ],
)
def test_image_and_working_directory(settings: dict[str, str] | None, image: str, working_directory: str) -> None:
    container = _container(_pod(_task(**({"containerSettings": settings} if settings else {}))))
    assert container["image"] == image
    command = container["command"]
    assert command[command.index("--working-directory") + 1] == working_directory
    assert "workingDir" not in container


def test_runs_as_the_settings_say() -> None:
    context = _container(_pod(_task()))["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"]) == (1234, 5678)


@pytest.mark.parametrize(
    ("identity", "user"),
    [({"autoUser": {"elevationLevel": "Admin"}}, (0, 0)), ({"userName": "alice"}, (2001, 2002))],
)
def test_runs_as_its_user_and_in_the_common_group(identity: dict[str, Any], user: tuple[int, int]) -> None:
    account = {"name": "alice", "uid": 2001, "gid": 2002}
    pod = _pod(_task(userIdentity=identity), userAccounts=[account])
    context = _container(pod)["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"]) == user
    assert pod["spec"]["securityContext"]["supplementalGroups"] == [5678]


def test_a_task_of_its_own_user_keeps_it_in_all_attempts() -> None:
    own = {"autoUser": {"scope": "Task"}}
    users = {
        (name, attempt): _container(task_pod(_start(task, attempt=attempt), task, a_job(), a_pool(), SETTINGS))[
            "securityContext"
        ]["runAsUser"]
        for name in ("one", "two")
        for attempt in (1, 2)
        for task in (_task(id=name, userIdentity=own),)
    }
    assert users["one", 1] == users["one", 2] != users["two", 1]
    assert all(SETTINGS.derived_uid_first <= uid for uid in users.values())


def test_launcher_cannot_be_written() -> None:
    mounts = {mount["mountPath"]: mount.get("readOnly", False) for mount in _container(_pod(_task()))["volumeMounts"]}
    assert mounts == {"/mnt/batch/tasks": False, "/.millpond": True}


@pytest.mark.parametrize(
    ("asked", "requests", "limits"),
    [
        ({}, {}, {}),
        ({"limits": {"memory": "1Gi"}}, {}, {"memory": "1Gi"}),
        ({"limits": {"nvidia.com/gpu": "1"}}, {"nvidia.com/gpu": "1"}, {"nvidia.com/gpu": "1"}),
        ({"requests": {"nvidia.com/gpu": "1"}}, {"nvidia.com/gpu": "1"}, {"nvidia.com/gpu": "1"}),
        ({"requests": {"cpu": "1500m"}, "limits": {"cpu": "2"}}, {}, {"cpu": "2"}),
    ],
    ids=["share", "limit", "device by limit", "device by request", "both"],
)
def test_requests_are_what_was_booked(asked: dict[str, Any], requests: dict[str, str], limits: dict[str, str]) -> None:
    resources = _container(_pod(_task(resources=asked)))["resources"]
    assert resources["requests"] == {"cpu": "1500m", "memory": str(2**30)} | requests
    assert resources["limits"] == limits


def test_command_line_that_cannot_be_split() -> None:
    with pytest.raises(CommandLineError, match="commandLine"):
        _pod(_task(commandLine="echo 'open"))


def test_pull_secrets_and_policy() -> None:
    template = {"image": "debian", "imagePullPolicy": "Always", "imagePullSecrets": [{"name": "registry"}]}
    pod = _pod(_task(), nodeTemplate=template)
    assert pod["spec"]["imagePullSecrets"] == [{"name": "registry"}]
    assert _container(pod)["imagePullPolicy"] == "Always"


def test_a_task_that_comes_after_a_preparation_waits_for_its_record() -> None:
    task = _task(containerSettings={"imageName": "registry.example/a"})
    for waits in (True, False):
        job = a_job(jobPreparationTask={"commandLine": "fetch", "id": "setup", "waitForSuccess": waits})
        start = _start(task, preparation="film-x-prep")
        pod = task_pod(start, task, job, a_pool(), SETTINGS)
        assert pod["metadata"]["labels"][labels.PREPARATION] == "film-x-prep"
        assert "initContainers" not in task_pod(_start(task), task, job, a_pool(), SETTINGS)["spec"]
        if not waits:
            assert "initContainers" not in pod["spec"]
            continue
        (await_,) = pod["spec"]["initContainers"]
        record = f"/mnt/batch/tasks/workitems/{JOB}/job-1/setup/exit.json"
        assert await_["command"][1:] == ["await", "--record", record, "--name", "film-x-prep"]
        assert await_["image"] == "registry.example/a"
        assert complaints(pod["spec"]) == ["volume node is a hostPath"]


def test_a_container_that_sees_parts_has_its_directory_made_before_it_starts() -> None:
    container = {
        "imageName": "own",
        "imagePullSecrets": [{"name": "mine"}],
        "containerHostBatchBindMounts": [{"source": "Task"}, {"source": "JobPrep", "isReadOnly": True}],
    }
    task, job = _task(containerSettings=container), a_job(jobPreparationTask={"commandLine": "prepare"})
    template = {"image": "debian", "imagePullSecrets": [{"name": "pool"}, {"name": "mine"}]}
    start = _start(task, preparation="film-prep")
    spec = task_pod(start, task, job, a_pool(nodeTemplate=template), SETTINGS)["spec"]
    assert [one["name"] for one in spec["initContainers"]] == ["await-preparation", "prepare-directory"]
    own = f"/mnt/batch/tasks/workitems/{JOB}/job-1/frame-042"
    ahead, (run,) = spec["initContainers"][1], spec["containers"]
    assert ahead["command"][1:6] == ["prepare", "--directory", own, "--working-directory", f"{own}/wd"]
    assert ahead["volumeMounts"][0]["mountPath"] == "/mnt/batch/tasks", "it sees the whole, and is the launcher"
    assert ahead["securityContext"] == run["securityContext"]
    words = run["command"]
    assert words[words.index("--directory") + 1] == "/.millpond-task"
    assert words[words.index("--working-directory") + 1] == f"{own}/wd"
    places = {mount["mountPath"]: mount.get("readOnly", False) for mount in run["volumeMounts"]}
    preparation = f"/mnt/batch/tasks/workitems/{JOB}/job-1/jobpreparation"
    assert places == {"/.millpond-task": False, own: False, preparation: True, "/.millpond": True}
    assert spec["imagePullSecrets"] == [{"name": "mine"}, {"name": "pool"}]


def test_who_sees_all_pays_for_no_other_container() -> None:
    assert "initContainers" not in _pod(_task(containerSettings={"imageName": "own"}))["spec"]
