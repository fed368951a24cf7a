"""Where packages lie in a namespace's default store: the container `applications`, with

    <id>/<version>.zip     a version
    <id>/default           the text of which is the default version, where there is one

Names beside these are nobody's, and passed over. What went wrong with the store is a StoreError.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from obstore.store import ObjectStore

from millpond.api.applications import ID, VERSION
from millpond.storage.objects import put_text, read_text, remove
from millpond.storage.problems import Problem, StoreError
from millpond.storage.reading import list_objects

CONTAINER = "applications"
SUFFIX = ".zip"
MOST_NAMES = 100_000
LONGEST_VERSION = 64


class CatalogError(ValueError):
    """What is asked for is not in the catalogue, or cannot be put there; the message says what to do."""


@dataclass(frozen=True)
class Version:
    """A version of an application, and the bytes of its archive."""

    name: str
    size: int


@dataclass(frozen=True)
class Application:
    """An application. `default` is its default version, "" where it has none."""

    id: str
    versions: tuple[Version, ...]
    default: str


def package_name(application: str, version: str) -> str:
    """What the archive of a version is called in the container."""
    return f"{application}/{version}{SUFFIX}"


def check_id(application: str) -> str:
    """The id as it came. Raises CatalogError."""
    if not re.fullmatch(ID, application):
        raise CatalogError(f"{application[:100]!r} is no application's id: use up to 64 letters, digits, '_' and '-'")
    return application


def check_version(version: str) -> str:
    """The version as it came. Raises CatalogError."""
    if not re.fullmatch(VERSION, version):
        raise CatalogError(
            f"{version[:100]!r} is no version: use up to 64 letters, digits, '_', '-' and '.', which is not the first"
        )
    return version


def default_version(store: ObjectStore, application: str) -> str:
    """The version that is meant where none is named. Raises CatalogError where there is none."""
    try:
        return check_version(read_text(store, _default_name(application), LONGEST_VERSION))
    except StoreError as error:
        if error.trouble.problem is not Problem.FILE_NOT_FOUND:
            raise
    raise CatalogError(
        f"the application {application} has no default version: name a version, or choose one with "
        f"`millpond app set-default {application} VERSION`"
    )


def set_default(store: ObjectStore, application: str, version: str) -> None:
    """Make a version the default one. Whether it is there is the caller's concern."""
    put_text(store, _default_name(application), version)


def drop_default(store: ObjectStore, application: str) -> None:
    """From now on the application has no default version."""
    remove(store, _default_name(application))


def applications(store: ObjectStore) -> list[Application]:
    """All applications that have a version, by id."""
    versions: dict[str, list[Version]] = {}
    defaults: set[str] = set()
    for entry in list_objects(store, "", MOST_NAMES):
        application, _, name = entry.name.partition("/")
        if not re.fullmatch(ID, application):
            continue
        if name == "default":
            defaults.add(application)
        elif name.endswith(SUFFIX) and re.fullmatch(VERSION, name.removesuffix(SUFFIX)):
            versions.setdefault(application, []).append(Version(name.removesuffix(SUFFIX), entry.size))
    return [
        Application(one, tuple(found), default_version(store, one) if one in defaults else "")
        for one, found in sorted(versions.items())
    ]


def _default_name(application: str) -> str:
    return f"{application}/default"
