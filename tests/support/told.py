"""Values as tests look at them: structs as they are on the wire, actions by their kind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec
from millpond.control import actions as act

View = TypeVar("View", bound=msgspec.Struct)


def plain(value: msgspec.Struct) -> Any:
    """A struct as it looks on the wire."""
    return msgspec.json.decode(msgspec.json.encode(value))


def kinds(actions: Iterable[act.AnyAction]) -> list[str]:
    """The names of actions' kinds, in order."""
    return [type(action).__name__ for action in actions]


def of(kind: type[View], actions: Iterable[act.AnyAction]) -> list[View]:
    """The actions of one kind."""
    return [action for action in actions if isinstance(action, kind)]
