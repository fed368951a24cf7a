"""`millpond agent packages`: the process that installs application packages, and how it tells its end."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping

import msgspec

from millpond.agent.beneath import RefusedPathError, open_root
from millpond.agent.lastword import TERMINATION_LOG, leave
from millpond.agent.packages import Catalogue, PackageError, Reference, install
from millpond.agent.secrets import WAIT_SECONDS, Secrets
from millpond.api.naming import DEFAULT_STORE
from millpond.api.reasons import FailureCode
from millpond.lifecycle.packages import PACKAGES_VARIABLE, PackageReport
from millpond.packages.catalog import CONTAINER
from millpond.storage.address import AddressError, container_within
from millpond.storage.credentials import CredentialsError
from millpond.storage.store import PATIENT, Patience, open_store

STOPPED = 143


def run(
    environment: Mapping[str, str],
    root: str,
    credentials: str,
    *,
    termination_log: str = TERMINATION_LOG,
    patience: Patience = PATIENT,
    wait: float = WAIT_SECONDS,
) -> int:
    """Install what the environment names beneath the node directory `root`; the exit code.

    The first package that cannot be installed ends it, with a word that `lifecycle/packages` reads.
    """
    # Process 1 of a container ignores what it does not catch.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(STOPPED))
    references = msgspec.json.decode(environment[PACKAGES_VARIABLE], type=list[Reference])
    try:
        _install(references, root, Secrets(credentials, _say, wait), patience)
    except PackageError as error:
        print(error.message, file=sys.stderr, flush=True)  # noqa: T201 - the container's log
        leave(PackageReport(error.code, error.message, error.reference).encode(), termination_log)
        return 1
    return 0


def _install(references: list[Reference], root: str, secrets: Secrets, patience: Patience) -> None:
    first = references[0].text
    try:
        catalogue = _catalogue(secrets, patience)
        base = open_root(root)
        try:
            for reference in references:
                first = reference.text
                install(reference, base, catalogue, _say)
        finally:
            os.close(base)
    except (CredentialsError, AddressError, RefusedPathError) as refusal:
        why = str(refusal)
    except PackageError:
        raise
    except Exception as error:  # noqa: BLE001 - its words could hold a secret: its kind must do
        why = f"the installation broke off ({type(error).__name__})"
    else:
        return
    text = f"The application package {first} cannot be installed: {why}."
    raise PackageError(FailureCode.APPLICATION_PACKAGE_ERROR, text, first) from None


def _catalogue(secrets: Secrets, patience: Patience) -> Catalogue:
    found = secrets.get(DEFAULT_STORE)
    if not found.url:
        raise CredentialsError(f"the Secret {DEFAULT_STORE} has no key url, which says where the default store is")
    container = container_within(found.url, CONTAINER)
    return Catalogue(open_store(container, found.or_none, patience), container.text)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the container's log
