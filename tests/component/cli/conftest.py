"""The command line against real stores; the Secrets are those of a model API server."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from click.testing import CliRunner, Result
from millpond.cli import access
from millpond.cli.access import Access, Cluster
from millpond.cli.main import millpond
from millpond.cluster.kubeconfig import Connection
from support.model.server import ModelServer
from support.model.verbs import Verbs
from support.stores import ObjectStores

SPACE = "team"


class Shell:
    """Commands as a user types them. No secret is ever in what they print."""

    def __init__(self, stores: ObjectStores) -> None:
        self.verbs = Verbs(time.time)
        self.stores = stores

    def secret(self, name: str, values: dict[str, str]) -> None:
        data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
        document = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": SPACE}, "data": data}
        self.verbs.create("secrets", SPACE, document)

    def default_store(self, url: str) -> None:
        keys = self.stores.s3_secret if url.startswith("s3:") else self.stores.azure_secret
        self.secret("millpond-store", {**keys, "url": url})

    def __call__(self, *arguments: str) -> Result:
        done = CliRunner().invoke(millpond, arguments, prog_name="millpond")
        for secret in (self.stores.account_key, "millpond-secret", "canary"):
            assert secret not in done.output
        return done


@pytest.fixture
def shell(stores: ObjectStores, monkeypatch: pytest.MonkeyPatch) -> Shell:
    made = Shell(stores)

    @asynccontextmanager
    async def open_cluster(wanted: Access) -> AsyncIterator[Cluster]:
        server = ModelServer(made.verbs, latency=0.0)
        yield Cluster(server, Connection("https://cluster.example", namespace=SPACE), wanted.namespace or SPACE)

    monkeypatch.setattr(access, "open_cluster", open_cluster)
    return made


Start = Callable[[str], Shell]


@pytest.fixture(params=["Azure", "S3"])
def started(request: pytest.FixtureRequest, shell: Shell) -> Start:
    """A shell whose namespace has a default store of each kind, with a container of that name."""

    def start(container: str) -> Shell:
        if request.param == "Azure":
            shell.stores.azure_container(container)
            shell.default_store(shell.stores.azure)
        else:
            shell.stores.bucket(container)
            shell.default_store("s3://")
        return shell

    return start
