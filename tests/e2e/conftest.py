"""One native cluster with Millpond installed from its chart, for all end-to-end tests but those of the cluster itself.

With MILLPOND_KEEP_CLUSTER=1 the cluster is left up, so that the next run starts with it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from support.installation import Installation, Space
from support.stores import ObjectStores, object_stores

NAME = "e2e-millpond"
KEEP = os.environ.get("MILLPOND_KEEP_CLUSTER") == "1"


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """A cluster of two hosts. What an earlier run may have left of it is removed."""
    one = Installation(NAME)
    if not KEEP:
        one.cluster("down")
    try:
        one.up(hosts=2)
        one.install()
        yield one
    finally:
        if not KEEP:
            one.cluster("down")


@pytest.fixture(scope="session")
def stores(installation: Installation) -> Iterator[ObjectStores]:
    """Object stores that containers of the cluster reach."""
    with object_stores(installation.gateway) as running:
        yield running


@pytest.fixture(scope="module")
def shared(installation: Installation) -> Iterator[Space]:
    """A namespace for the tests of a file, with the pool `shared`: two nodes of two slots, on both hosts."""
    space = Space.new(installation, "shared")
    space.pool("shared", 2)
    space.nodes("shared", 2)
    yield space
    space.leave()


@pytest.fixture
def space(installation: Installation, request: pytest.FixtureRequest) -> Iterator[Space]:
    """A namespace for one test, gone after it with all that it held."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())[:40].strip("-")
    own = Space.new(installation, name)
    yield own
    own.leave()
