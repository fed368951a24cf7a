"""Which store a command means and what opens it: the namespace's default store, or one that the user names.

The Secret is read by the user's own rights, and nothing of it is ever printed.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from millpond.cli.access import Access, Cluster, cluster_options, in_cluster
from millpond.cli.errors import CliError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

    from millpond.storage.credentials import Credentials


@dataclass(frozen=True)
class Wanted:
    """What the user said about the store; "" is the default."""

    access: Access
    store: str = ""
    secret: str = ""
    endpoint: str = ""


@dataclass(frozen=True)
class Opened:
    """A container of it, opened. `text` is its URL without secrets."""

    store: ObjectStore
    text: str


@dataclass(frozen=True)
class Door:
    """The store, and what opens it. `endpoint` is where it is reached from here, "" where its own address says it."""

    url: str
    credentials: Credentials | None
    endpoint: str = ""

    def open(self, name: str) -> Opened:
        """The container of that name. CliError where the store has no such containers, or is not opened so."""
        from millpond.storage.address import AddressError, Service, container_within  # noqa: PLC0415 - start-up
        from millpond.storage.credentials import Credentials, CredentialsError  # noqa: PLC0415 - as above
        from millpond.storage.store import open_store  # noqa: PLC0415 - as above

        try:
            container, credentials = container_within(self.url, name), self.credentials
            if self.endpoint and container.service is Service.AZURE:
                container = replace(container, endpoint=f"{self.endpoint}/{container.account}")
            elif self.endpoint:
                credentials = replace(credentials or Credentials(), endpoint=self.endpoint)
            return Opened(open_store(container, credentials), container.text)
        except AddressError as error:
            raise CliError(f"The store cannot be used: {error}.") from None
        except CredentialsError as error:
            raise CliError(f"What opens the store is of no use for {self.url.partition('?')[0]}: {error}.") from None


def store_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say which store, and which cluster its Secret is in. The command gets them as `wanted`."""

    @wraps(command)
    def called(
        *arguments: Any, access: Access, store: str, credentials_secret: str, endpoint: str, **rest: Any
    ) -> None:
        if credentials_secret and not store:
            raise click.UsageError("--credentials-secret is for a store that --store names.")
        command(*arguments, wanted=Wanted(access, store, credentials_secret, endpoint.rstrip("/")), **rest)

    options = [
        click.option("--store", default="", metavar="URL", help="Instead of the namespace's default store."),
        click.option("--credentials-secret", default="", metavar="NAME", help="The Secret that opens --store."),
        click.option("--endpoint", default="", metavar="URL", help="Where the store is reached from here."),
    ]
    made: Callable[..., None] = cluster_options()(called)
    for option in reversed(options):
        made = option(made)
    return made


def find_door(wanted: Wanted) -> Door:
    """The store that is meant. The cluster is asked only where a Secret is needed."""
    if wanted.store and not wanted.secret:
        return Door(wanted.store, None, wanted.endpoint)
    return in_cluster(wanted.access, lambda cluster: _by_secret(cluster, wanted))


async def _by_secret(cluster: Cluster, wanted: Wanted) -> Door:
    import msgspec  # noqa: PLC0415 - start-up without it

    from millpond.api.naming import DEFAULT_STORE  # noqa: PLC0415 - as above
    from millpond.cluster.api_server import SECRETS  # noqa: PLC0415 - as above
    from millpond.cluster.errors import NotFoundError  # noqa: PLC0415 - as above
    from millpond.storage.credentials import CredentialsError, credentials_of  # noqa: PLC0415 - as above

    name, namespace = wanted.secret or DEFAULT_STORE, cluster.one_namespace
    try:
        data = msgspec.json.decode(await cluster.api.get(SECRETS, namespace, name)).get("data") or {}
        found = credentials_of({key: base64.b64decode(value) for key, value in data.items()})
    except NotFoundError:
        what = "" if wanted.secret else ", which is its default store"
        raise CliError(
            f"There is no Secret {name} in namespace {namespace}{what}.",
            f"kubectl -n {namespace} create secret generic {name} --from-literal=url=… and the keys that open it, "
            "or name a store with --store URL.",
        ) from None
    except CredentialsError as error:
        raise CliError(f"The Secret {name} opens no store: {error}.") from None
    url = wanted.store or found.url
    if not url:
        raise CliError(f"The Secret {name} has no key url, which says where the default store is.")
    # A Secret that the user names is to open the store; the default store's may say no more than where it is.
    return Door(url, found if wanted.secret else found.or_none, wanted.endpoint)


@contextmanager
def said(what: str, text: str) -> Iterator[None]:
    """Say what a store does not do, as a sentence: `what` is a file, `text` the container's URL without secrets."""
    from millpond.storage.problems import Problem, StoreError, sentence  # noqa: PLC0415 - start-up

    try:
        yield
    except StoreError as error:
        next_step = ""
        if error.trouble.problem is Problem.CONTAINER_NOT_FOUND:
            next_step = "Create the container with your provider's tools, or correct its name."
        elif error.trouble.details in ("no connection", "the host's name is not known", "the connection was refused"):
            next_step = "A store that only the cluster reaches: kubectl port-forward to it, and --endpoint http://localhost:PORT"
        elif error.trouble.problem is Problem.ACCESS_DENIED:
            next_step = "Look at the keys of the Secret that opens it, and at their rights."
        raise CliError(sentence(error.trouble, what, text), next_step) from None
