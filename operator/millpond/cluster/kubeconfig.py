"""Where the API server is and how to prove who asks: a kubeconfig file, or the account of the Pod we run in.

Knows no requests. Login programs (`exec`, auth providers) are not supported, and refused with a sentence saying so.
"""

from __future__ import annotations

import base64
import os
import ssl
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
TOKEN_LIFE = 60.0
"""Seconds for which a token is used before its file is read again: the kubelet rotates it."""


class KubeconfigError(Exception):
    """There is no usable way to reach a cluster; the message says what to set."""


@dataclass
class Credentials:
    """The bearer token, if there is one: fixed, or in a file that changes."""

    token: str = ""
    token_file: Path | None = None
    clock: Callable[[], float] = time.monotonic
    _read_at: float = field(default=float("-inf"), init=False)

    def headers(self) -> dict[str, str]:
        """Headers to send with a request made now."""
        if self.token_file is not None and self.clock() - self._read_at >= TOKEN_LIFE:
            self.token = self.token_file.read_text().strip()
            self._read_at = self.clock()
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def doubt(self) -> None:
        """The server did not accept the token: read it again next time."""
        self._read_at = float("-inf")


@dataclass(frozen=True)
class Connection:
    """Everything needed to talk to one API server."""

    server: str
    credentials: Credentials = field(default_factory=Credentials)
    tls: ssl.SSLContext | None = None
    server_name: str | None = None
    namespace: str = "default"


def connect(path: str = "", context: str = "") -> Connection:
    """The connection of the kubeconfig at `path`, else of KUBECONFIG, else of this Pod, else of ~/.kube/config.

    `context` names one of a kubeconfig's contexts; "" is its current one.
    """
    named = path or os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
    if named:
        return from_kubeconfig(Path(named), context)
    if os.environ.get("KUBERNETES_SERVICE_HOST"):
        return from_pod()
    usual = Path.home() / ".kube" / "config"
    if usual.exists():
        return from_kubeconfig(usual, context)
    raise KubeconfigError("No cluster is configured: set KUBECONFIG to a kubeconfig file, or run inside a Pod.")


def from_pod(account: Path = ACCOUNT) -> Connection:
    """The connection that the kubelet gives to every Pod with a service account."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    host = f"[{host}]" if ":" in host else host
    try:
        tls = ssl.create_default_context(cafile=str(account / "ca.crt"))
        namespace = (account / "namespace").read_text().strip()
    except OSError as error:
        raise KubeconfigError(
            f"This Pod has no service account in {account} ({error}): set automountServiceAccountToken: true."
        ) from None
    credentials = Credentials(token_file=account / "token")
    return Connection(f"https://{host}:{port}", credentials, tls, namespace=namespace)


def from_kubeconfig(path: Path, context_name: str = "") -> Connection:
    """The connection of a context of a kubeconfig file; "" is its current one."""
    try:
        document = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise KubeconfigError(f"{path} cannot be read as a kubeconfig: {error}") from None
    if not isinstance(document, dict):
        raise KubeconfigError(f"{path} is not a kubeconfig: it holds no mapping.")
    context = _named(path, document, "context", context_name or document.get("current-context", ""))
    cluster = _named(path, document, "cluster", context.get("cluster", ""))
    user = _named(path, document, "user", context["user"]) if context.get("user") else {}
    for unsupported in ("exec", "auth-provider"):
        if unsupported in user:
            raise KubeconfigError(
                f"{path} logs in by {unsupported}, which is not supported: use a token or a certificate."
            )
    folder = path.parent
    token_file = folder / user["tokenFile"] if user.get("tokenFile") else None
    tls = _tls(folder, cluster, user) if cluster["server"].startswith("https:") else None
    return Connection(
        cluster["server"].rstrip("/"),
        Credentials(user.get("token", ""), token_file),
        tls,
        cluster.get("tls-server-name"),
        context.get("namespace", "default"),
    )


def _named(path: Path, document: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    for entry in document.get(f"{kind}s") or ():
        if entry.get("name") == name:
            return dict(entry.get(kind) or {})
    raise KubeconfigError(f"{path} has no {kind} named {name!r}: choose one with `kubectl config use-context`.")


def _tls(folder: Path, cluster: dict[str, Any], user: dict[str, Any]) -> ssl.SSLContext:
    authority = _content(folder, cluster, "certificate-authority")
    tls = ssl.create_default_context(cadata=authority.decode() if authority else None)
    if cluster.get("insecure-skip-tls-verify"):
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
    certificate, key = _content(folder, user, "client-certificate"), _content(folder, user, "client-key")
    if certificate and key:
        # Python reads certificate chains from files only; the file is private and lives for this block.
        with tempfile.NamedTemporaryFile() as both:
            both.write(certificate + b"\n" + key)
            both.flush()
            tls.load_cert_chain(both.name)
    return tls


def _content(folder: Path, entry: dict[str, Any], name: str) -> bytes:
    """What `name` stands for: given inside the file as `<name>-data`, or by path beside it."""
    if entry.get(f"{name}-data"):
        return base64.b64decode(entry[f"{name}-data"])
    return (folder / entry[name]).read_bytes() if entry.get(name) else b""
