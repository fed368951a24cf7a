"""Each end is counted once, in the order of its number, and none before those that are still being written."""

from __future__ import annotations

import pytest
from millpond.api.computenode import NodeTotals, RecentTask
from millpond.api.reasons import TaskResult
from millpond.control.node_tally import Ended, NodeTally

GOOD, BAD = TaskResult.SUCCESS, TaskResult.FAILURE


def ended(task: str, result: TaskResult = GOOD) -> Ended:
    return Ended("film", task, result, 0 if result is GOOD else 1)


def test_each_end_has_a_number_of_its_own() -> None:
    tally = NodeTally()
    assert [tally.begin() for _ in range(3)] == [1, 2, 3]


def test_an_end_told_of_twice_counts_once() -> None:
    tally = NodeTally()
    number = tally.begin()
    for _ in range(2):
        tally.end(number, ended("a", BAD))
        tally.settle()
    tally.end(number, ended("a", BAD))
    tally.settle()
    assert (tally.run, tally.succeeded, tally.through, list(tally.recent)) == (1, 0, 1, [ended("a", BAD)])


def test_nothing_is_counted_beyond_an_end_that_is_still_being_written() -> None:
    tally = NodeTally()
    first, second = tally.begin(), tally.begin()
    tally.end(second, ended("b"))
    tally.settle()
    assert (tally.run, tally.through) == (0, 0)
    tally.end(first, ended("a"))
    tally.settle()
    assert (tally.run, tally.through, list(tally.recent)) == (2, 2, [ended("a"), ended("b")])


def test_an_end_that_was_not_written_holds_nothing_up() -> None:
    tally = NodeTally()
    first, second = tally.begin(), tally.begin()
    tally.end(second, ended("b"))
    tally.drop(first)
    tally.settle()
    assert (tally.run, tally.through) == (1, 2)


def test_what_was_not_written_is_no_news() -> None:
    tally = NodeTally()
    tally.drop(tally.begin())
    tally.settle()
    assert (tally.run, tally.through) == (0, 0)


@pytest.mark.parametrize(
    ("numbers", "counts"), [((), (7, 5, 9)), ((8, 9), (7, 5, 9)), ((9, 10), (8, 6, 10)), ((10, 12), (9, 7, 12))]
)
def test_who_comes_after_counts_what_the_status_does_not_tell_of(
    numbers: tuple[int, ...], counts: tuple[int, int, int]
) -> None:
    tally = NodeTally()
    told = NodeTotals(tasks_run=7, tasks_succeeded=5, counted_through=9)
    tally.recall(told, (RecentTask(job_name="film", task_name="z", result=BAD, exit_code=1),))
    for number in numbers:
        tally.end(number, ended(f"t{number}"))
    tally.settle()
    assert (tally.run, tally.succeeded, tally.through) == counts
    assert tally.recent[0] == ended("z", BAD)
    assert tally.begin() > counts[2]


def test_two_ends_of_one_number_are_two() -> None:
    # The last write of an operator that was killed may arrive after its successor has given the number again.
    tally = NodeTally()
    tally.end(1, ended("a"))
    tally.end(1, ended("b"))
    tally.settle()
    assert tally.run == 2
