"""How many machines a pool's nodes need of their provider, and which machines are to go (reference §3.2).

A machine goes when nothing of the pool stands on its host any more. What is wanted follows from the nodes that there
are, never from what was wanted before: judged again after any crash it comes to the same.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec


class Machine(msgspec.Struct, frozen=True, gc=False):
    """A machine of the provider. `host` is the Node that it is, or None until that is known."""

    name: str
    host: str | None = None
    marked: bool = False
    """It was chosen to go before."""
    going: bool = False
    """It is being deleted already."""


class Supply(msgspec.Struct, frozen=True, gc=False):
    """How many machines to ask for, and those to choose, or no longer to choose, for going first."""

    replicas: int
    mark: tuple[str, ...] = ()
    unmark: tuple[str, ...] = ()
    short: int = 0
    """So many more are to go, and cannot be named yet."""


def plan_supply(wanted: int, kept: Collection[str], machines: Sequence[Machine]) -> Supply:
    """Compare the number of machines wanted with those there are. Hosts in `kept` are never given up."""
    staying = [machine for machine in machines if not machine.going]
    surplus = max(0, len(staying) - wanted)
    chosen = {machine.name for machine in _dispensable(kept, staying)[:surplus]}
    return Supply(
        replicas=max(wanted, len(staying) - len(chosen)),
        mark=tuple(machine.name for machine in staying if machine.name in chosen and not machine.marked),
        unmark=tuple(machine.name for machine in staying if machine.name not in chosen and machine.marked),
        short=surplus - len(chosen),
    )


def _dispensable(kept: Collection[str], staying: Sequence[Machine]) -> list[Machine]:
    """Those that may go: chosen before, then not come yet, then by name."""
    known = {machine.host for machine in staying}
    # A machine may have become one of these hosts without its object saying so yet.
    unexplained = sum(host not in known for host in kept)
    nameless = sorted((m for m in staying if m.host is None), key=_order)
    free = [m for m in staying if m.host is not None and m.host not in kept]
    return sorted(nameless[: max(0, len(nameless) - unexplained)] + free, key=_order)


def _order(machine: Machine) -> tuple[bool, bool, str]:
    return not machine.marked, machine.host is not None, machine.name
