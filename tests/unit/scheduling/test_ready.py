"""The queue of one job: oldest first, by demand, with stale entries skipped."""

from __future__ import annotations

import random

from millpond.scheduling.demand import Demand
from millpond.scheduling.ready import ReadyQueue, Ticket

ONE, TWO = Demand(1), Demand(2)
WAITS: dict[Ticket, Demand] = {}


def a_queue(waits: dict[Ticket, Demand]) -> ReadyQueue:
    queue = ReadyQueue(lambda ticket, demand: waits.get(ticket) == demand)
    for ticket, demand in waits.items():
        queue.push(ticket, demand)
    return queue


def test_the_oldest_comes_first_whatever_it_asks_for() -> None:
    queue = a_queue({("2", "b"): ONE, ("1", "z"): TWO, ("1", "y"): ONE})
    assert queue.head(()) == (("1", "y"), ONE)
    assert queue.head({ONE}) == (("1", "z"), TWO)
    assert queue.head({ONE, TWO}) is None


def test_the_head_stays_until_it_is_taken() -> None:
    waits = {("1", "a"): ONE, ("2", "b"): ONE}
    queue = a_queue(waits)
    assert queue.head(()) == queue.head(())
    del waits["1", "a"]
    assert queue.head(()) == (("2", "b"), ONE)
    del waits["2", "b"]
    assert queue.head(()) is None


def test_a_task_that_comes_back_keeps_its_place() -> None:
    waits = {("1", "a"): ONE, ("2", "b"): ONE}
    queue = a_queue(waits)
    del waits["1", "a"]
    assert queue.head(()) == (("2", "b"), ONE)
    waits["1", "a"] = ONE
    queue.push(("1", "a"), ONE)
    assert queue.head(()) == (("1", "a"), ONE)


def test_a_task_pushed_twice_is_served_once() -> None:
    waits = {("1", "a"): ONE}
    queue = a_queue(waits)
    queue.push(("1", "a"), ONE)
    del waits["1", "a"]
    assert queue.head(()) is None


def test_what_waits_is_counted_up_to_a_bound() -> None:
    waits = {("3", "a"): ONE, ("2", "b"): ONE, ("1", "c"): TWO, ("4", "d"): ONE, ("5", "gone"): ONE}
    queue = a_queue(waits)
    del waits["5", "gone"]
    queue.push(("3", "a"), ONE)
    assert list(queue.amounts(9).items()) == [(TWO, 1), (ONE, 3)]
    assert queue.amounts(2) == {TWO: 1, ONE: 2}
    waits.clear()
    assert queue.amounts(9) == {}


def test_it_equals_sorting_on_random_histories() -> None:
    chance = random.Random(3)
    waits: dict[Ticket, Demand] = {}
    queue = a_queue(waits)
    for _ in range(5_000):
        if chance.random() < 0.6:
            ticket = str(chance.randrange(50)), chance.choice("abc")
            if ticket not in waits:
                waits[ticket] = chance.choice((ONE, TWO))
                queue.push(ticket, waits[ticket])
        elif waits:
            del waits[chance.choice(sorted(waits))]
        blocked = {ONE} if chance.random() < 0.3 else set[Demand]()
        allowed = [ticket for ticket, demand in waits.items() if demand not in blocked]
        found = queue.head(blocked)
        assert (found[0] if found else None) == min(allowed, default=None)
