"""A set of integers kept as intervals is the same set."""

from random import Random

from millpond.scheduling.intervals import IntegerSet


def test_it_holds_what_a_plain_set_holds() -> None:
    random, plain, merged = Random(1), set[int](), IntegerSet()
    for _ in range(4000):
        number = random.randint(-30, 30)
        if random.random() < 0.55:
            plain.add(number)
            merged.add(number)
        else:
            plain.discard(number)
            merged.discard(number)
        asked = random.randint(-35, 35)
        assert (asked in merged) == (asked in plain)
        missing = asked
        while missing in plain:
            missing += 1
        assert merged.first_missing(asked) == missing


def test_a_run_is_one_interval() -> None:
    merged = IntegerSet()
    for number in (*range(0, 1000, 2), *range(1, 1000, 2)):
        merged.add(number)
    assert merged.first_missing(0) == 1000
    assert merged._starts == [0]
