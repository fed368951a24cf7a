"""Making and deleting Pools of jobs, against a model API server."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.job import Job
from millpond.cluster.auto_pools import AutoPoolActions
from millpond.cluster.documents import Documents
from millpond.cluster.errors import ForbiddenError
from millpond.control.actions import CreatePool, DeletePool
from millpond.control.outcomes import Done, Missed, Refused
from millpond.control.world import World
from support.builders import EPOCH, SPACE
from support.model.server import ModelServer
from support.model.verbs import Verbs

pytestmark = pytest.mark.looptime
AUTO = {"lifetime": "Job", "spec": {"nodeTemplate": {"image": "debian"}}}


class Hands:
    def __init__(self, **auto: Any) -> None:
        self.verbs = Verbs(lambda: EPOCH)
        self.server = ModelServer(self.verbs)
        job = self.verbs.create("jobs", SPACE, {"metadata": {"name": "film"}, "spec": {"autoPool": AUTO | auto}})
        self.job = Job.model_validate(job)
        self.does = AutoPoolActions(self.server, Documents(self.server, World()))
        self.asked = CreatePool(namespace=SPACE, job="film", uid=self.job.metadata.uid, pool=self.job.pool_name)

    def pools(self) -> list[dict[str, Any]]:
        return self.verbs.list("pools")


async def test_made_twice_it_is_one() -> None:
    hands = Hands()
    first, second = await hands.does.create(hands.asked), await hands.does.create(hands.asked)
    assert isinstance(first, Done)
    assert first == second
    assert len(hands.pools()) == 1


async def test_somebody_else_s_of_that_name_is_not_taken() -> None:
    hands = Hands()
    hands.verbs.create("pools", SPACE, {"metadata": {"name": hands.asked.pool}, "spec": {}})
    outcome = await hands.does.create(hands.asked)
    assert isinstance(outcome, Refused)
    assert "was made by somebody else" in outcome.message


async def test_one_that_goes_is_waited_for() -> None:
    hands = Hands()
    await hands.does.create(hands.asked)
    name = hands.asked.pool
    hands.verbs.merge_patch("pools", SPACE, name, {"metadata": {"finalizers": ["millpond.dev/pool"]}})
    hands.verbs.delete("pools", SPACE, name)
    assert isinstance(await hands.does.create(hands.asked), Missed)


async def test_a_job_that_was_made_anew_gets_none_of_its_predecessor() -> None:
    hands = Hands()
    other = CreatePool(namespace=SPACE, job="film", uid="former", pool="film-former")
    assert isinstance(await hands.does.create(other), Missed)
    assert hands.pools() == []


@pytest.mark.parametrize(
    ("said", "reason"),
    [("exceeded quota: q, requested: count/pools.millpond.dev=1", "QuotaExceeded"), ("not allowed", "Forbidden")],
)
async def test_a_quota_is_told_from_other_refusals(said: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hands = Hands()

    async def refuse(*_: object) -> None:
        raise ForbiddenError(said, 403, "Forbidden")

    monkeypatch.setattr(hands.server, "create", refuse)
    assert await hands.does.create(hands.asked) == Refused(reason, said)


async def test_only_the_pool_of_that_uid_is_deleted() -> None:
    hands = Hands()
    made = await hands.does.create(hands.asked)
    assert isinstance(made, Done)
    gone = DeletePool(namespace=SPACE, job="film", pool=hands.asked.pool, uid=made.uid)
    assert isinstance(await hands.does.delete(gone), Done)
    assert hands.pools() == []
    assert isinstance(await hands.does.delete(gone), Done), "once more"
