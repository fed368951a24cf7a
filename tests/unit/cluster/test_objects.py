"""What is written to objects of any kind in the same way."""

from __future__ import annotations

import pytest
from millpond.api.job import JobStatus
from millpond.api.reasons import JobState
from millpond.cluster.api_server import JOBS
from millpond.cluster.errors import ConflictError, NotFoundError
from millpond.cluster.objects import drop_finalizer, read_meta, write_status
from support.builders import EPOCH, JOB, SPACE
from support.model.server import ModelServer
from support.model.verbs import Verbs

pytestmark = pytest.mark.looptime
OURS, THEIRS = "millpond.dev/job", "example.com/own"


@pytest.fixture
def verbs() -> Verbs:
    """A server with one Job that has two finalizers."""
    verbs = Verbs(lambda: EPOCH)
    metadata = {"name": JOB, "finalizers": [THEIRS, OURS]}
    verbs.create("jobs", SPACE, {"metadata": metadata, "spec": {"poolName": "farm"}})
    return verbs


async def test_metadata_is_read_as_it_is(verbs: Verbs) -> None:
    assert (await read_meta(ModelServer(verbs), JOBS, SPACE, JOB)).finalizers == (THEIRS, OURS)
    with pytest.raises(NotFoundError):
        await read_meta(ModelServer(verbs), JOBS, SPACE, "none")


async def test_a_status_is_written_whole_upon_the_version_seen(verbs: Verbs) -> None:
    api, version = ModelServer(verbs), verbs.get("jobs", SPACE, JOB)["metadata"]["resourceVersion"]
    done = await write_status(api, JOBS, SPACE, JOB, version, JobStatus(state=JobState.ACTIVE, terminate_reason="x"))
    with pytest.raises(ConflictError):
        await write_status(api, JOBS, SPACE, JOB, version, JobStatus())
    await write_status(api, JOBS, SPACE, JOB, done.version, JobStatus(state=JobState.COMPLETED))
    status = verbs.get("jobs", SPACE, JOB)["status"]
    assert (status["state"], "terminateReason" in status) == ("Completed", False)


async def test_a_finalizer_goes_and_others_stay(verbs: Verbs) -> None:
    api, uid = ModelServer(verbs), verbs.get("jobs", SPACE, JOB)["metadata"]["uid"]
    await drop_finalizer(api, JOBS, SPACE, JOB, "another", OURS)
    assert verbs.get("jobs", SPACE, JOB)["metadata"]["finalizers"] == [THEIRS, OURS]
    for _ in range(2):
        await drop_finalizer(api, JOBS, SPACE, JOB, uid, OURS)
        assert verbs.get("jobs", SPACE, JOB)["metadata"]["finalizers"] == [THEIRS]
