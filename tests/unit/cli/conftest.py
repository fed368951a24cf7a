"""The command line against a model API server, and against a node directory served by the agent itself."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from millpond.cli import access, agents
from millpond.cli.access import Access, Cluster
from millpond.cli.main import millpond
from millpond.cluster.exec import Ran
from millpond.cluster.kubeconfig import Connection
from support.model.resources import BY_PLURAL
from support.model.server import ModelServer
from support.model.verbs import Verbs

SPACE = "team"
SERVER = "https://cluster.example"


class Shell:
    """Commands as a user types them, against the objects of one model cluster."""

    def __init__(self) -> None:
        self.verbs = Verbs(time.time)

    def add(self, plural: str, name: str, spec: dict[str, Any], status: dict[str, Any] | None = None) -> None:
        """Put an object with a status into the cluster."""
        kind = BY_PLURAL[plural].kind
        head = {"apiVersion": "millpond.dev/v1alpha1", "kind": kind}
        document = head | {"metadata": {"name": name, "namespace": SPACE}, "spec": spec}
        self.verbs.create(plural, SPACE, document)
        if status:
            self.set_status(plural, name, status)

    def set_status(self, plural: str, name: str, status: dict[str, Any]) -> None:
        self.verbs.merge_patch(plural, SPACE, name, {"status": status}, "status")

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(millpond, arguments, prog_name="millpond")


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Shell:
    made = Shell()

    @asynccontextmanager
    async def open_cluster(wanted: Access) -> AsyncIterator[Cluster]:
        namespace = None if wanted.all_namespaces else wanted.namespace or SPACE
        yield Cluster(ModelServer(made.verbs, latency=0.0), Connection(SERVER, namespace=SPACE), namespace)

    monkeypatch.setattr(access, "open_cluster", open_cluster)
    return made


@pytest.fixture
def node_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A node directory, and `exec` as a call of the agent on it."""
    root = tmp_path / "node"
    root.mkdir()

    async def execute(
        connection: Connection,
        namespace: str,
        pod: str,
        container: str,
        command: tuple[str, ...],
        stdout: Callable[[bytes], Awaitable[None]],
        *,
        listening: bool = False,
    ) -> Ran:
        assert (pod, container, command[:3]) == ("render-a", "agent", ("millpond", "agent", "files"))
        call = [sys.executable, "-c", "from millpond.agent.main import agent; agent()", *command[2:4]]
        whole = [*call, "--root", str(root), *command[4:]]
        done = await asyncio.to_thread(subprocess.run, whole, capture_output=True, check=False, timeout=30)
        await stdout(done.stdout)
        return Ran(done.returncode, done.stderr.decode())

    monkeypatch.setattr(agents, "execute", execute)
    return root
