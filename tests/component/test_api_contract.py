"""The model API server and a real one pass the same cases, so that what is tested on the model holds."""

import asyncio

import pytest
from millpond.cluster.client import Client
from millpond.cluster.kubeconfig import connect
from support import contract_reads
from support.apiserver import ApiServer as RealServer
from support.contract import CASES, Case
from support.model.server import ModelServer
from support.model.verbs import Verbs
from support.virtual_time import run

assert contract_reads.__doc__, "imported for its cases"
IDS = [case.__name__ for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_the_model(case: Case) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        await case(ModelServer(Verbs(lambda: 1_800_000_000.0 + loop.time())), "default")

    run(main())


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_real_server(case: Case, server: RealServer) -> None:
    space = case.__name__.replace("_", "-")
    server.done("create", "namespace", space)

    async def main() -> None:
        async with Client(connect(str(server.kubeconfig))) as client:
            await case(client, space)
        await closed()

    asyncio.run(main())


async def closed() -> None:
    """Return when the sockets that a broken off watch left behind are closed."""
    transports = asyncio.get_running_loop()._transports  # type: ignore[attr-defined]
    async with asyncio.timeout(10):
        while any(transport._sock is not None for transport in list(transports.values())):  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.01)
