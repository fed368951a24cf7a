"""The instance's own certificate authority and what it signs, with the `openssl` command.

Keys are elliptic curves (fast to make). Nothing here is fit for a cluster that others can reach.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .progress import ClusterError

_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
_DAYS = ["-days", "3650"]


@dataclass(frozen=True)
class Subject:
    """Whom a certificate names: user `name` of `group`; `addresses` are what a server is reached at."""

    name: str
    group: str = ""
    addresses: tuple[str, ...] = ()

    def text(self) -> str:
        """The subject in openssl's notation."""
        return (f"/O={self.group}" if self.group else "") + f"/CN={self.name}"

    def alternatives(self) -> str:
        """The subjectAltName extension's value; empty without addresses."""
        return ",".join(f"{'IP' if item[0].isdigit() else 'DNS'}:{item}" for item in self.addresses)


def authority(folder: Path) -> None:
    """Make the authority and the service accounts' signing key, unless they are there."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (folder / "ca.crt").exists():
        _make(folder, "ca", ["req", "-x509", *_KEY, *_DAYS, "-subj", "/CN=millpond-native-cluster"])
    if not (folder / "service-accounts.crt").exists():
        _make(folder, "service-accounts", ["req", "-x509", *_KEY, *_DAYS, "-subj", "/CN=service-accounts"])


def sign(folder: Path, file: str, subject: Subject) -> None:
    """Make `file`.crt and `file`.key in `folder`, signed by its authority, unless they are there."""
    if (folder / f"{file}.crt").exists():
        return
    extensions = [
        "-addext",
        "basicConstraints=critical,CA:FALSE",
        "-addext",
        "keyUsage=critical,digitalSignature",
        "-addext",
        "extendedKeyUsage=serverAuth,clientAuth",
    ]
    if subject.addresses:
        extensions += ["-addext", f"subjectAltName={subject.alternatives()}"]
    signer = ["-CA", str(folder / "ca.crt"), "-CAkey", str(folder / "ca.key")]
    _make(folder, file, ["req", "-x509", *_KEY, *_DAYS, *signer, "-subj", subject.text(), *extensions])


def _make(folder: Path, file: str, arguments: list[str]) -> None:
    fresh = folder / f".{file}.crt.new"
    key = folder / f"{file}.key"
    result = subprocess.run(
        ["openssl", *arguments, "-keyout", str(key), "-out", str(fresh)],
        capture_output=True,
        text=True,
        check=False,
        umask=0o077,
    )
    if result.returncode:
        raise ClusterError(f"openssl could not make the certificate {file}: {result.stderr.strip()}")
    os.replace(fresh, folder / f"{file}.crt")  # last: a certificate that is there has its key
