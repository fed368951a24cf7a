"""A job's token: short-lived, for one container, of an account that goes with the job."""

from __future__ import annotations

from millpond.cluster.manifests.job_token import DIRECTORY, account, binding, with_token
from support.builders import SPACE, a_job

POD = {
    "metadata": {"name": "p"},
    "spec": {
        "automountServiceAccountToken": False,
        "volumes": [{"name": "node"}],
        "initContainers": [{"name": "await", "volumeMounts": []}],
        "containers": [{"name": "task", "volumeMounts": [{"name": "node"}]}],
    },
}


def test_only_the_task_s_container_has_it_and_cannot_write_it() -> None:
    spec = with_token(POD, "film")["spec"]
    (task,) = spec["containers"]
    assert task["volumeMounts"][1:] == [{"name": "job-token", "mountPath": DIRECTORY, "readOnly": True}]
    assert spec["initContainers"] == POD["spec"]["initContainers"]
    assert (spec["serviceAccountName"], spec["automountServiceAccountToken"]) == ("millpond-job-film", False)
    assert POD["spec"]["volumes"] == [{"name": "node"}], "the Pod given is as it was"


def test_it_lasts_an_hour_and_comes_with_what_a_client_needs() -> None:
    token, ca, namespace = with_token(POD, "film")["spec"]["volumes"][1]["projected"]["sources"]
    assert token == {"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}}
    assert ca["configMap"]["items"] == [{"key": "ca.crt", "path": "ca.crt"}]
    assert namespace["downwardAPI"]["items"][0]["path"] == "namespace"


def test_account_and_binding_go_with_the_job() -> None:
    job = a_job()
    for made in (account(job), binding(job, "role")):
        (owner,) = made["metadata"]["ownerReferences"]
        assert (made["metadata"]["name"], made["metadata"]["namespace"]) == ("millpond-job-film", SPACE)
        assert (owner["kind"], owner["uid"]) == ("Job", "uid-film")
    assert binding(job, "role")["roleRef"]["name"] == "role"
    assert account(job)["automountServiceAccountToken"] is False
