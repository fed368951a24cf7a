"""Where output files go: stores, opened by mounted Secrets, and what is told when one refuses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from obstore.store import ObjectStore

from millpond.api.naming import DEFAULT_STORE
from millpond.api.reasons import FailureCode
from millpond.api.views.outputfile import Destination, UploadHeader
from millpond.lifecycle.uploads import UploadReport
from millpond.storage.address import AddressError, Container, container_within, parse_container
from millpond.storage.credentials import Credentials, CredentialsError, read_credentials
from millpond.storage.problems import Problem, Trouble
from millpond.storage.store import PATIENT, Patience, open_store

KEPT = ("Content-Type", "Content-Encoding", "Content-Language", "Content-Disposition", "Cache-Control")
"""Headers that every store keeps, as obstore calls them."""

_CODES = {
    Problem.CONTAINER_NOT_FOUND: FailureCode.FILE_UPLOAD_CONTAINER_NOT_FOUND,
    Problem.FILE_NOT_FOUND: FailureCode.FILE_UPLOAD_CONTAINER_NOT_FOUND,
    Problem.ACCESS_DENIED: FailureCode.FILE_UPLOAD_ACCESS_DENIED,
    Problem.CONFLICT: FailureCode.FILE_UPLOAD_CONFLICT,
    Problem.TIMED_OUT: FailureCode.FILE_UPLOAD_TIMED_OUT,
    Problem.OTHER: FailureCode.FILE_UPLOAD_MISC_ERROR,
}
_SAY = {
    FailureCode.FILE_UPLOAD_CONTAINER_NOT_FOUND: "the container is not there: create it, or correct its name",
    FailureCode.FILE_UPLOAD_ACCESS_DENIED: "the credentials given may not write there: mend them or their rights",
    FailureCode.FILE_UPLOAD_CONFLICT: "the blob is held by somebody else: use another path, or end its lease",
    FailureCode.FILE_UPLOAD_TIMED_OUT: "the store was waited for too long: try again when it answers",
    FailureCode.FILE_UPLOAD_MISC_ERROR: "the store did not take it: try again when it does",
}


class DestinationError(Exception):
    """A destination that nothing can be uploaded to; `report` says why, without a secret."""

    def __init__(self, report: UploadReport) -> None:
        super().__init__(report.message)
        self.report = report


@dataclass(frozen=True)
class Target:
    """An opened destination. `text` is its container's URL without secrets."""

    text: str
    store: ObjectStore
    attributes: dict[str, str]


class Destinations:
    """Opens destinations. `secrets` is the directory in which Secrets are mounted, each under its name."""

    def __init__(self, secrets: str, patience: Patience = PATIENT) -> None:
        self._secrets = Path(secrets)
        self._patience = patience

    def open(self, destination: Destination) -> Target:
        """The store of a destination; nothing is asked of it yet. Raises DestinationError."""
        name = destination.credentials_secret_name
        try:
            if destination.auto_storage_container_name is not None:
                name = DEFAULT_STORE
                credentials: Credentials | None = self._read(name)
                container = _within(credentials, destination.auto_storage_container_name)
            else:
                container = parse_container(destination.container_url or "")
                credentials = self._read(name) if name is not None else None
            store = open_store(container, credentials, self._patience)
        except AddressError as error:
            raise DestinationError(
                UploadReport(FailureCode.FILE_UPLOAD_MISC_ERROR, f"The destination: {error}.")
            ) from None
        except CredentialsError as error:
            text = f"The Secret {name} does not open the store: {error}."
            raise DestinationError(UploadReport(FailureCode.FILE_UPLOAD_ACCESS_DENIED, text)) from None
        return Target(container.text, store, attributes(destination.upload_headers))

    def _read(self, name: str) -> Credentials:
        found = read_credentials(str(self._secrets / name)) if (self._secrets / name).is_dir() else None
        if found in (None, Credentials()):
            raise CredentialsError("it is not there, or empty: create it in the task's namespace")
        return found


def _within(credentials: Credentials | None, name: str) -> Container:
    if credentials is None or not credentials.url:
        raise CredentialsError("it has no key url, which says where the default store is")
    return container_within(credentials.url, name)


def attributes(headers: Iterable[UploadHeader]) -> dict[str, str]:
    """What the store keeps with each file: known headers, and words of the user's own."""
    kept = {name.lower(): name for name in KEPT}
    found = {}
    for header in headers:
        plain = header.name.lower().removeprefix("x-ms-blob-")
        found[kept.get(plain) or header.name.split("-meta-", 1)[-1]] = header.value
    return found


def refusal(trouble: Trouble, file: str, target: Target) -> UploadReport:
    """What is reported when a store does not take a file."""
    code = _CODES[trouble.problem]
    details = f" ({trouble.details})" if trouble.details else ""
    return UploadReport(code, f"{file} was not uploaded to {target.text}: {_SAY[code]}{details}.")
