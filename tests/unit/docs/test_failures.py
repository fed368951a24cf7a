"""The page of failures explains every word that a status can say, and no other."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import pytest
from millpond.api import reasons
from millpond.formula import ErrorCode
from support.failuretable import BY_NAME, CATEGORIES

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "failures.md").read_text()

SECTIONS: dict[str, tuple[type[StrEnum], ...]] = {
    "A task failed": (reasons.FailureCode,),
    "A task waits": (reasons.TaskReason,),
    "A node takes no tasks": (reasons.NodeReason,),
    "A pool has too few nodes": (reasons.PoolReason,),
    "A resize went wrong": (reasons.ResizeErrorCode,),
    "A pool does not follow its formula": (reasons.AutoScaleReason, ErrorCode),
    "A job does not go on": (reasons.JobReason,),
    "A job schedule makes no job": (reasons.JobScheduleReason,),
}
IN_TEXT = (
    reasons.FailureCategory,
    reasons.NodeErrorCode,
    reasons.TerminateReason,
    reasons.JobSchedulingErrorCode,
)


def words_of(title: str) -> list[str]:
    """The words in the first column of the tables below a heading."""
    text = PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]
    cells = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    return [word for cell in cells for word in re.findall(r"`(\w+)`", cell)]


def rows_below(head: str) -> list[tuple[str, str]]:
    """The first two cells of the rows of the table with that head."""
    body = PAGE.split(f"\n{head}\n", 1)[1].split("\n\n", 1)[0].splitlines()[1:]
    return [tuple(cell.strip().strip("`") for cell in row.split("|")[1:3]) for row in body]  # type: ignore[misc]


def test_a_failure_s_category_is_that_of_the_failure_table() -> None:
    told = dict(rows_below("| Code | Category | What happened | What to do |"))
    assert told == {code.value: category.value for code, category in CATEGORIES.items()}


def test_what_is_no_failure_is_booked_as_the_failure_table_says() -> None:
    rows = rows_below("| What happens | Booked as |")
    assert len(rows) > 10
    for name, ledger in rows:
        assert BY_NAME[name].ledger == ledger, name


@pytest.mark.parametrize("title", SECTIONS)
def test_every_word_has_its_line_and_every_line_its_word(title: str) -> None:
    known = {word.value for words in SECTIONS[title] for word in words}
    told = words_of(title)
    assert known - set(told) == set(), "words without a line"
    assert set(told) - known == set(), "lines about words that nothing says"
    assert len(told) == len(set(told)), "words with two lines"


@pytest.mark.parametrize("words", IN_TEXT)
def test_words_of_smaller_lists_are_explained_in_the_text(words: type[StrEnum]) -> None:
    assert not [word.value for word in words if f"`{word.value}`" not in PAGE]
