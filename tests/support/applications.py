"""Application packages in real stores, and a node that installs them."""

from __future__ import annotations

import os
from pathlib import Path

from millpond.agent.beneath import open_root
from millpond.agent.packages import Catalogue, Reference, install
from millpond.packages.catalog import package_name
from millpond.storage.address import parse_container
from millpond.storage.objects import put_file

from support.stores import ObjectStores


class Node:
    """A node directory, and what is said while packages are installed in it."""

    def __init__(self, root: Path, catalogue: Catalogue) -> None:
        self.root = root
        self.catalogue = catalogue
        self.said: list[str] = []
        (root / "applications").mkdir(parents=True)

    def install(self, application: str, version: str = "", most_used: float = 1.0) -> None:
        base = open_root(str(self.root))
        try:
            install(Reference(application, version), base, self.catalogue, self.said.append, most_used)
        finally:
            os.close(base)

    def push(self, application: str, version: str, archive: bytes) -> None:
        put_file(self.catalogue.store, package_name(application, version), iter([archive]), len(archive))

    def path(self, application: str, version: str = ".default") -> Path:
        """Where its files are, by the link that variables name."""
        return self.root / "applications" / application / version

    def names(self, application: str) -> set[str]:
        """All that is there of the application, without the marks of content."""
        return {name.partition("@")[0] for name in os.listdir(self.root / "applications" / application)}


def catalogue_at(stores: ObjectStores, url: str) -> Catalogue:
    """The store of packages at that URL."""
    return Catalogue(stores.open(url), parse_container(url).text)
