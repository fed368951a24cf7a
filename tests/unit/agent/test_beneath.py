"""No name, link or race leads out of the directory."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest
from millpond.agent.beneath import MissingFileError, RefusedPathError, make_directory, open_file, parts_of

from .conftest import NodeDirectory

UPS = [f"{'../' * depth}{target}" for depth in range(1, 11) for target in ("secret.txt", "etc/passwd", "node/x", ".")]
INSIDE_OUT = [f"wd/{'../' * depth}secret.txt" for depth in range(1, 11)]
DISGUISED = [
    f"{before}..{after}"
    for before in ("", "./", "wd/./", ".//", "wd//", "wd/out/deep/")
    for after in ("", "/", "/.", "/stdout.txt", "//secret.txt")
]
ABSOLUTE = ["/", "//", "/etc/passwd", "//etc/passwd", "/.", "/..", "/proc/self/environ", "/mnt/batch/tasks", "/./x"]
TOO_LONG = ["a" * 256, "é" * 128, "a/" * 2100, "d/" * 129 + "f", "x" * 5000]
NULS = ["\0", "wd\0", "wd/a.png\0.txt", "\0/etc/passwd", "stdout.txt\0"]
HOSTILE = sorted({*UPS, *INSIDE_OUT, *DISGUISED, *ABSOLUTE, *TOO_LONG, *NULS})

HARMLESS_BUT_ABSENT = [
    "...", "....", "..a", "a..", "~", "~root", "$HOME", "%2e%2e", "%2e%2e%2fsecret.txt", "..\\secret.txt", "C:\\x",
    "．．/secret.txt", "‥/secret.txt", "stdout.txt ", " stdout.txt", "STDOUT.TXT", "wd\n", "-rf", "--help", "*", "a;b",
    "`id`", "$(id)", "a|b", "wd/a.png.", "\x1b[31m", "\u202e", "a\\/b", ".. /secret.txt", "wd/.. ",
]  # fmt: skip


def test_the_corpus_is_large() -> None:
    assert len(HOSTILE) + len(HARMLESS_BUT_ABSENT) >= 100


@pytest.mark.parametrize("path", HOSTILE, ids=lambda p: repr(p)[:40])
def test_hostile_names_are_refused_before_anything_is_opened(path: str) -> None:
    with pytest.raises(RefusedPathError) as refused:
        parts_of(path)
    assert ": " in str(refused.value)


@pytest.mark.parametrize("path", HARMLESS_BUT_ABSENT, ids=lambda p: repr(p)[:40])
def test_odd_names_mean_themselves_and_nothing_else(node: NodeDirectory, path: str) -> None:
    with pytest.raises(MissingFileError):
        open_file(node.base, parts_of(path))


@pytest.mark.parametrize("path", ["stdout.txt", "wd/a.png", "./wd//out/./b.png", "wd/out/deep/c d.png"])
def test_plain_files_open(node: NodeDirectory, path: str) -> None:
    os.close(open_file(node.base, parts_of(path)))


@pytest.mark.parametrize("path", ["", ".", "wd", "wd/out"])
def test_directories_are_no_files(node: NodeDirectory, path: str) -> None:
    with pytest.raises(RefusedPathError, match="name a file"):
        open_file(node.base, parts_of(path))


LINKS = {
    "to a file outside": ("link", "../../../../../secret.txt", "link"),
    "to an absolute path": ("link", "/etc/passwd", "link"),
    "to a directory outside": ("link", "../../../../..", "link/secret.txt"),
    "to the directory itself": ("link", ".", "link/stdout.txt"),
    "to a file inside": ("link", "stdout.txt", "link"),
    "to nothing": ("link", "nowhere", "link"),
    "to itself": ("link", "link", "link/x"),
    "further down": ("wd/out/link", "/", "wd/out/link/etc/passwd"),
    "to a process's root": ("link", "/proc/self/root", "link/etc/passwd"),
}


@pytest.mark.parametrize("case", LINKS)
def test_links_are_not_followed_wherever_they_lead(node: NodeDirectory, case: str) -> None:
    name, target, path = LINKS[case]
    (node.task / name).symlink_to(target)
    with pytest.raises(RefusedPathError, match="links are not followed"):
        open_file(node.base, parts_of(path))


def test_pipes_sockets_and_devices_are_refused_at_once(node: NodeDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(node.task / "fifo")
    monkeypatch.chdir(node.task)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        for name in ("fifo", "socket"):
            with pytest.raises(RefusedPathError):
                open_file(node.base, (name,))


def test_a_directory_swapped_for_a_link_again_and_again_never_leads_out(node: NodeDirectory) -> None:
    """The race that a check before the use would lose: the name is now a directory, now a link to one outside."""
    inside, spare, name = b"inside", node.task / "spare", node.task / "wd2"
    outside = node.root.parent / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"outside")
    spare.mkdir()
    (spare / "file").write_bytes(inside)
    link = node.task / "link"
    link.symlink_to(outside)
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            spare.rename(name)
            name.rename(spare)
            link.rename(name)
            name.rename(link)

    racer = threading.Thread(target=swap)
    racer.start()
    read: set[bytes] = set()
    try:
        for _ in range(20_000):
            try:
                descriptor = open_file(node.base, ("wd2", "file"))
            except RefusedPathError:
                continue
            read.add(os.read(descriptor, 10))
            os.close(descriptor)
    finally:
        stop.set()
        racer.join()
    assert read <= {inside}


def test_make_directory_refuses_what_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path)
    base = os.open(tmp_path, os.O_RDONLY)
    try:
        for name in ("file", "link"):
            with pytest.raises(RefusedPathError):
                make_directory(base, name, 0o755, (os.getuid(), os.getgid()))
    finally:
        os.close(base)
