"""Which tasks of a job wait for others, and who is released when one of those is done (reference §2.17, §4.4).

A dependent watches exactly one predecessor: the first that is unmet, ids in the order given, then ranges from their
start. When that is met it moves on. Dependents with equal needs share one watch, and ranges are never spelled out, so
that neither ten thousand dependents of one task nor a range of a million cost more than one. All that is known is a
function of the tasks that are there: a predecessor that is deleted, or no longer satisfies, is unmet again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from millpond.scheduling.cycles import find_cycle
from millpond.scheduling.intervals import IntegerSet

Key = str | int
"""What a dependency names: an id in lower case, or the integer that ids such as "4" and "04" stand for."""

_INTEGER = re.compile(r"-?[0-9]+")


class Needs(msgspec.Struct, frozen=True, gc=False):
    """All that a task depends on: ids in lower case, each once, and inclusive ranges of integers."""

    ids: tuple[str, ...] = ()
    ranges: tuple[tuple[int, int], ...] = ()


@lru_cache(maxsize=128)
def needs_of(ids: tuple[str, ...], ranges: tuple[tuple[int, int], ...]) -> Needs | None:
    """What a document's words come to; None where they name nothing. Equal words share one value."""
    found = Needs(tuple(dict.fromkeys(task_id.lower() for task_id in ids)), ranges)
    return found if found.ids or found.ranges else None


def readings(task_id: str) -> tuple[Key, ...]:
    """The keys by which dependencies may name a task of this id."""
    text = task_id.lower()
    return (text, int(text)) if _INTEGER.fullmatch(text) else (text,)


class Cycle:
    """Tasks that wait for each other: `names` from the least one on, each followed by the one that it waits for."""

    def __init__(self, groups: list[_Group], names: list[str]) -> None:
        self.groups = groups
        first = names.index(min(names))
        self.names = dict.fromkeys(names[first:] + names[:first])


class _Group:
    """Dependents with equal needs. `watch` is their first unmet key, None when all is met."""

    __slots__ = ("cycle", "filed", "members", "met", "needs", "watch")

    def __init__(self, needs: Needs) -> None:
        self.needs = needs
        self.members: dict[str, str] = {}
        """Ids by names."""
        self.met = 0
        """How many of the ids are met, from the first on without a gap."""
        self.filed = 0
        """How many of the ids this group is filed under: those that it has looked at."""
        self.watch: Key | None = None
        self.cycle: Cycle | None = None


class Dependencies:
    """The dependencies of one job. Tasks go by their names; ids are what dependencies name."""

    def __init__(self) -> None:
        self._names: dict[Key, tuple[str, ...]] = {}
        """Names of the tasks that a key stands for: more than one for ids such as "4" and "04"."""
        self._satisfied: set[str] = set()
        self._numbers = IntegerSet()
        """The integers that a satisfied task stands for."""
        self._groups: dict[Needs, _Group] = {}
        self._group_of: dict[str, _Group] = {}
        self._filed: dict[Key, set[_Group]] = {}
        """Groups by the ids that they have looked at, and by the integer that they watch."""
        self._past_numbers: dict[_Group, None] = {}
        """Groups that have found an integer of their ranges met."""
        self._news: dict[str, None] = {}

    # What becomes known.

    def put(self, name: str, task_id: str, *, satisfied: bool) -> None:
        """There is a task, and those that depend on it need (or need not) wait for it."""
        known = name in self._names.get(task_id.lower(), ())
        if known and (name in self._satisfied) == satisfied:
            return
        keys = readings(task_id)
        before = [self._is_met(key) for key in keys]
        if not known:
            for key in keys:
                self._names[key] = (*self._names.get(key, ()), name)
        (self._satisfied.add if satisfied else self._satisfied.discard)(name)
        self._compare(keys, before, renamed=not known)

    def drop(self, name: str, task_id: str) -> None:
        """The task is gone."""
        self.let_go(name)
        self._news.pop(name, None)
        keys = readings(task_id)
        before = [self._is_met(key) for key in keys]
        for key in keys:
            left = tuple(other for other in self._names.get(key, ()) if other != name)
            if left:
                self._names[key] = left
            else:
                self._names.pop(key, None)
        self._satisfied.discard(name)
        self._compare(keys, before, renamed=True)

    def hold(self, name: str, task_id: str, needs: Needs) -> None:
        """The task has not begun, and must not until its needs are met."""
        if name in self._group_of:
            return
        group = self._groups.get(needs)
        new = group is None
        if group is None:
            group = self._groups[needs] = _Group(needs)
        group.members[name] = task_id
        self._group_of[name] = group
        self._news[name] = None
        if new:
            self._look(group)
        elif group.cycle is None:
            self._seek_cycle(group)

    def let_go(self, name: str) -> None:
        """The task has begun or ended: what it depends on does not matter any more."""
        group = self._group_of.pop(name, None)
        if group is None:
            return
        del group.members[name]
        self._news[name] = None
        if group.cycle is not None and name in group.cycle.names:
            self._forget_cycle(group.cycle)
        if not group.members:
            self._unfile(group)
            del self._groups[group.needs]

    # What is known.

    def blocks(self, name: str) -> bool:
        """True while the task must not begin."""
        group = self._group_of.get(name)
        return group is not None and group.watch is not None

    def cycle_of(self, name: str) -> tuple[str, ...]:
        """The tasks that wait for each other, if this is one of them and nothing else holds them back."""
        group = self._group_of.get(name)
        if group is None or group.cycle is None or name not in group.cycle.names:
            return ()
        return tuple(group.cycle.names)

    def unmet(self, name: str) -> Iterator[Key]:
        """What the task still waits for, in order."""
        group = self._group_of.get(name)
        if group is None:
            return
        for task_id in group.needs.ids[group.met :]:
            if not self._is_met(task_id):
                yield task_id
        for start, end in group.needs.ranges:
            number = self._numbers.first_missing(start)
            while number <= end:
                yield number
                number = self._numbers.first_missing(number + 1)

    def named(self, key: Key) -> tuple[str, ...]:
        """The names of the tasks that a dependency on this key means."""
        return self._names.get(key, ())

    def take_news(self) -> list[str]:
        """The tasks of which `blocks` or `cycle_of` may say something else than when this was asked before."""
        news = list(self._news)
        self._news.clear()
        return news

    # How it is kept.

    def _is_met(self, key: Key) -> bool:
        return not self._satisfied.isdisjoint(self._names.get(key, ()))

    def _compare(self, keys: tuple[Key, ...], before: list[bool], *, renamed: bool) -> None:
        """Let those look again for whom a key has changed."""
        for key, was in zip(keys, before, strict=True):
            now = self._is_met(key)
            if now != was:
                self._turn(key, met=now)
            if renamed:
                # A key that means several tasks is no link of a cycle, since any of them may meet it.
                for name in self._names.get(key, ()):
                    if name in self._group_of:
                        self._seek_cycle(self._group_of[name])

    def _turn(self, key: Key, *, met: bool) -> None:
        if isinstance(key, int):
            (self._numbers.add if met else self._numbers.discard)(key)
        if met:
            concerned = [group for group in self._filed.get(key, ()) if group.watch == key]
        elif isinstance(key, int):
            concerned = [g for g in self._past_numbers if any(start <= key <= end for start, end in g.needs.ranges)]
        else:
            concerned = [group for group in self._filed.get(key, ()) if key in group.needs.ids[: group.met]]
            for group in concerned:
                group.met = group.needs.ids.index(key)
        for group in concerned:
            self._look(group)

    def _look(self, group: _Group) -> None:
        """Find the group's first unmet key, and file the group where it hears of changes."""
        ids, before = group.needs.ids, group.watch
        while group.met < len(ids) and self._is_met(ids[group.met]):
            group.met += 1
        watch = ids[group.met] if group.met < len(ids) else self._first_number(group.needs.ranges)
        while group.filed < len(ids) and group.filed <= group.met:
            self._filed.setdefault(ids[group.filed], set()).add(group)
            group.filed += 1
        if group.needs.ranges and group.met == len(ids) and watch != group.needs.ranges[0][0]:
            self._past_numbers[group] = None
        else:
            self._past_numbers.pop(group, None)
        if watch == before:
            return
        if isinstance(before, int):
            self._unfile_from(before, group)
        if isinstance(watch, int):
            self._filed.setdefault(watch, set()).add(group)
        group.watch = watch
        if watch is None or before is None:
            self._news |= dict.fromkeys(group.members)
        self._seek_cycle(group)

    def _first_number(self, ranges: tuple[tuple[int, int], ...]) -> int | None:
        for start, end in ranges:
            number = self._numbers.first_missing(start)
            if number <= end:
                return number
        return None

    def _unfile(self, group: _Group) -> None:
        for task_id in group.needs.ids[: group.filed]:
            self._unfile_from(task_id, group)
        if isinstance(group.watch, int):
            self._unfile_from(group.watch, group)
        self._past_numbers.pop(group, None)

    def _unfile_from(self, key: Key, group: _Group) -> None:
        filed = self._filed[key]
        filed.discard(group)
        if not filed:
            del self._filed[key]

    # Cycles: a group waits for the group of the one task that it watches.

    def _seek_cycle(self, group: _Group) -> None:
        """A way to or from the group has changed: forget the cycle through it, and find the one that is."""
        if group.cycle is not None:
            self._forget_cycle(group.cycle)
        if self._ahead(group) is None:
            return
        path = find_cycle(group, self._ahead, self._behind)
        if path is not None:
            cycle = Cycle(path, [self._names[each.watch][0] for each in path if each.watch is not None])
            for each in path:
                each.cycle = cycle
            self._news |= cycle.names

    def _forget_cycle(self, cycle: Cycle) -> None:
        for group in cycle.groups:
            group.cycle = None
        self._news |= cycle.names

    def _ahead(self, group: _Group) -> _Group | None:
        names = self._names.get(group.watch, ()) if group.watch is not None else ()
        found = self._group_of.get(names[0]) if len(names) == 1 else None
        return found if found is not None and found.watch is not None else None

    def _behind(self, group: _Group) -> Iterator[_Group | None]:
        for task_id in group.members.values():
            yield None
            for key in readings(task_id):
                if len(self._names.get(key, ())) == 1:
                    yield from (other for other in self._filed.get(key, ()) if other.watch == key)
