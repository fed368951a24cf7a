"""What is to be fetched: a task's resource files, as its Pod names them, and where each file of a store goes.

Decides names and places; transfers nothing. Source: azure-batch-semantics §7.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from millpond.agent.beneath import Parts, parts_of
from millpond.api.naming import DEFAULT_STORE
from millpond.lifecycle.fetching import FILE_VARIABLE
from millpond.storage.address import (
    Container,
    WebFile,
    container_within,
    parse_azure_blob,
    parse_container,
    parse_web_file,
)
from millpond.storage.credentials import Credentials, CredentialsError

MOST_FILES = 100_000
"""Files of all containers of a task together: more would take more memory than a fetch may."""


class Wish(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A resource file."""

    http_url: str = ""
    storage_container_url: str = ""
    auto_storage_container_name: str = ""
    blob_prefix: str = ""
    file_path: str = ""
    file_mode: str = "0770"
    credentials_secret_name: str = ""

    @property
    def mode(self) -> int:
        """Its files' mode."""
        return int(self.file_mode, 8)


@dataclass(frozen=True)
class Source:
    """Where a wish is fulfilled: a file that anybody serves, or a container and perhaps one name in it."""

    place: WebFile | Container
    credentials: Credentials | None = None
    name: str = ""

    @property
    def is_container(self) -> bool:
        """Whether all files in it are meant."""
        return isinstance(self.place, Container) and not self.name


def wishes(environment: Mapping[str, str]) -> list[Wish]:
    """The wishes, in the order of their numbers."""
    numbers = sorted(int(name.removeprefix(FILE_VARIABLE)) for name in environment if name.startswith(FILE_VARIABLE))
    return [msgspec.json.decode(environment[f"{FILE_VARIABLE}{number}"], type=Wish) for number in numbers]


def source_of(wish: Wish, secret: Callable[[str], Credentials]) -> Source:
    """Where it is. Raises AddressError and CredentialsError."""
    own = secret(wish.credentials_secret_name) if wish.credentials_secret_name else None
    if wish.auto_storage_container_name:
        default = secret(DEFAULT_STORE)
        if not default.url:
            raise CredentialsError(f"the Secret {DEFAULT_STORE} has no key url, which says where the default store is")
        return Source(container_within(default.url, wish.auto_storage_container_name), default.or_none)
    if wish.storage_container_url:
        return Source(parse_container(wish.storage_container_url), own)
    if own is None:
        return Source(parse_web_file(wish.http_url))
    if not own.for_azure:
        raise CredentialsError(
            f"the Secret {wish.credentials_secret_name} is of no use for httpUrl, which takes those of Azure Blob "
            "only: for S3 and Google name the file by storageContainerUrl and blobPrefix"
        )
    container, name = parse_azure_blob(wish.http_url)
    return Source(container, own, name)


def place_of(wish: Wish, name: str = "") -> Parts:
    """Where a file goes, below the working directory: `name` is its name in a container. Raises RefusedPathError."""
    return parts_of(wish.file_path) + parts_of(name)
