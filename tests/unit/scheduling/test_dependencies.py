"""Who waits for whom: ids, ranges, releases, and what is known after any history."""

from __future__ import annotations

from random import Random

import pytest
from millpond.scheduling.dependencies import Dependencies, Key, Needs, needs_of, readings


def needs(*ids: str, ranges: tuple[tuple[int, int], ...] = ()) -> Needs:
    found = needs_of(ids, ranges)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("task_id", "keys"),
    [
        ("Frame-1", ("frame-1",)),
        ("7", ("7", 7)),
        ("007", ("007", 7)),
        ("-5", ("-5", -5)),
        ("--5", ("--5",)),
        ("5-", ("5-",)),
        ("1_0", ("1_0",)),
        ("0", ("0", 0)),
    ],
)
def test_readings_of_an_id(task_id: str, keys: tuple[Key, ...]) -> None:
    assert readings(task_id) == keys


def test_needs_name_each_id_once_and_equal_words_share_a_value() -> None:
    assert needs("B", "a", "b").ids == ("b", "a")
    assert needs("a", "b") is needs("a", "b")
    assert needs_of((), ()) is None


# Each row: what the dependent needs; the tasks there are, by id, and whether they satisfy; what is unmet.
WAITING = [
    (needs("a"), {}, ["a"]),
    (needs("a"), {"a": False}, ["a"]),
    (needs("A"), {"a": True}, []),
    (needs("a"), {"A": True}, []),
    (needs("a", "b", "c"), {"b": True}, ["a", "c"]),
    (needs("4"), {"04": True}, ["4"]),
    (needs(ranges=((4, 4),)), {"04": True}, []),
    (needs(ranges=((1, 3),)), {"1": True, "003": True}, [2]),
    (needs(ranges=((1, 3),)), {"1": True, "2": True, "3": False, "03": True}, []),
    (needs(ranges=((1, 2), (5, 6))), {"5": True}, [1, 2, 6]),
    (needs("a", ranges=((1, 1),)), {"1": True}, ["a"]),
    (needs("a", ranges=((1, 1),)), {"a": True}, [1]),
    (needs(ranges=((-2, -1),)), {"-2": True}, [-1]),
    (needs(ranges=((3, 2),)), {}, []),
]


@pytest.mark.parametrize(("wanted", "there", "unmet"), WAITING)
def test_what_a_task_waits_for(wanted: Needs, there: dict[str, bool], unmet: list[Key]) -> None:
    known = Dependencies()
    known.hold("it", "it", wanted)
    for task_id, satisfied in there.items():
        known.put(f"task-{task_id}", task_id, satisfied=satisfied)
    assert list(known.unmet("it")) == unmet
    assert known.blocks("it") == bool(unmet)
    assert known.take_news() == ["it"]


def test_a_range_of_any_size_costs_nothing_until_it_is_asked() -> None:
    known = Dependencies()
    known.hold("it", "it", needs(ranges=((1, 2_147_483_647),)))
    for number in range(1, 1001):
        known.put(f"t{number}", str(number), satisfied=True)
    assert next(known.unmet("it")) == 1001


def test_a_predecessor_that_goes_or_is_begun_again_holds_back_who_has_not_begun() -> None:
    known = Dependencies()
    for number in (1, 2):
        known.put(f"t{number}", str(number), satisfied=True)
    for name in ("early", "late"):
        known.hold(name, name, needs("1", ranges=((1, 2),)))
    assert not known.blocks("late")
    known.let_go("early")
    known.take_news()
    known.put("t1", "1", satisfied=False)
    assert known.take_news() == ["late"]
    assert (known.blocks("early"), list(known.unmet("late"))) == (False, ["1", 1])
    known.put("t1", "1", satisfied=True)
    known.drop("t2", "2")
    assert list(known.unmet("late")) == [2]


def test_a_cycle_is_named_from_its_least_task_and_goes_when_it_is_broken() -> None:
    known = Dependencies()
    for name, other in (("c", "a"), ("a", "b"), ("b", "c"), ("x", "a")):
        known.put(name, name, satisfied=False)
        known.hold(name, name, needs(other))
    assert {name: known.cycle_of(name) for name in "abcx"} == {**dict.fromkeys("abc", ("a", "b", "c")), "x": ()}
    known.take_news()
    known.drop("b", "b")
    assert sorted(known.take_news()) == ["a", "c"]
    assert not known.cycle_of("a")
    known.put("b", "b", satisfied=False)
    known.hold("b", "b", needs("x"))
    assert known.cycle_of("x") == ("a", "b", "x")


def test_a_task_that_needs_itself_is_a_cycle() -> None:
    known = Dependencies()
    known.put("seven", "07", satisfied=False)
    known.hold("seven", "07", needs(ranges=((7, 7),)))
    assert known.cycle_of("seven") == ("seven",)


def test_a_cycle_shows_when_nothing_else_holds_it() -> None:
    known = Dependencies()
    for name, wanted in (("a", needs("x", "b")), ("b", needs("a"))):
        known.put(name, name, satisfied=False)
        known.hold(name, name, wanted)
    assert not known.cycle_of("a")
    known.put("x", "x", satisfied=True)
    assert known.cycle_of("a") == ("a", "b")
    known.drop("x", "x")
    assert not known.cycle_of("b")


def test_a_number_with_several_tasks_is_no_link_of_a_cycle() -> None:
    known = Dependencies()
    known.put("a", "1", satisfied=False)
    known.hold("a", "1", needs(ranges=((1, 1),)))
    assert known.cycle_of("a") == ("a",)
    known.put("b", "01", satisfied=False)
    assert not known.cycle_of("a")
    known.drop("b", "01")
    assert known.cycle_of("a") == ("a",)


# After any history, what is known is what somebody knows who is told the tasks of now only.

IDS = [*"abcd", "B", "1", "2", "3", "01", "003"]


def some_needs(random: Random) -> Needs:
    ids = random.sample(IDS, random.choice((0, 1, 1, 2)))
    ranges = [(start, start + random.randint(0, 2)) for start in random.sample(range(4), random.choice((0, 0, 1, 2)))]
    return needs(*ids, ranges=tuple(ranges)) if ids or ranges else needs("a")


class History:
    """Tasks as they are now, and the dependencies as they were told step by step."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.kept = Dependencies()
        self.tasks: dict[str, tuple[str, bool, Needs | None]] = {}
        self.told: dict[str, tuple[bool, tuple[str, ...]]] = {}

    def step(self) -> None:
        name = f"t{self.random.randint(0, 9)}"
        there = self.tasks.get(name)
        if there is not None and self.random.random() < 0.3:
            self.kept.drop(name, there[0])
            del self.tasks[name]
            self.told.pop(name, None)
        elif there is None:
            wanted = some_needs(self.random) if self.random.random() < 0.8 else None
            self.tell(name, self.random.choice(IDS), satisfied=False, wanted=wanted)
        else:
            self.tell(name, there[0], satisfied=self.random.random() < 0.5, wanted=None)
        for name in self.kept.take_news():
            self.told[name] = (self.kept.blocks(name), self.kept.cycle_of(name))

    def tell(self, name: str, task_id: str, *, satisfied: bool, wanted: Needs | None) -> None:
        self.tasks[name] = (task_id, satisfied, wanted)
        tell(self.kept, name, *self.tasks[name])

    def check(self) -> None:
        names = list(self.tasks)
        self.random.shuffle(names)
        fresh = Dependencies()
        for name in names:
            tell(fresh, name, *self.tasks[name])
        for name, (_, _, wanted) in self.tasks.items():
            unmet = self.unmet(wanted) if wanted else []
            assert list(self.kept.unmet(name)) == list(fresh.unmet(name)) == unmet
            assert self.kept.blocks(name) == fresh.blocks(name) == bool(unmet)
            assert self.kept.cycle_of(name) == fresh.cycle_of(name) == self.cycle(name)
            if wanted:
                assert self.told[name] == (self.kept.blocks(name), self.kept.cycle_of(name)), "no news of a change"

    def unmet(self, wanted: Needs) -> list[Key]:
        met = {key for task_id, satisfied, _ in self.tasks.values() if satisfied for key in readings(task_id)}
        numbers = [number for start, end in wanted.ranges for number in range(start, end + 1)]
        return [key for key in [*wanted.ids, *numbers] if key not in met]

    def cycle(self, name: str) -> tuple[str, ...]:
        way = [name]
        while True:
            wanted = self.tasks[way[-1]][2]
            unmet = self.unmet(wanted) if wanted else []
            next_ = [n for n, (task_id, _, _) in self.tasks.items() if unmet and unmet[0] in readings(task_id)]
            if len(next_) != 1:
                return ()
            if next_[0] == name:
                least = way.index(min(way))
                return tuple(way[least:] + way[:least])
            if next_[0] in way:
                return ()
            way.append(next_[0])


def tell(known: Dependencies, name: str, task_id: str, satisfied: bool, wanted: Needs | None) -> None:
    known.put(name, task_id, satisfied=satisfied)
    if wanted is None:
        known.let_go(name)
    else:
        known.hold(name, task_id, wanted)


@pytest.mark.parametrize("seed", range(60))
def test_what_is_known_is_a_function_of_the_tasks_that_are_there(seed: int) -> None:
    history = History(seed)
    for _ in range(120):
        history.step()
        history.check()
