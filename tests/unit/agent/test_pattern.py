"""Patterns mean what a user of a shell expects."""

from __future__ import annotations

import pytest
from millpond.agent.beneath import RefusedPathError
from millpond.agent.pattern import matcher

PATHS = ["stdout.txt", "wd", "wd/a.png", "wd/b.jpg", "wd/out", "wd/out/c.png", "wd/out/deep/d.png", "wd/[x].png", "w.d"]

CASES = {
    (): PATHS,
    ("stdout.txt",): ["stdout.txt"],
    ("wd/out",): ["wd/out", "wd/out/c.png", "wd/out/deep/d.png"],
    ("wd/out/",): ["wd/out", "wd/out/c.png", "wd/out/deep/d.png"],
    ("wd/*.png",): ["wd/a.png", "wd/[x].png"],
    ("**/*.png",): ["wd/a.png", "wd/out/c.png", "wd/out/deep/d.png", "wd/[x].png"],
    ("wd/**/d.png",): ["wd/out/deep/d.png"],
    ("wd/**",): [path for path in PATHS if path.startswith("wd/")],
    ("**",): PATHS,
    ("*",): ["stdout.txt", "wd", "w.d"],
    ("w?d",): ["w.d"],
    ("wd/[ab].*",): ["wd/a.png", "wd/b.jpg"],
    ("wd/[!a].*",): ["wd/b.jpg"],
    ("wd/[[]x].png",): ["wd/[x].png"],
    ("stdout.txt", "wd/a*"): ["stdout.txt", "wd/a.png"],
    ("nothing",): [],
    (".",): PATHS,
}


@pytest.mark.parametrize("patterns", CASES, ids=repr)
def test_patterns(patterns: tuple[str, ...]) -> None:
    wanted = matcher(patterns)
    assert [path for path in PATHS if wanted(path)] == CASES[patterns]


@pytest.mark.parametrize("pattern", ["../*", "/etc/*", "wd/../../*", "**/.."])
def test_patterns_that_lead_out_are_refused(pattern: str) -> None:
    with pytest.raises(RefusedPathError):
        matcher((pattern,))
