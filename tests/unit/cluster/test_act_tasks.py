"""Actions on tasks, on a model API server; the same on a real one is `component/test_hands`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from millpond.api import labels
from millpond.api.reasons import TaskState
from millpond.api.task import Task
from millpond.api.views.meta import Meta
from millpond.cluster.api_server import Resource
from millpond.cluster.errors import ForbiddenError, InvalidError, RejectedError
from millpond.cluster.manifests.security import runs_as_root
from millpond.control import actions as act
from millpond.control.outcomes import Done, Missed, Refused
from millpond.control.task_patch import ConditionPatch, TaskStatusPatch
from support.builders import JOB, POOL, SPACE
from support.model.server import ModelServer

from cluster.conftest import Bench

pytestmark = pytest.mark.looptime


async def test_start_makes_the_pod_and_again_finds_it(bench: Bench) -> None:
    start = bench.start(bench.task("one"))
    first, again = await bench.one(start), await bench.one(start)
    pod = bench.verbs.get("pods", SPACE, "one-1")
    assert first == again == Done(pod["metadata"]["resourceVersion"], pod["metadata"]["uid"])
    assert pod["spec"]["nodeName"] == "host-1"


@pytest.mark.parametrize("change", [{"host": "host-2"}, {"node": "farm-bbbbb"}], ids=["host", "node"])
async def test_attempt_that_runs_elsewhere_is_to_be_looked_at(bench: Bench, change: dict[str, str]) -> None:
    task = bench.task("one")
    await bench.one(bench.start(task))
    outcome = await bench.one(bench.start(task, **change))
    assert isinstance(outcome, Missed)
    assert outcome.again_in == 0


async def test_pod_of_a_namesake_is_waited_for(bench: Bench) -> None:
    await bench.one(bench.start(bench.task("one")))
    bench.verbs.delete("tasks", SPACE, "one")
    outcome = await bench.one(bench.start(bench.task("one")))
    assert isinstance(outcome, Missed)
    assert outcome.again_in > 0


async def test_task_that_was_deleted_or_made_again_is_not_started(bench: Bench) -> None:
    start = bench.start(bench.task("one"))
    bench.verbs.delete("tasks", SPACE, "one")
    assert isinstance(await bench.one(start), Missed)
    bench.task("one")
    assert isinstance(await bench.one(start), Missed)
    assert bench.verbs.list("pods", SPACE) == []


@pytest.mark.parametrize(
    ("spec", "reason", "words"),
    [
        ({"commandLine": "echo 'open"}, "InvalidCommandLine", "Close the quote"),
        ({"commandLine": None}, "InvalidCommandLine", "commandLine is empty"),
        ({"requiredSlots": "many"}, "InvalidDocument", "requiredSlots"),
        (
            {"outputFiles": [{"filePattern": "$NO/x", "destination": {"containerUrl": "s3://results"}}]},
            "InvalidFilePattern",
            "names the variable 'NO'",
        ),
    ],
)
async def test_task_that_cannot_run_says_why(bench: Bench, spec: dict[str, Any], reason: str, words: str) -> None:
    outcome = await bench.one(bench.start(bench.task("one", **spec)))
    assert isinstance(outcome, Refused)
    assert outcome.reason == reason
    assert words in outcome.message


async def test_account_that_the_pool_does_not_have_is_told(bench: Bench) -> None:
    outcome = await bench.one(bench.start(bench.task("one", userIdentity={"userName": "eve"})))
    assert isinstance(outcome, Refused)
    assert outcome.reason == "UserAccountNotFound"
    assert f"Pool {POOL} has no user account eve" in outcome.message


@pytest.mark.parametrize(("error", "reason"), [(ForbiddenError, "PodForbidden"), (InvalidError, "PodInvalid")])
async def test_root_that_is_not_admitted_is_told_and_neighbours_start(
    make_bench: Callable[..., Bench], error: type[RejectedError], reason: str
) -> None:
    class NoRoot(ModelServer):
        async def create(self, resource: Resource, namespace: str | None, document: Mapping[str, Any]) -> Meta:
            if resource.plural == "pods" and runs_as_root(dict(document)):
                raise error("violates policy: runAsUser=0.")
            return await super().create(resource, namespace, document)

    bench = make_bench(lambda server: NoRoot(server.verbs))
    admin = bench.task("admin", userIdentity={"autoUser": {"elevationLevel": "Admin"}})
    outcomes = await bench.perform(bench.start(admin), bench.start(bench.task("neighbour")))
    (refused,) = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert refused.reason == reason
    assert "runAsUser=0" in refused.message
    assert "use a NonAdmin user" in refused.message
    assert [pod["metadata"]["name"] for pod in bench.verbs.list("pods", SPACE)] == ["neighbour-1"]


async def test_stop_spares_a_namesake_and_forgives_absence(bench: Bench) -> None:
    await bench.one(bench.start(bench.task("one")))
    stop = act.StopAttempt(namespace=SPACE, pod="one-1", uid="another", chain="x")
    assert isinstance(await bench.one(stop), Done)
    assert "deletionTimestamp" not in bench.verbs.get("pods", SPACE, "one-1")["metadata"]
    assert isinstance(await bench.one(act.StopAttempt(namespace=SPACE, pod="none", uid="u", chain="x")), Done)


@pytest.mark.parametrize("others", [[], ["example.com/mine"]], ids=["only ours", "others too"])
async def test_release_takes_our_finalizer_only_and_marks(bench: Bench, others: list[str]) -> None:
    made = await bench.one(bench.start(bench.task("one")))
    assert isinstance(made, Done)
    finalizers = {"metadata": {"finalizers": [*others, labels.EVIDENCE_FINALIZER]}}
    bench.verbs.merge_patch("pods", SPACE, "one-1", finalizers)
    release = act.ReleaseEvidence(namespace=SPACE, pod="one-1", uid=made.uid, chain="x")
    for _ in range(2):
        assert isinstance(await bench.one(release), Done)
        metadata = bench.verbs.get("pods", SPACE, "one-1")["metadata"]
        assert metadata.get("finalizers", []) == others
        assert metadata["labels"][labels.COUNTED] == "true"


async def test_release_spares_a_namesake(bench: Bench) -> None:
    await bench.one(bench.start(bench.task("one")))
    await bench.one(act.ReleaseEvidence(namespace=SPACE, pod="one-1", uid="another", chain="x"))
    assert bench.verbs.get("pods", SPACE, "one-1")["metadata"]["finalizers"] == [labels.EVIDENCE_FINALIZER]


async def test_release_in_one_write(bench: Bench) -> None:
    made = await bench.one(bench.start(bench.task("one")))
    assert isinstance(made, Done)
    before = bench.verbs.store.revision
    await bench.one(act.ReleaseEvidence(namespace=SPACE, pod="one-1", uid=made.uid, chain="x"))
    assert bench.verbs.store.revision == before + 1


async def test_status_is_patched_under_its_version(bench: Bench) -> None:
    task = bench.task("one")

    def write(version: str, status: TaskStatusPatch) -> act.WriteTask:
        uid = task["metadata"]["uid"]
        return act.WriteTask(namespace=SPACE, task="one", job=JOB, uid=uid, version=version, status=status)

    condition = ConditionPatch("Complete", "False", "Running", "It runs.", "2026-01-01T00:00:00Z")
    running = TaskStatusPatch(conditions=(condition,), state=TaskState.RUNNING, attempt=1, pod_name="one-1")
    done = await bench.one(write(task["metadata"]["resourceVersion"], running))
    assert isinstance(done, Done)
    assert isinstance(await bench.one(write(task["metadata"]["resourceVersion"], running)), Missed)
    assert isinstance(await bench.one(write(done.version, TaskStatusPatch(pod_name=None))), Done)
    status = Task.model_validate(bench.verbs.get("tasks", SPACE, "one")).status
    assert (status.state, status.attempt, status.pod_name) == (TaskState.RUNNING, 1, None)
    assert status.conditions[0].reason == "Running"


async def test_sweep_takes_counted_pods_of_its_pool_only(bench: Bench) -> None:
    for name, pool, counted in (("a", POOL, "true"), ("b", POOL, ""), ("c", "another", "true")):
        tags = {labels.POOL: pool} | ({labels.COUNTED: counted} if counted else {})
        pod = {"metadata": {"name": name, "labels": tags}, "spec": {"containers": [{"name": "task"}]}}
        bench.verbs.create("pods", SPACE, pod)
        bench.verbs.merge_patch("pods", SPACE, name, {"status": {"phase": "Succeeded"}}, "status")
    await bench.one(act.SweepPods(namespace=SPACE, pool=POOL))
    assert [pod["metadata"]["name"] for pod in bench.verbs.list("pods", SPACE)] == ["b", "c"]
