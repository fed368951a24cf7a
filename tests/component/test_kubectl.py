"""What people see and do with plain kubectl: columns, short names, field selectors, scaling, applying."""

from collections.abc import Iterator
from typing import Any

import pytest
from millpond.api.crd.files import KINDS
from support.apiserver import ApiServer
from support.crdcases import MODELS, document, tables

_LATER = "2026-11-24T10:00:00Z"
_STATUS: dict[str, dict[str, Any]] = {
    "Pool": {
        "state": "Active",
        "allocationState": "Steady",
        "currentDedicatedNodes": 3,
        "currentLowPriorityNodes": 1,
        "targetLowPriorityNodes": 5,
        "targetDedicatedNodes": 4,
        "nodeCounts": {"dedicated": {"idle": 2, "running": 1}, "lowPriority": {"preempted": 1}},
        "taskCounts": {"active": 12, "running": 5},
        "taskSlotCounts": {"total": 16, "used": 6},
        "selector": "millpond.dev/pool=example",
        "conditions": [
            {"type": kind, "status": "True", "reason": reason, "message": "", "lastTransitionTime": _LATER}
            for kind, reason in (("Ready", "NodesReady"), ("AutoscaleSucceeded", "Evaluated"))
        ],
    },
    "ComputeNode": {
        "state": "Idle",
        "hostName": "node-2",
        "outdated": False,
        "ipAddress": "10.0.0.1",
        "slots": {"total": 4, "used": 1},
        "startTask": {"state": "Completed", "result": "Success", "exitCode": 0},
        "resources": {"cpu": "8", "memory": "16Gi"},
        "totals": {"tasksRun": 41, "tasksSucceeded": 40},
        "errors": [{"code": "ContainerMiscError", "message": "full"}],
        "recentTasks": [{"jobName": "frames", "taskName": "frame-041", "result": "Success", "exitCode": 0}],
        "conditions": [
            {"type": "Ready", "status": "True", "reason": "Idle", "message": "", "lastTransitionTime": _LATER}
        ],
    },
    "Job": {
        "poolName": "render",
        "state": "Completed",
        "taskCounts": {"active": 12, "running": 4, "succeeded": 84, "failed": 1},
        "endTime": _LATER,
        "terminateReason": "AllTasksComplete",
    },
    "Task": {
        "state": "Completed",
        "result": "Failure",
        "exitCode": 3,
        "nodeName": "render-7k2d9",
        "podName": "example-2",
        "retryCount": 1,
        "requeueCount": 2,
        "failure": {"category": "UserError", "code": "FailureExitCode", "message": "exit code 3"},
        "conditions": [
            {"type": "Scheduled", "status": "True", "reason": "Scheduled", "message": "", "lastTransitionTime": _LATER}
        ],
    },
    "JobSchedule": {
        "state": "Active",
        "nextRunTime": _LATER,
        "recentJobName": "example-12",
        "jobsCreated": 12,
        "conditions": [
            {"type": "Ready", "status": "True", "reason": "JobActive", "message": "", "lastTransitionTime": _LATER}
        ],
    },
}
_TABLES = {
    "Pool": (
        " ".join(
            (
                "NAME STATE ALLOCATION DEDICATED TARGET LOW-PRIORITY SLOTS USED ACTIVE RUNNING AGE IDLE",
                "LOW-PRIORITY-TARGET PREEMPTED READY AUTOSCALE IMAGE",
            )
        ),
        "example Active Steady 3 4 1 16 6 12 5 * 2 5 1 NodesReady Evaluated docker.io/library/debian:12",
    ),
    "ComputeNode": (
        "NAME POOL CLASS STATE SLOTS USED TASKS HOST START-TASK AGE IP CPU MEMORY SUCCEEDED READY OUTDATED ERROR",
        "example render Dedicated Idle 4 1 41 node-2 Success * 10.0.0.1 8 16Gi 40 Idle false ContainerMiscError",
    ),
    "Job": (
        "NAME STATE POOL PRIORITY ACTIVE RUNNING SUCCEEDED FAILED AGE ENDED REASON MAX-PARALLEL",
        "example Completed render 10 12 4 84 1 * * AllTasksComplete 4",
    ),
    "Task": (
        "NAME JOB STATE RESULT EXIT NODE RETRIES AGE ID REQUEUES FAILURE WAITS-FOR POD COMMAND",
        "example frames Completed Failure 3 render-7k2d9 1 * 42 2 FailureExitCode Scheduled example-2 /bin/sh *",
    ),
    "JobSchedule": (
        "NAME STATE NEXT-RUN RECENT-JOB JOBS AGE INTERVAL CRON TIME-ZONE WHY POOL",
        "example Active 2026-11-24T10:00:00Z example-12 12 * 86400 JobActive render",
    ),
}


@pytest.fixture(scope="module")
def example(server: ApiServer) -> Iterator[ApiServer]:
    """One object of each kind, with every field and a status."""
    server.done("create", "namespace", "kubectl")
    for kind, table in tables().items():
        server.done("apply", "-n", "kubectl", "--server-side", "-f", "-", document=document(kind, table.full))
        patched = {"status": _STATUS[kind]}
        path = f"/apis/millpond.dev/v1alpha1/namespaces/kubectl/{MODELS[kind].KIND.plural}/example/status"
        status, answer = server.request("PATCH", path, patched, "application/merge-patch+json")
        assert status == 200, answer["message"]
    yield server
    server.done("delete", "millpond", "--all", "-n", "kubectl")


@pytest.mark.parametrize("kind", sorted(_TABLES))
def test_columns(example: ApiServer, kind: str) -> None:
    printed = example.done("get", MODELS[kind].KIND.short_name, "-n", "kubectl", "-o", "wide").splitlines()
    for line, wanted in zip(printed, _TABLES[kind], strict=True):
        words = line.split()
        for word, expected in zip(words, wanted.split(), strict=False):
            assert expected in (word, "*"), f"{line!r} is not like {wanted!r}"


def test_category_names_every_kind(example: ApiServer) -> None:
    names = example.done("get", "millpond", "-n", "kubectl", "-o", "name").split()
    assert sorted(names) == sorted(f"{model.KIND.singular}.millpond.dev/example" for model in KINDS)


def test_kubernetes_own_jobs_keep_their_name(example: ApiServer) -> None:
    assert example.done("get", "jobs", "-n", "kubectl", "-o", "name") == ""


@pytest.mark.parametrize(
    ("kind", "selector", "found"),
    [
        ("btask", "spec.jobName=frames", True),
        ("btask", "spec.jobName=others", False),
        ("btask", "status.state=Completed", True),
        ("btask", "status.state!=Completed", False),
        ("btask", "status.nodeName=render-7k2d9,spec.jobName=frames", True),
        ("btask", "status.nodeName=", False),
        ("bnode", "spec.poolName=render", True),
        ("bnode", "status.state=Running", False),
        ("bjob", "spec.poolName=render", True),
        ("bjob", "status.state=Active", False),
    ],
)
def test_field_selectors(example: ApiServer, kind: str, selector: str, found: bool) -> None:
    assert bool(example.done("get", kind, "-n", "kubectl", "-o", "name", f"--field-selector={selector}")) is found


def test_scale(example: ApiServer) -> None:
    example.done("scale", "pool/example", "--replicas=7", "-n", "kubectl")
    pool = example.got("pool", "example", "-n", "kubectl")
    assert pool["spec"]["targetDedicatedNodes"] == 7
    path = "/apis/millpond.dev/v1alpha1/namespaces/kubectl/pools/example/scale"
    _, scale = example.request("GET", path)
    assert scale["spec"] == {"replicas": 7}
    assert scale["status"] == {"replicas": 3, "selector": "millpond.dev/pool=example"}


def test_scale_of_a_pool_that_has_no_target_gives_it_one_and_of_one_with_a_formula_is_refused(
    server: ApiServer,
) -> None:
    server.done("create", "namespace", "scaled")
    template = {"nodeTemplate": {"image": "debian:12"}}
    formula = {"autoScale": {"formula": "$TargetDedicatedNodes = 1"}}
    for name, spec in (("without", template), ("follows", template | formula)):
        server.done("create", "-n", "scaled", "-f", "-", document=document("Pool", spec, name))
    server.done("scale", "-n", "scaled", "pool/without", "--replicas=7")
    assert server.got("pool", "without", "-n", "scaled")["spec"]["targetDedicatedNodes"] == 7
    refused = server.kubectl("scale", "-n", "scaled", "pool/follows", "--replicas=7")
    assert refused.code == 1
    assert "the formula in autoScale sets the number of nodes" in refused.stderr
    assert "remove autoScale to size the pool by hand" in refused.stderr


def test_scale_keeps_bounds(example: ApiServer) -> None:
    answer = example.kubectl("scale", "pool/example", "--replicas=10001", "-n", "kubectl")
    assert answer.code != 0
    assert "less than or equal to 10000" in answer.stderr


def test_applying_twice_changes_nothing(example: ApiServer) -> None:
    before = example.got("btask", "example", "-n", "kubectl")
    table = tables()["Task"]
    example.done("apply", "-n", "kubectl", "--server-side", "-f", "-", document=document("Task", table.full))
    assert example.got("btask", "example", "-n", "kubectl") == before


def test_two_managers_share_a_list(example: ApiServer) -> None:
    def apply(manager: str, value: str) -> None:
        pool = document("Pool", {"nodeTemplate": {"image": "debian"}, "startTask": {"commandLine": "x"}}, "shared")
        pool["spec"]["startTask"]["environmentSettings"] = [{"name": manager.upper(), "value": value}]
        example.done("apply", "-n", "kubectl", "--server-side", f"--field-manager={manager}", "-f", "-", document=pool)

    def settings() -> dict[str, str]:
        pool = example.got("bpool", "shared", "-n", "kubectl")
        return {each["name"]: each["value"] for each in pool["spec"]["startTask"]["environmentSettings"]}

    apply("one", "1")
    apply("two", "2")
    assert settings() == {"ONE": "1", "TWO": "2"}
    apply("one", "3")
    assert settings() == {"ONE": "3", "TWO": "2"}
    version = example.got("bpool", "shared", "-n", "kubectl")["metadata"]["resourceVersion"]
    apply("two", "2")
    assert example.got("bpool", "shared", "-n", "kubectl")["metadata"]["resourceVersion"] == version


def test_spec_edits_count_generations_and_status_does_not(example: ApiServer) -> None:
    before = example.got("bjob", "example", "-n", "kubectl")["metadata"]["generation"]
    path = "/apis/millpond.dev/v1alpha1/namespaces/kubectl/jobs/example"
    example.request("PATCH", f"{path}/status", {"status": {"state": "Active"}}, "application/merge-patch+json")
    assert example.got("bjob", "example", "-n", "kubectl")["metadata"]["generation"] == before
    example.request("PATCH", path, {"spec": {"priority": 11}}, "application/merge-patch+json")
    assert example.got("bjob", "example", "-n", "kubectl")["metadata"]["generation"] == before + 1


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_models_read_what_the_server_gives(example: ApiServer, kind: str) -> None:
    given = example.got(MODELS[kind].KIND.short_name, "example", "-n", "kubectl")
    read = MODELS[kind].model_validate(given)
    written = read.as_document()
    assert written["spec"] == _in_model_form(written["spec"], given["spec"])
    assert read.key == ("kubectl", "example")
    path = f"/apis/millpond.dev/v1alpha1/namespaces/kubectl/{MODELS[kind].KIND.plural}/example/status"
    status, answer = example.request("PUT", f"{path}?fieldValidation=Strict", written)
    assert status == 200, answer["message"]
    assert answer["spec"] == given["spec"]
    assert answer["status"] == written["status"]


def _in_model_form(written: Any, given: Any) -> Any:
    """The given spec as the model writes it: quantities are text, whether they came as numbers or not."""
    if isinstance(given, dict):
        return {name: _in_model_form(written[name], value) for name, value in given.items()}
    if isinstance(given, list):
        return [_in_model_form(*pair) for pair in zip(written, given, strict=True)]
    return str(given) if isinstance(written, str) else given


@pytest.mark.parametrize(
    ("kind", "defaults"),
    [
        (
            "Pool",
            {
                "resizeTimeoutSeconds": 900,
                "nodeDeallocationOption": "Requeue",
                "taskSlotsPerNode": 1,
                "taskSchedulingPolicy": {"nodeFillType": "Spread", "jobDefaultOrder": "None"},
                "nodeTemplate": {
                    "image": "debian:12",
                    "imagePullPolicy": "IfNotPresent",
                    "storage": {"type": "HostPath", "evictRetainedFiles": False},
                },
                "provider": {"type": "Scheduler"},
                "upgradePolicy": {"mode": "Manual"},
                "enableInterNodeCommunication": False,
            },
        ),
        (
            "ComputeNode",
            {
                "poolName": "render",
                "nodeClass": "Dedicated",
                "storageType": "HostPath",
                "schedulable": True,
                "disableSchedulingOption": "Requeue",
                "rebootOption": "Requeue",
                "reimageOption": "Requeue",
                "removalOption": "Requeue",
            },
        ),
        (
            "Job",
            {
                "poolName": "render",
                "priority": 0,
                "allowTaskPreemption": False,
                "maxParallelTasks": -1,
                "constraints": {"maxTaskRetryCount": 0},
                "usesTaskDependencies": False,
                "onAllTasksComplete": "NoAction",
                "onTaskFailure": "NoAction",
                "desiredState": "Active",
                "disableTasks": "Requeue",
                "force": False,
            },
        ),
        (
            "Task",
            {"jobName": "frames", "commandLine": "true", "requiredSlots": 1, "desiredState": "Active"},
        ),
    ],
)
def test_defaults(server: ApiServer, kind: str, defaults: dict[str, Any]) -> None:
    path = f"/apis/millpond.dev/v1alpha1/namespaces/default/{MODELS[kind].KIND.plural}?dryRun=All"
    _, answer = server.request("POST", path, document(kind, tables()[kind].smallest))
    assert answer["spec"] == defaults
