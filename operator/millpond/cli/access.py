"""How a command reaches its cluster: the options that say which one, and the door that they open."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from millpond.cli.errors import CliError, explained

if TYPE_CHECKING:
    from millpond.cluster.api_server import ApiServer
    from millpond.cluster.kubeconfig import Connection

Result = TypeVar("Result")

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


@dataclass(frozen=True)
class Access:
    """What the user said about the cluster."""

    kubeconfig: str = ""
    context: str = ""
    namespace: str = ""
    all_namespaces: bool = False


@dataclass(frozen=True)
class Cluster:
    """An open door. `namespace` is None where all are meant."""

    api: ApiServer
    connection: Connection
    namespace: str | None

    @property
    def one_namespace(self) -> str:
        """The namespace of a command that is about one object."""
        return self.namespace or self.connection.namespace


def cluster_options(every: bool = False) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The options of all commands that talk to a cluster; `every` adds -A. The command gets them as `access`."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def called(
            *arguments: Any, kubeconfig: str, context: str, namespace: str, all_namespaces: bool = False, **rest: Any
        ) -> None:
            command(*arguments, access=Access(kubeconfig, context, namespace, all_namespaces), **rest)

        options = [
            click.option("-n", "--namespace", default="", metavar="NAME", help="Default: the context's."),
            click.option("--kubeconfig", default="", metavar="FILE", help="Default: $KUBECONFIG, ~/.kube/config."),
            click.option("--context", default="", metavar="NAME", help="Default: the kubeconfig's current one."),
        ]
        if every:
            options.append(click.option("-A", "--all-namespaces", is_flag=True, help="In all namespaces."))
        for option in reversed(options):
            called = option(called)
        return called

    return decorate


def in_cluster(access: Access, work: Callable[[Cluster], Awaitable[Result]]) -> Result:
    """Open the cluster, do the work, and put what goes wrong into sentences."""
    import asyncio  # noqa: PLC0415 - start-up without the event loop

    try:
        return asyncio.run(_opened(access, work))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


async def _opened(access: Access, work: Callable[[Cluster], Awaitable[Result]]) -> Result:
    async with open_cluster(access) as cluster:
        with explained(cluster.connection.server):
            return await work(cluster)


@asynccontextmanager
async def open_cluster(access: Access) -> AsyncIterator[Cluster]:
    """The door that the options name; CliError where they name none."""
    from millpond.cluster.client import Client  # noqa: PLC0415 - start-up without the HTTP client
    from millpond.cluster.kubeconfig import KubeconfigError, connect  # noqa: PLC0415 - as above

    try:
        connection = connect(access.kubeconfig, access.context)
    except KubeconfigError as error:
        raise CliError(str(error), "Name a file with --kubeconfig, and a context of it with --context.") from None
    namespace = None if access.all_namespaces else access.namespace or connection.namespace
    async with Client(connection) as client:
        yield Cluster(client, connection, namespace)
