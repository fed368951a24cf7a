"""Opening stores: an address and credentials in, an obstore store out. Only what is given is used.

Neither the environment nor the machine's identity (metadata services) opens anything: without credentials a store is
read as a stranger reads it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, ObjectStore, S3Store

from millpond.storage.address import Container, Service
from millpond.storage.credentials import DEFAULT_REGION, Credentials, CredentialsError


@dataclass(frozen=True)
class Patience:
    """How long a store is waited for, in seconds, and how often it is asked again after trouble that may pass.

    `silence` bounds the wait for the next bytes; a transfer that goes on may take as long as it takes. Trouble that may
    pass is 5xx, 429, refused and broken connections, and timeouts.
    """

    connect: float = 10.0
    silence: float = 30.0
    retries: int = 6
    first_pause: float = 0.2
    longest_pause: float = 10.0
    in_all: float = 120.0


PATIENT = Patience()
_LONGEST = timedelta(days=7)
_AMBIENT = ("AWS_", "AZURE_", "GOOGLE_", "MSI_", "IDENTITY_")


def open_store(
    container: Container, credentials: Credentials | None = None, patience: Patience = PATIENT
) -> ObjectStore:
    """The store, rooted at the container's prefix: names are relative to it.

    Nothing is asked of the service yet. Raises CredentialsError when the credentials are not the service's.
    A shared access signature in the address goes before credentials.
    """
    options = _options(container, credentials)
    prefix = container.prefix or None
    try:
        with _without_ambience():
            match container.service:
                case Service.AZURE:
                    options |= {"account_name": container.account, "endpoint": container.endpoint}
                    plain = container.endpoint.startswith("http://")
                    return AzureStore(container.name, prefix=prefix, **options, **_patience(patience, plain))
                case Service.S3:
                    plain = options.get("endpoint", "").startswith("http://")
                    return S3Store(container.name, prefix=prefix, **options, **_patience(patience, plain))
                case Service.GCS:
                    # Google's own address is https; an emulator's stands in the service account's key.
                    return GCSStore(container.name, prefix=prefix, **options, **_patience(patience, plain_http=True))
    except BaseError:
        raise CredentialsError(f"its keys cannot be read as those of {container.service}") from None


@contextmanager
def _without_ambience() -> Iterator[None]:
    """Hide the environment's credentials, which obstore would take up."""
    found = {name: value for name, value in os.environ.items() if name.upper().startswith(_AMBIENT)}
    for name in found:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(found)


def _options(container: Container, credentials: Credentials | None) -> dict[str, Any]:
    if container.sas:
        return {"sas_key": container.sas}
    if credentials is not None:
        return credentials.options(container)
    return {"skip_signature": True} | ({"region": DEFAULT_REGION} if container.service is Service.S3 else {})


def _patience(patience: Patience, plain_http: bool) -> dict[str, Any]:
    return {
        "client_options": {
            "allow_http": plain_http,
            "connect_timeout": timedelta(seconds=patience.connect),
            "read_timeout": timedelta(seconds=patience.silence),
            "timeout": _LONGEST,
        },
        "retry_config": {
            "max_retries": patience.retries,
            "retry_timeout": timedelta(seconds=patience.in_all),
            "backoff": {
                "init_backoff": timedelta(seconds=patience.first_pause),
                "max_backoff": timedelta(seconds=patience.longest_pause),
                "base": 2,
            },
        },
    }
