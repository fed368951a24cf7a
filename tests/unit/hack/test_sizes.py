"""The size check: files, functions, names."""

from pathlib import Path

import pytest
from checks.sizes import faults, long_functions, remarks


def a_file(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def a_function(lines: int) -> str:
    return "def long():\n" + "    x = 1\n" * (lines - 1)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("room/subject.py", "x = 1\n", None),
        ("room/subject.py", "x = 1\n" * 400, None),
        ("room/subject.py", "x = 1\n" * 401, "401 lines"),
        ("room/subject.go", "// x\n" * 401, "401 lines"),
        ("room/utils.py", "x = 1\n", "the name utils"),
        ("common/subject.py", "x = 1\n", "the name common"),
        ("room/Helpers.go", "// x\n", "the name Helpers"),
        ("room/job_manager.py", "x = 1\n", None),
        ("room/subject.py", a_function(60), None),
        ("room/subject.py", a_function(61), "long has 61 lines"),
        ("room/subject.py", "def broken(:\n", None),
    ],
)
def test_what_is_too_large_or_says_nothing_is_a_fault(tmp_path: Path, name: str, text: str, words: str | None) -> None:
    found = list(faults(a_file(tmp_path, name, text), tmp_path))
    assert (words is None) == (found == [])
    assert words is None or words in found[0]


@pytest.mark.parametrize(("lines", "told"), [(40, False), (41, True), (60, True), (61, False)])
def test_what_is_nearly_too_long_is_remarked(tmp_path: Path, lines: int, told: bool) -> None:
    assert bool(list(remarks(a_file(tmp_path, "room/subject.py", a_function(lines)), tmp_path))) is told


def test_methods_and_coroutines_count() -> None:
    text = "class A:\n    async def f(self):\n" + "        x = 1\n" * 50
    assert list(long_functions(text, 40)) == [("f", 51)]
