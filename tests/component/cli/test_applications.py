"""Versions of applications in real stores by the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import zips

from .conftest import Shell, Start


@pytest.fixture
def archive(tmp_path: Path) -> str:
    path = tmp_path / "tool.zip"
    path.write_bytes(zips.app(b"text"))
    return str(path)


def test_a_version_s_life(started: Start, archive: str) -> None:
    shell = started("applications")
    done = shell("app", "push", "blender", "4.2", archive)
    assert done.exit_code == 0, done.output
    assert "blender 4.2: 2 files, 14 B unpacked" in done.stderr
    assert shell("app", "push", "blender", "4.3", archive, "--default").stderr.endswith(
        "4.3 is the default version of blender\n"
    )
    done = shell("app", "push", "blender", "4.2", archive)
    assert (done.exit_code, "versions do not change" in done.stderr) == (1, True)
    lines = shell("app", "list").stdout.splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["APPLICATION", "VERSION", "DEFAULT"],
        ["blender", "4.2", lines[1].split()[2]],
        ["blender", "4.3", "yes"],
    ]
    assert shell("app", "set-default", "blender", "4.2").exit_code == 0
    (document,) = json.loads(shell("app", "list", "-o", "json").stdout)
    assert (document["id"], document["defaultVersion"]) == ("blender", "4.2")
    assert [one["version"] for one in document["versions"]] == ["4.2", "4.3"]
    done = shell("app", "rm", "blender", "4.2")
    assert "blender has no default version any more" in done.stderr
    assert shell("app", "list", "-o", "name").stdout == "blender\n"
    assert shell("app", "rm", "blender", "4.3").exit_code == 0
    assert "There are no applications in " in shell("app", "list").stderr


def test_versions_that_are_not_there(started: Start, archive: str) -> None:
    shell = started("applications")
    shell("app", "push", "tool", "1", archive)
    for command in ("set-default", "rm"):
        done = shell("app", command, "tool", "2")
        assert done.exit_code == 1
        assert "There is no version 2 of tool in " in done.stderr
        assert "There are: 1" in done.stderr
    assert shell("app", "rm", "tool", "1").exit_code == 0


@pytest.mark.parametrize("case", ["text", "cut at its end", "parent", "symbolic link", "encrypted", "wrong checksum"])
def test_what_cannot_be_installed_is_not_pushed(shell: Shell, tmp_path: Path, case: str) -> None:
    make, words = zips.BAD[case]
    (tmp_path / "bad.zip").write_bytes(make())
    done = shell("app", "push", "tool", "1", str(tmp_path / "bad.zip"))
    assert done.exit_code == 1
    assert words in done.stderr


@pytest.mark.parametrize(("identity", "version"), [("a/b", "1"), ("tool", ".1"), ("x" * 65, "1"), ("tool", "1/2")])
def test_names_that_are_none(shell: Shell, archive: str, identity: str, version: str) -> None:
    done = shell("app", "push", identity, version, archive)
    assert done.exit_code == 1
    assert "use up to 64 letters" in done.stderr


def test_a_store_without_the_container(shell: Shell, archive: str) -> None:
    shell.secret("keys", shell.stores.azure_secret)
    url = f"{shell.stores.azure.rpartition('/')[0]}/devstoreaccount1"
    done = shell("app", "list", "--store", f"{url}-not", "--credentials-secret", "keys")
    assert done.exit_code == 1
