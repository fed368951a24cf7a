"""What opens a store: the files of a Secret that the kubelet has mounted. Nobody else reads Secrets.

| key | for |
|---|---|
| `accountKey`, or `sasToken`, or `connectionString` | Azure Blob |
| `accessKeyId` and `secretAccessKey`, perhaps `sessionToken` | S3 |
| `region`, `endpoint` | S3: default us-east-1, and Amazon's own |
| `serviceAccountKey` | Google Cloud Storage: the key's JSON |
| `url` | the default store of a namespace alone: where it is |

Other keys are not read. No value is ever printed: `repr` says which keys there are.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from millpond.storage.address import Container, Service

MAX_VALUE = 64 * 1024
"""Bytes of the longest value that is read."""
DEFAULT_REGION = "us-east-1"

KEYS = {
    "accountKey": "account_key",
    "sasToken": "sas_token",
    "connectionString": "connection_string",
    "accessKeyId": "access_key_id",
    "secretAccessKey": "secret_access_key",
    "sessionToken": "session_token",
    "region": "region",
    "endpoint": "endpoint",
    "serviceAccountKey": "service_account_key",
    "url": "url",
}
"""Keys of the Secret, and the fields that they become."""


class CredentialsError(ValueError):
    """A Secret that opens nothing; the message names keys and never values."""


@dataclass(frozen=True, repr=False)
class Credentials:
    """The values of a Secret's keys; "" for a key that it does not have."""

    account_key: str = ""
    sas_token: str = ""
    connection_string: str = ""
    access_key_id: str = ""
    secret_access_key: str = ""
    session_token: str = ""
    region: str = ""
    endpoint: str = ""
    service_account_key: str = ""
    url: str = ""

    def __repr__(self) -> str:
        present = [field.name for field in fields(self) if getattr(self, field.name)]
        return f"Credentials({', '.join(present)})"

    @property
    def for_azure(self) -> bool:
        """Whether they hold something for Azure Blob."""
        return bool(self.account_key or self.sas_token or self.connection_string)

    @property
    def or_none(self) -> Credentials | None:
        """They, unless they open nothing: a default store may be one that its URL opens, or anybody."""
        return self if any(getattr(self, field.name) for field in fields(self) if field.name != "url") else None

    def options(self, container: Container) -> dict[str, Any]:
        """What obstore's store of the container's service is to be given. Raises CredentialsError."""
        match container.service:
            case Service.AZURE:
                return self._azure(container.account)
            case Service.S3:
                return self._s3()
            case Service.GCS:
                return self._gcs()

    def _azure(self, account: str) -> dict[str, Any]:
        key, sas = self.account_key, self.sas_token
        if self.connection_string:
            said = _connection(self.connection_string)
            if said.get("AccountName", account) != account:
                raise CredentialsError(f"the key connectionString is of another account than {account}")
            key, sas = key or said.get("AccountKey", ""), sas or said.get("SharedAccessSignature", "")
        if key:
            return {"account_key": _base64(key)}
        if sas:
            return {"sas_key": sas.removeprefix("?")}
        raise CredentialsError("it has no key accountKey, sasToken or connectionString, which Azure Blob needs")

    def _s3(self) -> dict[str, Any]:
        place = {"region": self.region or DEFAULT_REGION}
        if self.endpoint:
            place["endpoint"] = self.endpoint.rstrip("/")
        if not self.access_key_id and not self.secret_access_key and self.endpoint:
            return place | {"skip_signature": True}
        if not self.access_key_id or not self.secret_access_key:
            raise CredentialsError("it has not both keys accessKeyId and secretAccessKey, which S3 needs")
        keys = {"access_key_id": self.access_key_id, "secret_access_key": self.secret_access_key}
        return place | keys | ({"session_token": self.session_token} if self.session_token else {})

    def _gcs(self) -> dict[str, Any]:
        try:
            key = json.loads(self.service_account_key)
        except ValueError:
            key = None
        if not isinstance(key, dict) or not {"client_email", "private_key", "private_key_id"} <= key.keys():
            raise CredentialsError("its key serviceAccountKey is not the JSON of a service account's key")
        return {"service_account_key": self.service_account_key}


def read_credentials(directory: str) -> Credentials:
    """The credentials in a mounted Secret's directory. Raises CredentialsError, and OSError where it is missing."""
    place = Path(directory)
    names = {path.name for path in place.iterdir()}
    return credentials_of({key: _read(place / key) for key in KEYS if key in names})


def credentials_of(values: Mapping[str, bytes]) -> Credentials:
    """The credentials in a Secret, by the values of its keys. Raises CredentialsError."""
    return Credentials(**{field: _text(key, values[key]) for key, field in KEYS.items() if key in values})


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_VALUE + 1)


def _text(key: str, value: bytes) -> str:
    if len(value) > MAX_VALUE:
        raise CredentialsError(f"its key {key} has more than {MAX_VALUE} bytes")
    try:
        return value.decode().strip()
    except UnicodeDecodeError:
        raise CredentialsError(f"its key {key} is no text") from None


def _connection(text: str) -> dict[str, str]:
    """The settings of a connection string, as Azure's portal gives it."""
    pairs = (part.partition("=") for part in text.split(";") if part.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _base64(key: str) -> str:
    try:
        base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        raise CredentialsError("its account key is not base64, as Azure's keys are: copy it again") from None
    return key
