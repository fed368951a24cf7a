"""Files to and from real stores by the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Shell, Start


@pytest.fixture
def here(tmp_path: Path) -> Path:
    for name, text in {"a.txt": "a", "deep/er/b.bin": "b" * 3_000_000, "deep/c": ""}.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(text)
    (tmp_path / "in/link").symlink_to("a.txt")
    return tmp_path


def tree(root: Path) -> dict[str, int]:
    return {str(path.relative_to(root)): path.stat().st_size for path in root.rglob("*") if path.is_file()}


def test_there_and_back(started: Start, here: Path) -> None:
    shell = started("roundtrip")
    done = shell("storage", "upload", str(here / "in"), str(here / "in/a.txt"), "roundtrip/pre/")
    assert done.exit_code == 0, done.output
    assert "link is no plain file, and is left out" in done.stderr
    assert done.stderr.endswith("uploaded 3 files, 2.9 MiB\n")
    names = shell("storage", "ls", "roundtrip/pre/", "-o", "name").stdout.splitlines()
    assert names == ["pre/a.txt", "pre/deep/c", "pre/deep/er/b.bin"]
    sizes = json.loads(shell("storage", "ls", "roundtrip/pre/deep", "-o", "json").stdout)
    assert sizes == [{"name": "pre/deep/c", "size": 0}, {"name": "pre/deep/er/b.bin", "size": 3_000_000}]
    assert shell("storage", "ls", "roundtrip/pre/a").stdout.splitlines() == ["SIZE   NAME", " 1 B   pre/a.txt"]
    done = shell("storage", "download", "roundtrip/pre/deep", "-o", str(here / "out"))
    assert tree(here / "out") == {"pre/deep/c": 0, "pre/deep/er/b.bin": 3_000_000}
    assert done.stderr.endswith("downloaded 2 files, 2.9 MiB\n")
    assert shell("storage", "rm", "roundtrip/pre/a.txt", "roundtrip/pre/deep/c").exit_code == 0
    assert shell("storage", "ls", "roundtrip", "-o", "name").stdout == "pre/deep/er/b.bin\n"
    done = shell("storage", "rm", "roundtrip/pre/a.txt")
    assert done.exit_code == 1
    assert "pre/a.txt of " in done.stderr


def test_two_files_of_one_name_are_refused(started: Start, here: Path) -> None:
    shell = started("twice")
    (here / "a.txt").write_text("another")
    done = shell("storage", "upload", str(here / "in"), str(here / "a.txt"), "twice")
    assert done.exit_code == 1
    assert f"{here}/in/a.txt and {here}/a.txt would both be a.txt" in done.stderr
    assert shell("storage", "ls", "twice", "-o", "name").stdout == ""


def test_a_store_that_is_named(shell: Shell, here: Path) -> None:
    bucket = shell.stores.bucket("named")
    shell.secret("keys", shell.stores.s3_secret)
    opened = ["--store", bucket, "--credentials-secret", "keys"]
    assert shell("storage", "upload", *opened, str(here / "in/a.txt"), "inputs").exit_code == 0
    assert shell("storage", "ls", *opened, "inputs", "-o", "name").stdout == "a.txt\n"
    signed = shell.stores.with_signature("named", "rl").replace("/named?", "?")
    done = shell("storage", "ls", "--store", signed, "named")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "has no file." in done.stderr


def test_a_store_that_is_reached_elsewhere(shell: Shell, here: Path) -> None:
    shell.stores.azure_container("elsewhere")
    shell.secret(
        "millpond-store", {**shell.stores.azure_secret, "url": "http://azurite.stores.svc:10000/devstoreaccount1"}
    )
    endpoint = shell.stores.azure.rpartition("/")[0]
    assert shell("storage", "upload", "--endpoint", endpoint, str(here / "in/a.txt"), "elsewhere").exit_code == 0
    shell.secret("keys", {**shell.stores.s3_secret, "endpoint": "http://minio.stores.svc:9000"})
    bucket = ["--store", shell.stores.bucket("elsewhere"), "--credentials-secret", "keys"]
    done = shell("storage", "ls", *bucket, "--endpoint", shell.stores.s3, "x")
    assert done.exit_code == 0, done.output


def test_nothing_but_whole_files_from_a_store_that_breaks_off(shell: Shell, here: Path) -> None:
    done = shell(
        "storage", "download", "--store", f"{shell.stores.faults}/account", "truncated", "-o", str(here / "out")
    )
    assert done.exit_code == 1
    assert tree(here / "out") == {}


def test_a_store_that_refuses(shell: Shell, here: Path) -> None:
    shell.secret("millpond-store", {"url": shell.stores.azure, "sasToken": "sv=2021-08-06&sig=canary"})
    done = shell("storage", "upload", str(here / "in/a.txt"), "refused")
    assert done.exit_code == 1
    assert f"a.txt of {shell.stores.azure}/refused may not be accessed" in done.stderr
    assert "Look at the keys" in done.stderr
