"""Secrets that open stores, in the containers that transfer files and nowhere else: the kubelet puts them there.

A missing Secret does not keep the Pod from starting, so that who needs it can say so; the kubelet brings it when
it comes, within two minutes.
"""

from __future__ import annotations

from collections.abc import Iterable

from millpond.api import naming
from millpond.cluster.manifests.layout import Manifest

CREDENTIALS = "/var/run/millpond/credentials"
"""Where a container finds a directory for each of its Secrets, by name."""


def with_secrets(pod: Manifest, secrets: Iterable[str]) -> Manifest:
    """The Pod with volumes of these Secrets, each once, beside those that it has."""
    spec = pod["spec"]
    known = {volume["name"] for volume in spec["volumes"]}
    new = [_volume(secret) for secret in sorted(set(secrets)) if _name(secret) not in known]
    return pod | {"spec": spec | {"volumes": [*spec["volumes"], *new]}} if new else pod


def secret_mounts(secrets: Iterable[str]) -> list[Manifest]:
    """What a container mounts to have these Secrets."""
    return [
        {"name": _name(secret), "mountPath": f"{CREDENTIALS}/{secret}", "readOnly": True}
        for secret in sorted(set(secrets))
    ]


def _volume(secret: str) -> Manifest:
    return {"name": _name(secret), "secret": {"secretName": secret, "optional": True}}


def _name(secret: str) -> str:
    return f"credentials-{naming.digest(secret)}"
