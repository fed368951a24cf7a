"""Copies arrive whole, whatever becomes of the stream: nothing comes twice, and nothing half has a name."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from millpond.cli import agents, fetch
from millpond.cluster.errors import UnavailableError
from support.commandline import serve_node

from .conftest import Shell

DIRECTORY = "workitems/frames/job-1/frame-1"
CONTENT = bytes(range(256)) * 40


class Wire:
    """What goes over it, and where it breaks: after so many bytes of each question, one after the other."""

    def __init__(self) -> None:
        self.breaks: list[int | None] = []
        self.asked: list[tuple[str, ...]] = []

    def between(self, honest: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def execute(*given: Any, **more: Any) -> Any:
            command, stdout = given[4], given[5]
            self.asked.append(command[3:])
            left = self.breaks.pop(0) if self.breaks and command[3] in ("cat", "tar") else None
            if left is None:
                return await honest(*given, **more)
            came = bytearray()

            async def gather(chunk: bytes) -> None:
                came.extend(chunk)

            await honest(*given[:5], gather, **more)
            await stdout(bytes(came[:left]))
            raise UnavailableError("The stream broke")

        return execute

    def questions(self, what: str) -> list[tuple[str, ...]]:
        return [asked for asked in self.asked if asked[0] == what]


@pytest.fixture
def wire(shell: Shell, node_directory: Path, monkeypatch: pytest.MonkeyPatch) -> Wire:
    serve_node(monkeypatch, node_directory, here=True)
    task = node_directory / DIRECTORY / "wd"
    (task / "out").mkdir(parents=True)
    (task / "large.bin").write_bytes(CONTENT)
    (task / "large.bin").chmod(0o755)
    for name in ("a", "b", "out/c"):
        (task / name).write_bytes(name.encode() * 300)
    status = {"state": "Completed", "result": "Success", "nodeName": "render-a", "directory": DIRECTORY}
    shell.add("tasks", "frame-1", {"jobName": "frames", "commandLine": "true"}, status)
    shell.add("computenodes", "render-a", {"poolName": "render"}, {"podName": "render-a", "hostName": "host-1"})
    made = Wire()
    monkeypatch.setattr(fetch, "LARGE", 5000)
    monkeypatch.setattr(agents, "execute", made.between(agents.execute))
    return made


def get(shell: Shell, target: Path, *patterns: str) -> Any:
    return shell("task", "files", "get", "frame-1", *patterns, "-o", str(target))


def everything(target: Path) -> dict[str, bytes]:
    return {str(path.relative_to(target)): path.read_bytes() for path in target.rglob("*") if path.is_file()}


WHOLE = {"wd/a": b"a" * 300, "wd/b": b"b" * 300, "wd/large.bin": CONTENT, "wd/out/c": b"out/c" * 300}


def test_small_files_come_as_one_stream_and_large_ones_by_themselves(shell: Shell, wire: Wire, tmp_path: Path) -> None:
    done = get(shell, tmp_path / "here", "wd")
    assert everything(tmp_path / "here") == WHOLE
    assert len(wire.questions("tar")) == len(wire.questions("cat")) == 1
    assert [line.split()[0] for line in done.stdout.splitlines()] == [f"{tmp_path}/here/{name}" for name in WHOLE]
    assert (tmp_path / "here/wd/large.bin").stat().st_mode & 0o777 == 0o755
    assert done.stderr.startswith("4 files, ")


@pytest.mark.parametrize("large", [0, 1, 4096, len(CONTENT)])
def test_a_large_file_goes_on_where_its_stream_broke(shell: Shell, wire: Wire, tmp_path: Path, large: int) -> None:
    wire.breaks = [large]
    assert get(shell, tmp_path, "wd/large.bin").exit_code == 0
    assert everything(tmp_path) == {"wd/large.bin": CONTENT} | _node_files(tmp_path)
    assert [asked[asked.index("--offset") + 1] for asked in wire.questions("cat")] == ["0", str(large)]


def _node_files(tmp_path: Path) -> dict[str, bytes]:
    """The node's own directory lies there too."""
    return {name: content for name, content in everything(tmp_path).items() if name.startswith("node/")}


@pytest.mark.parametrize("small", [0, 100, 1600, 2100, 3000])
def test_small_files_go_on_after_the_last_whole_one(shell: Shell, wire: Wire, tmp_path: Path, small: int) -> None:
    wire.breaks = [small, small]
    target = tmp_path / "here"
    assert get(shell, target, "wd/a", "wd/b", "wd/out").exit_code == 0
    assert everything(target) == {name: content for name, content in WHOLE.items() if "large" not in name}
    assert len(wire.questions("tar")) == 3


@pytest.mark.parametrize("pattern", ["wd/a", "wd/large.bin"])
def test_a_stream_that_never_brings_anything_is_given_up(
    shell: Shell, wire: Wire, tmp_path: Path, pattern: str
) -> None:
    wire.breaks = [0] * 20
    done = get(shell, tmp_path / "here", pattern)
    assert done.exit_code == 1
    assert "The stream broke" in done.stderr
    assert len(wire.questions("tar")) + len(wire.questions("cat")) == fetch.TRIES
    assert not any(not name.endswith(".part") for name in everything(tmp_path / "here"))


def test_the_next_call_goes_on_with_what_the_last_one_left(shell: Shell, wire: Wire, tmp_path: Path) -> None:
    target = tmp_path / "here"
    wire.breaks = [5000, *[0] * fetch.TRIES]
    assert get(shell, target, "wd/large.bin").exit_code == 1
    (part,) = everything(target)
    assert part.startswith("wd/.large.bin.")
    wire.asked.clear()
    assert get(shell, target, "wd/large.bin").exit_code == 0
    assert everything(target) == {"wd/large.bin": CONTENT}
    assert [asked[asked.index("--offset") + 1] for asked in wire.questions("cat")] == ["5000"]


def test_of_another_version_nothing_is_used_or_left(
    shell: Shell, wire: Wire, tmp_path: Path, node_directory: Path
) -> None:
    target = tmp_path / "here"
    wire.breaks = [5000, *[0] * fetch.TRIES]
    get(shell, target, "wd/large.bin")
    path = node_directory / DIRECTORY / "wd/large.bin"
    path.write_bytes(CONTENT[::-1])
    os.utime(path, (1, 1))
    assert get(shell, target, "wd/large.bin").exit_code == 0
    assert everything(target) == {"wd/large.bin": CONTENT[::-1]}


def test_one_that_shrinks_meanwhile_is_fetched_anew(
    shell: Shell, wire: Wire, tmp_path: Path, node_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "here"
    path = node_directory / DIRECTORY / "wd/large.bin"
    honest = fetch.Fetch._receive

    async def shrinks(self: fetch.Fetch, *given: Any) -> Any:
        broken = await honest(self, *given)
        path.write_bytes(b"short")
        return broken

    monkeypatch.setattr(fetch.Fetch, "_receive", shrinks)
    wire.breaks = [9000]
    assert get(shell, target, "wd/large.bin").exit_code == 0
    assert everything(target) == {"wd/large.bin": b"short"}


def test_a_link_in_the_place_of_a_part_is_not_followed(shell: Shell, wire: Wire, tmp_path: Path) -> None:
    target, outside = tmp_path / "here", tmp_path / "outside"
    outside.write_text("mine")
    wire.breaks = [0] * 20
    get(shell, target, "wd/large.bin")
    (part,) = everything(target)
    (target / part).unlink()
    (target / part).symlink_to(outside)
    wire.breaks = []
    done = get(shell, target, "wd/large.bin")
    assert (done.exit_code, "cannot be written" in done.stderr) == (1, True)
    assert outside.read_text() == "mine"
