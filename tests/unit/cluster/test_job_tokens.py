"""The account of a job: made once, never another's; and a task that asks for a token where there is none."""

from __future__ import annotations

import pytest
from millpond.api import labels
from millpond.api.job import Job
from millpond.cluster.job_tokens import see_to_account
from millpond.control.outcomes import Done, Missed, Refused
from millpond.settings import Settings
from support.builders import JOB, SPACE
from support.model.server import ModelServer

from cluster.conftest import Bench

pytestmark = pytest.mark.looptime
NAME = f"millpond-job-{JOB}"
ASKS = {"authenticationTokenSettings": {"access": ["Job"]}}


def the_job(bench: Bench) -> Job:
    return Job.model_validate(bench.verbs.get("jobs", SPACE, JOB))


async def test_it_is_made_once(bench: Bench) -> None:
    api = ModelServer(bench.verbs)
    for _ in range(2):
        assert await see_to_account(api, the_job(bench), "role") is None
    (account,), (binding,) = (bench.verbs.list(plural, SPACE) for plural in ("serviceaccounts", "rolebindings"))
    assert account["metadata"]["name"] == binding["metadata"]["name"] == NAME
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": NAME, "namespace": SPACE}]


@pytest.mark.parametrize("plural", ["serviceaccounts", "rolebindings"])
async def test_another_s_is_not_used(bench: Bench, plural: str) -> None:
    bench.verbs.create(plural, SPACE, {"metadata": {"name": NAME}})
    assert isinstance(await see_to_account(ModelServer(bench.verbs), the_job(bench), "role"), Missed)


async def test_a_task_that_asks_for_a_token_waits_where_there_is_none(bench: Bench) -> None:
    refused = await bench.one(bench.start(bench.task("asks", **ASKS)))
    assert isinstance(refused, Refused)
    assert refused.reason == "NoTokens"
    assert bench.verbs.list("serviceaccounts", SPACE) == []


async def test_a_task_that_asks_for_a_token_runs_under_its_job_s_account(bench: Bench) -> None:
    bench.use(Settings(job_token_role="role"))
    assert isinstance(await bench.one(bench.start(bench.task("asks", **ASKS))), Done)
    assert isinstance(await bench.one(bench.start(bench.task("plain"))), Done)
    accounts = {
        pod["metadata"]["labels"][labels.TASK]: pod["spec"].get("serviceAccountName")
        for pod in bench.verbs.list("pods", SPACE)
    }
    assert accounts == {"asks": NAME, "plain": None}
