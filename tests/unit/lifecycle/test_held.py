"""What nodes say that they hold, written and read, and the words for deleting it."""

from __future__ import annotations

import pytest
from millpond.lifecycle.held import Held, order_for, read_held, write_held

ONE = Held("frames", "1", "frame-1", "0f3c-a")


def test_what_is_written_is_read() -> None:
    held = [ONE, Held("a.b", "B_1", "c", "d")]
    assert list(read_held("".join(write_held(held)))) == held


@pytest.mark.parametrize(
    "odd",
    [
        ONE._replace(id="a b"),
        ONE._replace(job="a\nframes 2 frame-2 u"),
        ONE._replace(owner=""),
        ONE._replace(uid="é"),
        ONE._replace(uid="u" * 254),
    ],
)
def test_names_that_cannot_be_are_left_out(odd: Held) -> None:
    assert list(write_held([odd, ONE])) == ["frames 1 frame-1 0f3c-a\n"]


@pytest.mark.parametrize("line", ["", "frames 1 frame-1", "frames 1 frame-1 u v", "frames  frame-1 u", "# frames"])
def test_lines_that_say_something_else_are_passed_over(line: str) -> None:
    assert list(read_held(f"{line}\nframes 1 frame-1 0f3c-a\n")) == [ONE]


def test_an_order_means_one_directory_of_one_owner() -> None:
    others = [ONE._replace(uid="other"), ONE._replace(id="2"), ONE._replace(job="f", id="rames1")]
    orders = {order_for(held) for held in [ONE, *others]}
    assert len(orders) == 4
    assert {len(order) for order in orders} == {13}
    assert order_for(ONE._replace(owner="renamed")) == order_for(ONE)
