"""What all Pods that the operator binds to a host have in common."""

from __future__ import annotations

from millpond.api import labels
from millpond.api.containers import ContainerSettings
from millpond.cluster.manifests.bound_pod import Command, Place, bound_pod, job_environment, run_container
from millpond.lifecycle.users import User
from millpond.lifecycle.variables import Scope
from millpond.settings import Settings
from support.builders import JOB, a_job, a_pool

SETTINGS = Settings(_env_file=None)
PLACE = Place("studio", "farm", "farm-aaaaa", "host-1", dedicated=True)


def test_a_pod_stays_where_it_is_put_until_its_end_is_counted() -> None:
    pod = bound_pod({"name": "p", "labels": {}}, PLACE, a_pool(), {"name": "task"}, SETTINGS)
    meta = pod["metadata"]
    assert (meta["name"], meta["namespace"], meta["finalizers"]) == ("p", "studio", [labels.EVIDENCE_FINALIZER])
    assert (pod["spec"]["nodeName"], pod["spec"]["restartPolicy"]) == ("host-1", "Never")
    assert "initContainers" not in pod["spec"]
    first = {"name": "first"}
    assert bound_pod({"name": "p", "labels": {}}, PLACE, a_pool(), {}, SETTINGS, [first])["spec"]["initContainers"] == [
        first
    ]


def test_node_autoscalers_leave_its_host_alone() -> None:
    pod = bound_pod({"name": "p", "labels": {}, "annotations": {"a": "b"}}, PLACE, a_pool(), {}, SETTINGS)
    assert pod["metadata"]["annotations"] == {
        "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
        "karpenter.sh/do-not-disrupt": "true",
        "a": "b",
    }


def test_an_image_may_keep_its_own_working_directory() -> None:
    own = ContainerSettings.model_validate({"imageName": "x", "workingDirectory": "ContainerImageDefault"})
    for container, image, directory in ((own, "x", "."), (None, "debian", "/mnt/batch/tasks/d/wd")):
        made = run_container(Command("true", "d", container, User(7, 8), ("t", "uid"), 60), [], {}, a_pool(), SETTINGS)
        words = made["command"]
        assert (made["image"], words[words.index("--working-directory") + 1]) == (image, directory)


def test_only_a_job_with_a_preparation_tells_of_its_directory() -> None:
    for preparation, told in (({}, False), ({"jobPreparationTask": {"commandLine": "true"}}, True)):
        names = {v["name"] for v in job_environment(Scope.TASK, PLACE, a_job(**preparation), a_pool(), "t", ())}
        assert ("AZ_BATCH_JOB_PREP_DIR" in names) is told
        assert {"AZ_BATCH_JOB_ID", "AZ_BATCH_TASK_ID"} <= names
    (found,) = (
        v for v in job_environment(Scope.TASK, PLACE, a_job(), a_pool(), "t", ()) if v["name"] == "AZ_BATCH_JOB_ID"
    )
    assert found["value"] == JOB
