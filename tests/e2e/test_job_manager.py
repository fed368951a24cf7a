"""A job manager that adds tasks, and how far its token goes: on real kubelets, from inside the container."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from support.binaries import ROOT
from support.installation import Installation, Space

EXAMPLE = ROOT / "examples" / "job-manager"
TRIES = """
import json, os, ssl
from urllib.error import HTTPError
from urllib.request import Request, urlopen

of = os.environ
here = os.path.dirname(of["AZ_BATCH_AUTHENTICATION_TOKEN_FILE"])
trust = ssl.create_default_context(cafile=here + "/ca.crt")
server = "https://" + of["KUBERNETES_SERVICE_HOST"] + ":" + of["KUBERNETES_SERVICE_PORT"]
space = "/namespaces/" + of["AZ_BATCH_ACCOUNT_NAME"] + "/"
core, ours = "/api/v1" + space, "/apis/millpond.dev/v1alpha1" + space

def says(title, method, path, job=""):
    task = {"apiVersion": "millpond.dev/v1alpha1", "kind": "Task", "metadata": {"name": "made-in-" + job},
            "spec": {"jobName": job, "commandLine": "true"}}
    headers = {"Authorization": "Bearer " + open(here + "/token").read(), "Content-Type": "application/json"}
    request = Request(server + path, json.dumps(task).encode() if job else None, headers, method=method)
    try:
        print(title, urlopen(request, context=trust).status)
    except HTTPError as error:
        print(title, error.code)

says("task of its job:", "POST", ours + "tasks", "mine")
says("task of another job:", "POST", ours + "tasks", "other")
says("see tasks:", "GET", ours + "tasks")
says("delete a task:", "DELETE", ours + "tasks/victim")
says("delete all tasks:", "DELETE", ours + "tasks")
says("end a task:", "PATCH", ours + "tasks/victim")
says("see jobs:", "GET", ours + "jobs")
says("read a Secret:", "GET", core + "secrets/password")
says("see Pods:", "GET", core + "pods")
"""
FORBIDDEN = 403


@pytest.fixture(scope="module")
def place(installation: Installation) -> Iterator[Space]:
    """The example's pool, with an image that the cluster has: Python and the licences are in the operator's, too."""
    space = Space.new(installation, "job-manager")
    (pool,) = documents(EXAMPLE / "pool.yaml")
    pool["spec"]["nodeTemplate"]["image"] = installation.until_leading()["spec"]["containers"][0]["image"]
    space.live.apply(pool, space.name)
    yield space
    space.leave()


def documents(path: Path) -> list[dict[str, object]]:
    return list(yaml.safe_load_all(path.read_text()))


def test_the_manager_of_the_examples_adds_tasks_and_its_end_is_the_jobs(place: Space) -> None:
    for document in documents(EXAMPLE / "job.yaml"):
        place.live.apply(document, place.name)
    status = place.until_state("jobs", "licences", "Completed", 120)["status"]
    tasks = {one["metadata"]["name"]: one["status"] for one in place.live.all("tasks", place.name)}
    assert {state["result"] for state in tasks.values()} == {"Success"}
    assert (status["terminateReason"], status["taskCounts"]["succeeded"]) == ("JMComplete", len(tasks))
    table = [line.split() for line in place.millpond("task", "stdout", "licences-table").splitlines()]
    assert len(table) == len(tasks) - len(("manager", "table"))
    words = {Path(text).name: int(count) for count, text in table}
    assert words["GPL-3"] > words["GPL-2"] > words["LGPL-3"] > 100
    assert list(words.values()) == sorted(words.values(), reverse=True)


def test_a_tasks_token_adds_tasks_to_its_own_job_and_does_nothing_else(place: Space) -> None:
    place.live.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "password"}}, place.name)
    for job in ("mine", "other"):
        place.job(job, "licences")
    place.task("victim", "other", "true")
    place.task("tries", "mine", commandLine=f"python3 -c '{TRIES}'", authenticationTokenSettings={"access": ["Job"]})
    place.succeeded("tries")
    place.succeeded("made-in-mine")
    said = place.millpond("task", "stdout", "tries").splitlines()
    answers = {title: int(code) for title, code in (line.split(": ") for line in said)}
    assert (answers.pop("task of its job"), answers.pop("see tasks")) == (201, 200)
    assert len(answers) == 7
    assert answers == dict.fromkeys(answers, FORBIDDEN)
