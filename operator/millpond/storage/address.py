"""Where objects are: container URLs as users write them, judged and taken apart (azure-batch-semantics §7.3, §7.4).

    https://ACCOUNT.blob.core.windows.net/CONTAINER[?SAS]    Azure Blob, in every cloud of Azure
    http[s]://HOST[:PORT]/ACCOUNT/CONTAINER[?SAS]            Azure Blob by path, as emulators have it
    s3://BUCKET[/PREFIX]    gs://BUCKET[/PREFIX]             S3 and what speaks its protocol; Google Cloud Storage

A shared access signature is a secret: it is in no `text`, no `repr` and no message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

MAX_URL = 4096
_AZURE_CONTAINER = re.compile(r"\$(root|web|logs)|(?=.{3,63}$)[a-z0-9](-?[a-z0-9])*")
_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,221}")
_PLACE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")
_ACCOUNT_HOST = re.compile(r"([a-z0-9-]+)\.(?:z\d+\.)?blob\.(?!svc\b)")  # a Service in a namespace "blob" is none
_CONTROL = re.compile(r"[\x00-\x20\x7f]")


class AddressError(ValueError):
    """A URL that names no store; the message says what is wrong and never repeats a query string or a password."""


class Service(StrEnum):
    """Whose protocol a store speaks."""

    AZURE = "Azure Blob"
    S3 = "S3"
    GCS = "Google Cloud Storage"


@dataclass(frozen=True)
class Container:
    """A container or bucket, or what is below a prefix of it. `endpoint` and `account` are Azure's; "" elsewhere."""

    service: Service
    name: str
    prefix: str = ""
    account: str = ""
    endpoint: str = ""
    sas: str = field(default="", repr=False)

    @property
    def text(self) -> str:
        """Its URL without secrets, for people."""
        tail = "/".join(part for part in (self.name, self.prefix) if part)
        match self.service:
            case Service.AZURE:
                return f"{self.endpoint}/{tail}"
            case Service.S3:
                return f"s3://{tail}"
            case Service.GCS:
                return f"gs://{tail}"


@dataclass(frozen=True)
class WebFile:
    """One file that plain HTTP serves. The whole URL may hold a secret in its query; `text` does not."""

    url: str = field(repr=False)
    text: str


def parse_container(url: str) -> Container:
    """The container that a URL names. Raises AddressError."""
    parts = _split(url)
    if parts.scheme in ("s3", "gs"):
        return _bucket(parts)
    if parts.scheme in ("http", "https"):
        container, rest = _azure(parts)
        return replace(container, prefix=_prefix(rest, container.text))
    raise AddressError(f"{_shown(parts)!r} names no store: write https://…, http://…, s3://… or gs://…")


def parse_web_file(url: str) -> WebFile:
    """The file that an http or https URL names. Raises AddressError."""
    parts = _split(url)
    if parts.scheme not in ("http", "https"):
        raise AddressError(f"{_shown(parts)!r} is no http or https URL")
    if parts.path in ("", "/"):
        raise AddressError(f"{_shown(parts)!r} names a server and no file: add the file's path")
    return WebFile(url, _shown(parts))


def parse_azure_blob(url: str) -> tuple[Container, str]:
    """Container and name of the blob that an http or https URL names. Raises AddressError."""
    parts = _split(url)
    if parts.scheme not in ("http", "https"):
        raise AddressError(f"{_shown(parts)!r} is no http or https URL")
    container, rest = _azure(parts)
    if not rest:
        raise AddressError(f"{_shown(parts)!r} names a container and no file: add the file's path")
    return container, rest


def container_within(store: str, name: str) -> Container:
    """The container called `name` of a default store, whose URL names an account of Azure, S3, or a bucket.

    A bucket's containers are prefixes in it; `s3://` and `gs://` alone mean that they are buckets. Raises AddressError.
    """
    if store in ("s3://", "gs://"):
        return parse_container(store + name)
    parts = _split(store)
    if parts.scheme in ("s3", "gs"):
        bucket = _bucket(parts)
        return replace(bucket, prefix="/".join(part for part in (bucket.prefix, _prefix(name, store)) if part))
    if parts.scheme not in ("http", "https"):
        raise AddressError(f"{_shown(parts)!r} names no store: write https://…, http://…, s3://… or gs://…")
    return parse_container(parts._replace(path=f"{parts.path.rstrip('/')}/{quote(name)}").geturl())


def _split(url: str) -> SplitResult:
    if len(url) > MAX_URL or _CONTROL.search(url):
        raise AddressError(f"the URL has blanks or control characters, or more than {MAX_URL} characters")
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - it is judged when it is read
    except ValueError:
        raise AddressError("the URL cannot be read: look at its host and its port") from None
    if "@" in parts.netloc:
        raise AddressError("the URL holds a user name or a password: put credentials into a Secret")
    if not _PLACE.fullmatch(parts.netloc):
        raise AddressError(f"{_shown(parts)!r} names no host or bucket: write a whole URL, as https://… or s3://…")
    return parts


def _shown(parts: SplitResult) -> str:
    return parts._replace(query="", fragment="").geturl()


def _bucket(parts: SplitResult) -> Container:
    service = Service.S3 if parts.scheme == "s3" else Service.GCS
    if parts.query or parts.fragment or not _BUCKET.fullmatch(parts.netloc):
        raise AddressError(
            f"{_shown(parts)!r} names no bucket: write {parts.scheme}://BUCKET or {parts.scheme}://BUCKET/PREFIX"
        )
    return Container(service, parts.netloc, _prefix(parts.path, _shown(parts)))


def _prefix(path: str, shown: str) -> str:
    prefix = unquote(path).strip("/")
    if any(part in ("", ".", "..") for part in prefix.split("/")) and prefix:
        raise AddressError(f"{shown!r}: a prefix has no empty parts, and no '.' or '..'")
    return prefix


def _azure(parts: SplitResult) -> tuple[Container, str]:
    """The container, and what the path has beyond it."""
    path = [unquote(part) for part in parts.path.split("/")[1:]]
    if host := _ACCOUNT_HOST.match(parts.netloc):
        account, endpoint = host.group(1), f"{parts.scheme}://{parts.netloc}"
    else:
        account = path.pop(0) if path else ""
        endpoint = f"{parts.scheme}://{parts.netloc}/{account}"
    name = path.pop(0) if path else ""
    if not _ACCOUNT.fullmatch(account) or not _AZURE_CONTAINER.fullmatch(name):
        raise AddressError(
            f"{_shown(parts)!r} names no container of Azure Blob: write "
            "https://ACCOUNT.blob.core.windows.net/CONTAINER or, for an emulator, http://HOST:PORT/ACCOUNT/CONTAINER"
        )
    if parts.query and not parse_qs(parts.query).get("sig"):
        raise AddressError(
            f"{_shown(parts)!r} is followed by a query that is no shared access signature: it has no sig="
        )
    return Container(Service.AZURE, name, "", account, endpoint, parts.query), "/".join(path)
