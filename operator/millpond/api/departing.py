"""An object that cannot be read and is being deleted: what can still be read of it, which is enough to let it go."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import ValidationError

from millpond.api.kind import Resource

AnyKind = TypeVar("AnyKind", bound=Resource)

STAND_INS: dict[str, Any] = {
    "poolName": "none",
    "nodeTemplate": {"image": "none"},
    "jobTemplate": {"spec": {"poolName": "none"}},
}
"""For fields of a spec that must be there: what is being deleted starts nothing any more, so any value will do."""


def departing(kind: type[AnyKind], body: dict[str, Any]) -> AnyKind | None:
    """The object without the fields that are at fault; None while it is not being deleted.

    Its finalizer would hold it for ever otherwise, and nobody can be asked to correct what he wants to be rid of.
    """
    if not body["metadata"].get("deletionTimestamp"):
        return None
    parts = {part: value for part in ("spec", "status") if isinstance(value := body.get(part), dict)}
    try:
        return _read(kind, body, parts)
    except ValidationError as error:
        faults = {tuple(fault["loc"][:2]) for fault in error.errors(include_url=False, include_input=False)}
    sound = {
        part: {name: value for name, value in fields.items() if not faults & {(part,), (part, name)}}
        for part, fields in parts.items()
    }
    try:
        return _read(kind, body, sound)
    except ValidationError:
        return _read(kind, body, {})


def _read(kind: type[AnyKind], body: dict[str, Any], parts: dict[str, Any]) -> AnyKind:
    document = parts | {"metadata": body["metadata"], "spec": STAND_INS | parts.get("spec", {})}
    return kind.model_validate(document)
