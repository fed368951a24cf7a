"""Making containers in the stores, and shared access signatures for them: what a person does in a cloud's portal."""

from __future__ import annotations

import base64
import hashlib
import hmac
import urllib.error
import urllib.request
from email.utils import formatdate
from urllib.parse import quote

from . import azurite

VERSION = "2021-08-06"
_HOLDS = 409
_SECONDS = 30


def make_container(azure_url: str, name: str) -> None:
    """Make a container in Azurite unless it is there; `azure_url` ends with the account."""
    date, path = formatdate(usegmt=True), f"/{azurite.ACCOUNT}/{name}"
    headers = {"x-ms-date": date, "x-ms-version": VERSION}
    lines = "".join(f"{header}:{value}\n" for header, value in headers.items())
    signed = sign("PUT" + "\n" * 12 + lines + f"/{azurite.ACCOUNT}{path}\nrestype:container")
    _put(f"{azure_url}/{name}?restype=container", headers | {"Authorization": f"SharedKey {azurite.ACCOUNT}:{signed}"})


def make_bucket(s3_endpoint: str, name: str) -> None:
    """Make a bucket in the S3 server unless it is there."""
    _put(f"{s3_endpoint}/{name}", {})


def shared_access(name: str, permissions: str = "rl", expires: str = "2099-01-01T00:00:00Z") -> str:
    """The query that lets its bearer into a container of Azurite; permissions are some of racwdl, in this order."""
    fields = [permissions, "", expires, f"/blob/{azurite.ACCOUNT}/{name}", "", "", "", VERSION, "c", *[""] * 7]
    signature = sign("\n".join(fields))
    return f"sv={VERSION}&sr=c&sp={permissions}&se={quote(expires)}&sig={quote(signature, safe='')}"


def sign(text: str) -> str:
    """Azurite's key's signature of a text."""
    digest = hmac.new(base64.b64decode(azurite.KEY), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _put(url: str, headers: dict[str, str]) -> None:
    request = urllib.request.Request(url, method="PUT", headers=headers)  # noqa: S310 - a store of ours
    try:
        urllib.request.urlopen(request, timeout=_SECONDS).close()  # noqa: S310
    except urllib.error.HTTPError as error:
        if error.code != _HOLDS:
            raise
