"""One API server for all component tests, with Millpond's definitions in it."""

from collections.abc import AsyncIterator, Iterator

import pytest
from millpond.api import naming
from millpond.api.job import Job
from millpond.api.pool import Pool
from millpond.cluster.client import Client
from millpond.cluster.kubeconfig import connect
from support.apiserver import ROOT, ApiServer, api_server
from support.hands import Hands, document
from support.stores import ObjectStores, object_stores


@pytest.fixture(scope="session")
def server() -> Iterator[ApiServer]:
    """A real API server that knows the five kinds."""
    with api_server() as running:
        running.done("apply", "--server-side", "-f", str(ROOT / "crds"))
        running.done("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        yield running


@pytest.fixture
async def api(server: ApiServer) -> AsyncIterator[Client]:
    async with Client(connect(str(server.kubeconfig))) as client:
        yield client


@pytest.fixture
async def hands(api: Client, server: ApiServer, request: pytest.FixtureRequest) -> Hands:
    space = f"hands-{naming.digest(request.node.name)}"
    server.done("create", "namespace", space)
    hands = Hands(api, server, space)
    pool = hands.apply(document("Pool", "farm", {"targetDedicatedNodes": 1, "nodeTemplate": {"image": "debian:12"}}))
    hands.world.observe_pool(Pool.model_validate(pool))
    job = hands.apply(document("Job", "frames", {"poolName": "farm"}))
    hands.world.observe_job(Job.model_validate(job))
    return hands


@pytest.fixture(scope="session")
def stores() -> Iterator[ObjectStores]:
    """Azurite, an S3 server and a faulty server, for the whole run."""
    with object_stores() as running:
        yield running
