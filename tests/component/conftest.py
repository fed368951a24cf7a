"""One API server for all component tests, with Millpond's definitions in it."""

from collections.abc import Iterator

import pytest
from support.apiserver import ROOT, ApiServer, api_server


@pytest.fixture(scope="session")
def server() -> Iterator[ApiServer]:
    """A real API server that knows the five kinds."""
    with api_server() as running:
        running.done("apply", "--server-side", "-f", str(ROOT / "crds"))
        running.done("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        yield running
