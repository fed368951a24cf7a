"""What patterns of output files find on a disk, and where it goes; nothing leads out of the node directory."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from millpond.agent import outputs
from millpond.agent.beneath import RefusedPathError, open_root
from millpond.agent.outputs import find_outputs
from millpond.api.filepattern import parse_pattern

WORKING = ("workitems", "j", "t", "wd")
FILES = (
    "a.png", "b.png", ".c.png", "out/a.png", "out/deep/d.png", "out/deep/d.txt", "out/.tmp/e.png", "ab/ba/a",
    "ab/b.a/b", "ab/.a/b", "b/a", "../stdout.txt", "../stderr.txt",
)  # fmt: skip


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node directory with a task's files, made once."""
    root = tmp_path_factory.mktemp("node")
    for name in FILES:
        file = root.joinpath(*WORKING, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return root


@pytest.fixture(scope="module")
def opened(node: Path) -> Iterator[int]:
    descriptor = open_root(str(node))
    yield descriptor
    os.close(descriptor)


def found(root: int, text: str, path: str | None = None, working: tuple[str, ...] = WORKING) -> list[tuple[str, str]]:
    """Pairs of a file, below the working directory where it is, and its blob."""
    pattern = parse_pattern(text, "/node", working)
    own = "/".join(working) + "/"
    return [("/".join(each.parts).removeprefix(own), each.blob) for each in find_outputs(root, pattern, path)]


@pytest.mark.parametrize(
    ("text", "path", "pairs"),
    [
        ("a.png", None, [("a.png", "a.png")]),
        ("a.png", "result", [("a.png", "result")]),
        ("a.png", "42/result.png", [("a.png", "42/result.png")]),
        ("out/a.png", None, [("out/a.png", "a.png")]),
        ("*.png", None, [("a.png", "a.png"), ("b.png", "b.png")]),
        ("*.png", "42", [("a.png", "42/a.png"), ("b.png", "42/b.png")]),
        ("out/*.png", "42", [("out/a.png", "42/a.png")]),
        (
            "**/*.png",
            "42",
            [
                ("a.png", "42/a.png"),
                ("b.png", "42/b.png"),
                ("out/a.png", "42/out/a.png"),
                ("out/deep/d.png", "42/out/deep/d.png"),
            ],
        ),
        ("out/**", None, [("out/a.png", "a.png"), ("out/deep/d.png", "deep/d.png"), ("out/deep/d.txt", "deep/d.txt")]),
        ("../stdout.txt", None, [("workitems/j/t/stdout.txt", "stdout.txt")]),
        (
            "../std*.txt",
            "logs",
            [("workitems/j/t/stderr.txt", "logs/stderr.txt"), ("workitems/j/t/stdout.txt", "logs/stdout.txt")],
        ),
        ("/node/workitems/*/t/wd/a.png", "x", [("a.png", "x/j/t/wd/a.png")]),
        ("nothing.png", None, []),
        ("nowhere/*.png", None, []),
        ("out", None, []),
        ("*", None, [("a.png", "a.png"), ("b.png", "b.png")]),
    ],
)
def test_files_and_their_blobs(opened: int, text: str, path: str | None, pairs: list[tuple[str, str]]) -> None:
    assert found(opened, text, path) == pairs


_ELEMENTS = st.lists(
    st.sampled_from(["a", "b", "ab", ".", "*", "?", "[ab]", "[!a]", ".png", "out", "deep", "d"]), min_size=1, max_size=3
).map("".join)


@given(elements=st.lists(st.one_of(st.just("**"), _ELEMENTS), min_size=1, max_size=4))
def test_a_walk_finds_what_the_standard_library_finds(node: Path, opened: int, elements: list[str]) -> None:
    if any(set(element) == {"."} or "**" in element != "**" for element in elements):
        return
    text, here = "/".join(elements), node.joinpath(*WORKING)
    # There, `**` at the end is also no directory at all.
    wanted = f"{text}/*" if elements[-1] == "**" else text
    expected = {path for path in glob.glob(wanted, root_dir=here, recursive=True) if (here / path).is_file()}
    assert {file for file, _ in found(opened, text)} == {os.path.normpath(path) for path in expected}


def test_a_link_that_is_meant_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("others'")
    (tmp_path / "wd" / "real").mkdir(parents=True)
    (tmp_path / "wd" / "real" / "x.png").write_text("own")
    (tmp_path / "wd" / "out.png").symlink_to(tmp_path / "secret")
    (tmp_path / "wd" / "linked").symlink_to("real")
    root = open_root(str(tmp_path))
    for text in ("out.png", "*.png", "**/out.png", "linked", "linked/x.png", "linked/*"):
        with pytest.raises(RefusedPathError, match="links are not followed"):
            found(root, text, working=("wd",))
    assert found(root, "**/x.png", working=("wd",)) == [("real/x.png", "real/x.png")]
    os.close(root)


def test_only_regular_files_are_found(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_text("")
    (tmp_path / "directory").mkdir()
    root = open_root(str(tmp_path))
    assert found(root, "*", working=()) == [("file", "file")]
    os.close(root)


def test_a_name_that_is_no_text_cannot_be_a_blobs(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"x\xff")).write_text("")
    root = open_root(str(tmp_path))
    with pytest.raises(RefusedPathError, match="is not UTF-8: rename the file"):
        found(root, "x*", working=())
    assert [blob for _, blob in found(root, os.fsdecode(b"x\xff"), "named", ())] == ["named"]
    os.close(root)


def test_too_many_and_too_deep_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "MAX_ENTRIES", 3)
    monkeypatch.setattr(outputs, "MAX_DEPTH", 2)
    (tmp_path / "many").mkdir()
    for number in range(4):
        (tmp_path / "many" / str(number)).write_text("")
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_text("")
    root = open_root(str(tmp_path))
    with pytest.raises(RefusedPathError, match="more than 3 files"):
        found(root, "many/*", working=())
    with pytest.raises(RefusedPathError, match="2 directories deep or more"):
        found(root, "a/**", working=())
    os.close(root)
