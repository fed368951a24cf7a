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
from millpond.agent.main import agent
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


def shell_at(monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Commands find their cluster in a model."""
    made = Shell()

    @asynccontextmanager
    async def open_cluster(wanted: Access) -> AsyncIterator[Cluster]:
        namespace = None if wanted.all_namespaces else wanted.namespace or SPACE
        yield Cluster(ModelServer(made.verbs, latency=0.0), Connection(SERVER, namespace=SPACE), namespace)

    monkeypatch.setattr(access, "open_cluster", open_cluster)
    return made


def serve_node(monkeypatch: pytest.MonkeyPatch, root: Path, *, here: bool = False) -> None:
    """`exec` is a call of the agent on the node directory `root`: as a process, or `here`, which is quicker."""

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
        who = "sweeper" if command[3] == "delete" else "agent"
        assert (pod, container, command[:3]) == ("render-a", who, ("millpond", "agent", "files"))
        words = [*command[2:4], "--root", str(root), *command[4:]]
        if here:
            ran = CliRunner().invoke(agent, words)
            said, code, complaints = ran.stdout_bytes, ran.exit_code, ran.stderr_bytes
        else:
            call = [sys.executable, "-c", "from millpond.agent.main import agent; agent()", *words]
            done = await asyncio.to_thread(subprocess.run, call, capture_output=True, check=False, timeout=30)
            said, code, complaints = done.stdout, done.returncode, done.stderr
        await stdout(said)
        return Ran(code, complaints.decode())

    monkeypatch.setattr(agents, "execute", execute)
