"""The name that was probably meant by one that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 64
"""Longer names are compared with none, since that takes time with the square of their length."""


def similar(name: str, known: Iterable[str]) -> str | None:
    """The known name that differs in letter case alone, else the most similar one, if any is similar."""
    if len(name) > _LONGEST:
        return None
    candidates = {other.lower(): other for other in known if len(other) <= _LONGEST}
    found = get_close_matches(name.lower(), candidates, n=1, cutoff=0.7)
    return candidates[found[0]] if found else None


def suggestion(name: str, known: Iterable[str], otherwise: str) -> str:
    """A hint: the name that was meant, or what to do where none is similar."""
    found = similar(name, known)
    return f"Did you mean {found}?" if found else otherwise
