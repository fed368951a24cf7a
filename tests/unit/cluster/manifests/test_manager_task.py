"""The Task of a job's manager: all that the job says of it, and whose it is."""

from __future__ import annotations

from millpond.api import labels
from millpond.api.task import Task
from millpond.cluster.manifests.manager_task import manager_task
from support.builders import SPACE, a_job

WORK = {
    "displayName": "Leads",
    "commandLine": "manage --all",
    "containerSettings": {"imageName": "python"},
    "resourceFiles": [{"httpUrl": "https://store.example/a", "filePath": "a", "fileMode": "0770"}],
    "environmentSettings": [{"name": "A", "value": "b"}],
    "outputFiles": [
        {
            "filePattern": "*",
            "destination": {"autoStorageContainerName": "logs", "uploadHeaders": []},
            "uploadCondition": "TaskFailure",
        }
    ],
    "applicationPackageReferences": [{"applicationId": "tool", "version": "1"}],
    "requiredSlots": 2,
    "resources": {"requests": {"cpu": "1"}},
    "constraints": {"maxWallClockSeconds": 60, "maxTaskRetryCount": 3},
}


def test_the_task_does_what_the_job_says() -> None:
    made = manager_task(a_job(jobManagerTask={"id": "m", "runExclusive": False, **WORK}), "film-m")
    task = Task.model_validate(made)
    assert (task.id, task.spec.job_name, task.metadata.name, task.metadata.namespace) == ("m", "film", "film-m", SPACE)
    assert {field: made["spec"][field] for field in WORK if field != "containerSettings"} == {
        field: value for field, value in WORK.items() if field not in ("containerSettings", "resources")
    } | {"resources": made["spec"]["resources"]}
    assert task.spec.container_settings is not None
    assert set(made["spec"]) <= {*WORK, "id", "jobName"}


def test_it_goes_with_its_job() -> None:
    meta = manager_task(a_job(jobManagerTask={"id": "m", "commandLine": "x"}), "film-m")["metadata"]
    (owner,) = meta["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == ("Job", "film", "uid-film")
    assert meta["labels"][labels.ROLE] == "manager"
