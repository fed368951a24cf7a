"""Patterns of output files mean what azure-batch-semantics §7.4 says, whichever way they are written."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from millpond.api.filepattern import FilePattern, FilePatternError, expanded, parse_pattern, variables_in

ROOT = "/mnt/batch/tasks"
TASK = ("workitems", "j", "job-1", "t")
WORKING = (*TASK, "wd")

FILES = [
    "a.gif", "b.gif", ".a.gif", "out/c.gif", "out/deep/d.gif", "out/.tmp/e.gif", ".git/f.gif", "out/a.txt", "x1", "x2",
    "x3", "x-", "x]", "x*", "x?", "x[", "x\\", "xé", "é", "x!", "x^", "$HOME", "a\nb",
]  # fmt: skip

MEANT = {
    "*.gif": ["a.gif", "b.gif"],
    ".*.gif": [".a.gif"],
    "?.gif": ["a.gif", "b.gif"],
    "[!a].gif": ["b.gif"],
    "[.]a.gif": [".a.gif"],
    "[.]*.gif": [".a.gif"],
    "[.!]a.gif": [],
    "**/*.gif": ["a.gif", "b.gif", "out/c.gif", "out/deep/d.gif"],
    "out/**/*.gif": ["out/c.gif", "out/deep/d.gif"],
    "out/**": ["out/c.gif", "out/deep/d.gif", "out/a.txt"],
    "**/deep/**": ["out/deep/d.gif"],
    "**/**/d.gif": ["out/deep/d.gif"],
    "**/.*/*": ["out/.tmp/e.gif", ".git/f.gif"],
    "**/.tmp/**": ["out/.tmp/e.gif"],
    "*/*": ["out/c.gif", "out/a.txt"],
    "*/**": ["out/c.gif", "out/deep/d.gif", "out/a.txt"],
    "o*t/?.txt": ["out/a.txt"],
    "a**f": ["a.gif"],
    "out/a.txt": ["out/a.txt"],
    "./out//./a.txt": ["out/a.txt"],
    "../wd/out/a.txt": ["out/a.txt"],
    "out/../x1": ["x1"],
    f"{ROOT}/{'/'.join(WORKING)}/x1": ["x1"],
    "nothing": [],
    "out": [],
    "x[12]": ["x1", "x2"],
    "x[1-3]": ["x1", "x2", "x3"],
    "x[1-24-9]": ["x1", "x2"],
    "x[!1-3]": ["x-", "x]", "x*", "x?", "x[", "x\\", "xé", "x!", "x^"],
    "x[*]": ["x*"],
    "x[?]": ["x?"],
    "x[[]": ["x["],
    "x[]]": ["x]"],
    "x[]1]": ["x1", "x]"],
    "x[!]-]": ["x1", "x2", "x3", "x*", "x?", "x[", "x\\", "xé", "x!", "x^"],
    "x[-1]": ["x1", "x-"],
    "x[1-]": ["x1", "x-"],
    "x[^]": ["x^"],
    "x[^1]": ["x1", "x^"],
    "x[1!]": ["x1", "x!"],
    "x[a-z]": [],
    "x[é]": ["xé"],
    "x[": ["x["],
    "x[!": [],
    "x\\": ["x\\"],
    "[$]HOME": ["$HOME"],
    "?": ["é"],
    "a*b": ["a\nb"],
    "X1": [],
}


@pytest.mark.parametrize("text", MEANT, ids=repr)
def test_what_a_pattern_means(text: str) -> None:
    pattern = parse_pattern(text, ROOT, WORKING)
    assert pattern.base[: len(WORKING)] == WORKING
    below = [tuple(path.split("/")) for path in FILES]
    here = [(*WORKING, *path) for path in below]
    meant = ["/".join(path[len(WORKING) :]) for path in here if _means(pattern, path)]
    assert meant == MEANT[text]


def _means(pattern: FilePattern, path: tuple[str, ...]) -> bool:
    count = len(pattern.base)
    return path[:count] == pattern.base and pattern.matches(path[count:])


@pytest.mark.parametrize(
    ("text", "base", "wildcard"),
    [
        ("*.png", WORKING, True),
        ("out/*.png", (*WORKING, "out"), True),
        ("out/a.png", (*WORKING, "out"), False),
        ("out/[*].png", (*WORKING, "out"), False),
        ("../std*.txt", TASK, True),
        ("../stdout.txt", TASK, False),
        ("../../other/wd/*", (*TASK[:3], "other", "wd"), True),
        (f"{ROOT}/shared/x", ("shared",), False),
        (f"{ROOT}/*", (), True),
        (f"{ROOT}/shared/../x", (), False),
        ("**", WORKING, True),
        ("*/b/*", WORKING, True),
    ],
)
def test_where_the_search_begins(text: str, base: tuple[str, ...], wildcard: bool) -> None:
    pattern = parse_pattern(text, ROOT, WORKING)
    assert (pattern.base, pattern.wildcard) == (base, wildcard)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("a\0b", "NUL"),
        ("a" * 4097, "too long"),
        ("out/", "names a directory: write 'out/\\*\\*'"),
        ("*/../x", "'..' after a wildcard"),
        ("/etc/passwd", "leaves the node directory"),
        ("/mnt/batch/tasks-of-others/x", "leaves the node directory"),
        ("/mnt/*/tasks/x", "leaves the node directory"),
        ("../../../../../../etc/passwd", "leaves the node directory"),
        ("../../../../../..", "leaves the node directory"),
        ("/..", "leaves the node directory"),
        (ROOT, "leaves the node directory"),
        ("../../../../..", "leaves the node directory"),
        ("x[c-a]", "the range c-a in \\[c-a\\] is empty: write a-c"),
    ],
)
def test_patterns_that_mean_no_file_are_refused(text: str, why: str) -> None:
    with pytest.raises(FilePatternError, match=why):
        parse_pattern(text, ROOT, WORKING)


VARIABLES = {"A": "one", "B": "$A", "AB": "both", "STAR": "*.png", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("$A/x", "one/x"),
        ("${A}B", "oneB"),
        ("$AB", "both"),
        ("$A.$A", "one.one"),
        ("$B", "$A"),
        ("$STAR", "*.png"),
        ("$EMPTY*", "*"),
        ("$", "$"),
        ("[$]A", "[$]A"),
        ("$1", "$1"),
        ("a$", "a$"),
        ("$$A", "$one"),
    ],
)
def test_variables_are_replaced_once(text: str, told: str) -> None:
    assert expanded(text, VARIABLES) == told


@pytest.mark.parametrize("text", ["$NONE", "${NONE}", "${}", "${A B}", "x/$a"])
def test_an_unknown_variable_is_refused(text: str) -> None:
    with pytest.raises(FilePatternError, match="which the task's environment does not have"):
        expanded(text, VARIABLES)


def test_the_variables_of_a_pattern() -> None:
    assert variables_in("$A/${B.c}/[$]D/$$E") == {"A", "B.c", "E"}


def by_definition(elements: list[str], names: tuple[str, ...]) -> bool:
    """A second reading of §7.4, straight from its words and slow."""
    if not elements:
        return not names
    first, rest = elements[0], elements[1:]
    if first == "**":
        if not rest:
            return bool(names) and not any(name.startswith(".") for name in names)
        return by_definition(rest, names) or (
            bool(names) and not names[0].startswith(".") and by_definition(elements, names[1:])
        )
    return bool(names) and _fits(first, names[0], at_start=True) and by_definition(rest, names[1:])


def _fits(text: str, name: str, *, at_start: bool = False) -> bool:
    if not text:
        return not name
    if name.startswith(".") and at_start and text[0] != ".":
        return False
    if text[0] == "*":
        return any(_fits(text[1:], name[count:]) for count in range(len(name) + 1))
    if not name:
        return False
    if text[0] == "[":
        inside, _, rest = text[1:].partition("]")
        chosen = name[0] in inside.removeprefix("!")
        return chosen is not inside.startswith("!") and _fits(rest, name[1:])
    return text[0] in ("?", name[0]) and _fits(text[1:], name[1:])


_CHARACTERS = st.sampled_from(["a", "b", ".", "*", "?", "[ab]", "[!a]", "[*a]", "[?b.]"])
_ELEMENTS = st.lists(st.one_of(st.just("**"), st.lists(_CHARACTERS, min_size=1, max_size=4).map("".join)), min_size=1)
_NAMES = st.lists(st.text("ab.*", min_size=1, max_size=4).filter(lambda name: name not in (".", "..")), min_size=1)


@given(elements=_ELEMENTS.filter(lambda e: not {".", ".."} & set(e)), names=_NAMES)
def test_patterns_mean_what_their_definition_says(elements: list[str], names: list[str]) -> None:
    pattern = parse_pattern("/".join(elements), ROOT, WORKING)
    assert _means(pattern, (*WORKING, *names)) is by_definition([_plain(e) for e in elements], tuple(names))


def _plain(element: str) -> str:
    """Neighbouring stars are one, and alone they would mean something else."""
    return element if element == "**" else re.sub(r"\*+", "*", element)


def test_no_name_takes_long() -> None:
    pattern = parse_pattern("*a" * 100 + "b", ROOT, WORKING)
    started = time.process_time()
    assert not pattern.matches(("a" * 255,))
    assert time.process_time() - started < 1.0
