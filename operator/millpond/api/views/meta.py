"""The part of `metadata` that judgement needs."""

from __future__ import annotations

import msgspec


class View(msgspec.Struct, rename="camel", gc=False, frozen=True):
    """Ancestor of all views: camelCase on the wire, unknown fields skipped, immutable."""


class OwnerReference(View, frozen=True):
    """Who owns an object."""

    kind: str
    name: str
    uid: str


class Meta(View, frozen=True):
    """Object metadata. `resource_version` is "" only in objects built by tests."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: str = ""
    deletion_timestamp: str | None = None
    labels: dict[str, str] = {}
    finalizers: tuple[str, ...] = ()
    owner_references: tuple[OwnerReference, ...] = ()

    @property
    def version(self) -> int:
        """`resourceVersion` as a number; Kubernetes promises that newer is larger since 1.35, and etcd always did."""
        return int(self.resource_version) if self.resource_version.isdigit() else 0


class Condition(View, frozen=True):
    """A condition, as far as anyone asks."""

    type: str
    status: str = "Unknown"
    reason: str = ""
    message: str = ""
    last_transition_time: str | None = None
