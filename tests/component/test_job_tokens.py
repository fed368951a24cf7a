"""What a job's token may do, on a real API server with the chart's own role and policy."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from millpond.api.job import Job
from millpond.cluster.client import Client
from millpond.cluster.job_tokens import see_to_account
from support import helm
from support.apiserver import ApiServer
from support.hands import document

SPACE, OTHER = "tokens", "tokens-other"
KINDS = ("ClusterRole", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
WORK = {"commandLine": "/bin/true"}
SECRET = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]


@pytest.fixture(scope="module")
def policed(server: ApiServer) -> Iterator[ApiServer]:
    """The API server with the chart's role and policy, and two namespaces with jobs."""
    wanted = [d for d in helm.rendered({"jobTokens": {"enabled": True}}) if d["metadata"]["name"] == "millpond-job"]
    assert [d["kind"] for d in wanted] == list(KINDS)
    for made in wanted:
        server.done("apply", "-f", "-", document=made)
    for space in (SPACE, OTHER):
        server.done("create", "namespace", space)
        for job in ("film", "film-2"):
            server.done("apply", "-n", space, "-f", "-", document=document("Job", job, {"poolName": "farm"}))
    server.done("apply", "-n", SPACE, "-f", "-", document=document("Task", "kept", {"jobName": "film", **WORK}))
    _in_force(server)
    yield server
    for made in reversed(wanted):
        server.done("delete", made["kind"], made["metadata"]["name"])


def _in_force(server: ApiServer) -> None:
    """A policy is obeyed some time after it was made."""
    until, task = time.monotonic() + 30, document("Task", "trial", {"jobName": "film", **WORK})
    stranger = f"system:serviceaccount:{SPACE}:millpond-job-nobody"
    server.done("create", "clusterrolebinding", "trial", "--clusterrole=millpond-job", f"--user={stranger}")
    trial = (f"--as={stranger}", "-n", SPACE, "create", "--dry-run=server", "-f", "-")
    while "another one" not in server.kubectl(*trial, document=task).stderr:
        assert time.monotonic() < until, "the policy is not obeyed"
    server.done("delete", "clusterrolebinding", "trial")


@pytest.fixture
async def token(policed: ApiServer, api: Client) -> str:
    """A token of the account of job film, as a Pod of it would have it."""
    job = Job.model_validate(policed.got("bjob", "film", "-n", SPACE))
    assert await see_to_account(api, job, "millpond-job") is None
    return policed.done("create", "token", "millpond-job-film", "-n", SPACE).strip()


def tried(server: ApiServer, token: str, *arguments: str, **spec: Any) -> str:
    """What kubectl says to an act with that token; a spec makes it the creation of a Task."""
    task = document("Task", f"t{time.monotonic_ns()}", WORK | spec) if spec else None
    more = ("create", "-f", "-") if spec else ()
    answer = server.kubectl(f"--token={token}", "-n", SPACE, *more, *arguments, document=task)
    return answer.stdout + answer.stderr


async def test_it_adds_tasks_to_its_own_job_and_sees_them(policed: ApiServer, token: str) -> None:
    assert "created" in tried(policed, token, jobName="film")
    assert "film" in tried(policed, token, "get", "btask")


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"jobName": "film-2"}, "a token of a job adds tasks to its own job only, and film-2 is another one"),
        (
            {
                "jobName": "film",
                "environmentSettings": SECRET,
            },
            "a task that a token adds reads no Secret",
        ),
        ({"jobName": "film", "userIdentity": {"userName": "alice"}}, "leave out userIdentity"),
    ],
)
async def test_the_policy_refuses(policed: ApiServer, token: str, spec: dict[str, Any], says: str) -> None:
    said = tried(policed, token, **spec)
    assert "is forbidden" in said
    assert says in said


@pytest.mark.parametrize(
    "act",
    [
        ("get", "secrets"),
        ("get", "pods"),
        ("get", "bjob"),
        ("delete", "btask", "--all"),
        ("patch", "btask", "kept", "--type=merge", "-p", json.dumps({"spec": {"desiredState": "Terminated"}})),
        ("get", "btask", "-n", OTHER),
        ("create", "token", "millpond-job-film"),
    ],
    ids=lambda act: " ".join(act[:2]),
)
async def test_rbac_refuses(policed: ApiServer, token: str, act: tuple[str, ...]) -> None:
    assert "forbidden" in tried(policed, token, *act).lower()


async def test_others_are_not_held_to_it(policed: ApiServer) -> None:
    task = document("Task", "by-a-user", {"jobName": "film-2", **WORK, "environmentSettings": SECRET})
    policed.done("create", "-n", SPACE, "-f", "-", document=task)
