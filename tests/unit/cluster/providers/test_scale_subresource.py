"""Replicas follow what a pool needs, and machines are marked before replicas are lowered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from millpond.api import labels
from millpond.api.pool import Pool
from millpond.api.views.meta import Meta
from millpond.cluster.api_server import Resource
from millpond.cluster.errors import ConflictError, ForbiddenError
from millpond.cluster.providers.scale_subresource import DELETE_FIRST, ScaleSubresourceProvider
from millpond.control.actions import SupplyHosts
from millpond.control.outcomes import Done, Missed, Outcome, Refused
from support.builders import POOL, SPACE, a_pool
from support.machines import API_VERSION, OWNER
from support.model.server import ModelServer
from support.model.store import Document
from support.model.verbs import Verbs

pytestmark = pytest.mark.looptime


def a_growing_pool(kind: str = "MachineDeployment", api_version: str = API_VERSION) -> Pool:
    target = {"apiVersion": api_version, "kind": kind, "name": "batch"}
    return a_pool(provider={"type": "ScaleSubresource", "scaleSubresource": {"dedicated": target}})


class Stage:
    """A MachineDeployment with machines `m-h1`… that are hosts, and `m-` followed by a number that are none yet."""

    def __init__(self, replicas: int, *hosts: str | None) -> None:
        self.verbs = Verbs(lambda: 0.0)
        self.server = ModelServer(self.verbs)
        self.verbs.create("machinedeployments", SPACE, {"metadata": {"name": "batch"}, "spec": {"replicas": replicas}})
        status = {"status": {"replicas": replicas, "selector": f"{OWNER}=batch"}}
        self.verbs.merge_patch("machinedeployments", SPACE, "batch", status, "status")
        for number, host in enumerate(hosts):
            name = f"m-{host or number}"
            meta = {"name": name, "labels": {OWNER: "batch"}}
            self.verbs.create("machines", SPACE, {"metadata": meta, "spec": {}})
            if host:
                self.verbs.merge_patch("machines", SPACE, name, {"status": {"nodeRef": {"name": host}}}, "status")
                self.verbs.create("nodes", None, {"metadata": {"name": host}, "spec": {}})

    async def ask(self, kept: tuple[str, ...], lacking: int, pool: Pool | None = None) -> Outcome:
        wish = SupplyHosts(namespace=SPACE, pool=POOL, kept=kept, lacking=lacking)
        return await ScaleSubresourceProvider(self.server).supply(wish, pool or a_growing_pool())

    @property
    def replicas(self) -> int:
        return int(self.verbs.get("machinedeployments", SPACE, "batch")["spec"]["replicas"])

    @property
    def marked(self) -> list[str]:
        annotations: Callable[[Document], Any] = lambda machine: machine["metadata"].get("annotations", {})  # noqa: E731
        return [m["metadata"]["name"] for m in self.verbs.list("machines") if DELETE_FIRST in annotations(m)]


async def test_growing_sets_replicas_to_what_is_needed_however_often_it_is_asked() -> None:
    stage = Stage(1, "h1")
    for _ in range(2):
        assert await stage.ask(("h1",), 2) == Done()
        assert (stage.replicas, stage.marked) == (3, [])


async def test_nothing_is_written_when_all_is_as_it_must_be() -> None:
    stage = Stage(2, "h1", "h2")
    before = stage.verbs.store.revision
    assert await stage.ask(("h1", "h2"), 0) == Done()
    assert stage.verbs.store.revision == before


async def test_shrinking_marks_the_machine_of_the_free_host_and_then_lowers_replicas() -> None:
    stage = Stage(3, "h1", "h2", "h3")
    assert await stage.ask(("h1", "h3"), 0) == Done()
    assert (stage.replicas, stage.marked) == (2, ["m-h2"])


async def test_a_crash_after_the_mark_is_made_good_and_chooses_the_same() -> None:
    stage = Stage(3, "h1", "h2", "h3")
    stage.verbs.merge_patch("machines", SPACE, "m-h3", {"metadata": {"annotations": {DELETE_FIRST: ""}}})
    assert await stage.ask(("h2",), 1) == Done()
    assert (stage.replicas, stage.marked) == (2, ["m-h3"])


async def test_a_mark_is_taken_back_when_the_host_is_needed_again() -> None:
    stage = Stage(2, "h1", "h2")
    stage.verbs.merge_patch("machines", SPACE, "m-h2", {"metadata": {"annotations": {DELETE_FIRST: ""}}})
    assert await stage.ask(("h1", "h2"), 0) == Done()
    assert (stage.replicas, stage.marked) == (2, [])


async def test_a_host_of_another_pool_is_not_given_up() -> None:
    stage = Stage(2, "h1", "h2")
    stage.verbs.merge_patch("nodes", None, "h2", {"metadata": {"labels": {labels.HOST_LABEL: "other.pool"}}})
    assert isinstance(await stage.ask(("h1",), 0), Missed)
    assert (stage.replicas, stage.marked) == (2, [])


async def test_an_object_that_is_not_of_cluster_api_chooses_by_itself() -> None:
    stage = Stage(5, "h1", "h2")
    stage.verbs.create("nodepools", None, {"metadata": {"name": "batch"}, "spec": {"replicas": 2}})
    assert await stage.ask(("h1",), 0, a_growing_pool("NodePool", "karpenter.sh/v1")) == Done()
    assert stage.verbs.get("nodepools", None, "batch")["spec"]["replicas"] == 1
    assert (stage.replicas, stage.marked) == (5, [])


@pytest.mark.parametrize(
    ("pool", "said"),
    [
        (a_growing_pool("Nothing"), "no kind Nothing"),
        (a_growing_pool("MachineDeployment", "nowhere.example/v1"), "nowhere.example/v1"),
    ],
)
async def test_a_kind_that_is_not_served_is_told(pool: Pool, said: str) -> None:
    outcome = await Stage(1).ask((), 1, pool)
    assert isinstance(outcome, Refused)
    assert (outcome.reason, said in outcome.message) == ("DependentResourceNotFound", True)


async def test_an_object_that_is_gone_is_told_unless_nothing_is_wanted_of_it() -> None:
    stage = Stage(1)
    stage.verbs.delete("machinedeployments", SPACE, "batch")
    outcome = await stage.ask((), 1)
    assert isinstance(outcome, Refused)
    assert "MachineDeployment batch" in outcome.message
    assert await stage.ask((), 0) == Done()


async def test_a_refusal_names_the_object_and_the_value_of_the_chart() -> None:
    class Closed(ModelServer):
        async def merge_patch(
            self, resource: Resource, namespace: str | None, name: str, patch: Mapping[str, Any], subresource: str = ""
        ) -> Meta:
            raise ForbiddenError("machinedeployments is forbidden.")

    stage = Stage(1)
    stage.server = Closed(stage.verbs)
    outcome = await stage.ask((), 2)
    assert isinstance(outcome, Refused)
    assert outcome.reason == "AllocationFailed"
    assert "MachineDeployment batch" in outcome.message
    assert "providers.scale" in outcome.message


async def test_replicas_that_somebody_else_has_changed_are_looked_at_again() -> None:
    class Busy(ModelServer):
        async def list_page(self, *wanted: Any, **more: Any) -> Any:
            self.verbs.merge_patch("machinedeployments", SPACE, "batch", {"spec": {"replicas": 7}})
            return await super().list_page(*wanted, **more)

    stage = Stage(1)
    stage.server = Busy(stage.verbs)
    with pytest.raises(ConflictError):
        await stage.ask((), 2)
    assert stage.replicas == 7
