"""Secrets that open stores, in the containers that transfer files and nowhere else: the kubelet puts them there.

A Secret that is needed before the command may be missing when its Pod starts: who needs it says so, and the kubelet
brings it when it comes, within two minutes. One that is needed after the command must be there before it: else the
Pod waits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from millpond.api import naming
from millpond.cluster.manifests.layout import Manifest

CREDENTIALS = "/var/run/millpond/credentials"
"""Where a container finds a directory for each of its Secrets, by name."""


def with_secrets(pod: Manifest, secrets: Collection[str], *, required: bool = False) -> Manifest:
    """The Pod with volumes of these Secrets, each once, beside those that it has.

    It does not start without those that are required by anybody.
    """
    if not secrets:
        return pod
    spec = pod["spec"]
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    for secret in sorted(set(secrets)):
        if required or _name(secret) not in volumes:
            volumes[_name(secret)] = _volume(secret, required)
    return pod | {"spec": spec | {"volumes": list(volumes.values())}}


def secret_mounts(secrets: Iterable[str]) -> list[Manifest]:
    """What a container mounts to have these Secrets."""
    return [
        {"name": _name(secret), "mountPath": f"{CREDENTIALS}/{secret}", "readOnly": True}
        for secret in sorted(set(secrets))
    ]


def _volume(secret: str, required: bool) -> Manifest:
    return {"name": _name(secret), "secret": {"secretName": secret, "optional": not required}}


def _name(secret: str) -> str:
    return f"credentials-{naming.digest(secret)}"
