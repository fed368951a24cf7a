"""Reading lists of any length, and single objects."""

from __future__ import annotations

import time

import msgspec
import pytest
from millpond.cli.access import Cluster
from millpond.cli.errors import CliError, UnknownNameError
from millpond.cli.objects import get_document, list_all, list_documents
from millpond.cluster.api_server import PAGE, TASKS, Selection
from millpond.cluster.kubeconfig import Connection
from support.model.server import ModelServer
from support.model.verbs import Verbs

TASK = {"apiVersion": "millpond.dev/v1alpha1", "kind": "Task", "spec": {"jobName": "j", "commandLine": "true"}}


@pytest.fixture
async def cluster() -> Cluster:
    verbs = Verbs(time.time)
    for number in range(PAGE + 2):
        job = "even" if number % 2 == 0 else "odd"
        spec = {"jobName": job, "commandLine": "true"}
        verbs.create("tasks", "team", TASK | {"metadata": {"name": f"t{number}", "namespace": "team"}, "spec": spec})
    connection = Connection("https://cluster.example", namespace="team")
    return Cluster(ModelServer(verbs, latency=0.0), connection, "team")


async def test_lists_are_read_to_their_end(cluster: Cluster) -> None:
    items, version = await list_all(cluster.api, TASKS, "team")
    assert len({msgspec.json.decode(item)["metadata"]["name"] for item in items}) == PAGE + 2
    assert version
    half, _ = await list_all(cluster.api, TASKS, None, Selection(fields="spec.jobName=odd"))
    assert len(half) == PAGE // 2 + 1


async def test_documents_of_a_list_say_what_they_are(cluster: Cluster) -> None:
    documents = await list_documents(cluster, "task", "spec.jobName=odd")
    assert {(one["apiVersion"], one["kind"]) for one in documents} == {("millpond.dev/v1alpha1", "Task")}


async def test_one_object_or_a_suggestion(cluster: Cluster) -> None:
    assert (await get_document(cluster, "task", "t1"))["metadata"]["name"] == "t1"
    with pytest.raises(UnknownNameError) as told:
        await get_document(cluster, "task", "u1")
    assert "t1" in told.value.next_step
    assert isinstance(told.value, CliError)
