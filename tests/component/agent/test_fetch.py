"""Resource files from real stores: what arrives where, and what each thing that can go wrong comes to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import obstore
import pytest
from millpond.agent.arrive import Room
from millpond.agent.beneath import open_root
from millpond.agent.bring import FetchError
from millpond.agent.fetch import fetch
from millpond.agent.wanted import Wish
from millpond.api.reasons import FailureCode as Code
from millpond.storage.credentials import KEYS, Credentials, CredentialsError
from support.stores import HASTY, ObjectStores


def a_wish(**fields: str) -> Wish:
    return msgspec.convert(fields, Wish)


class Task:
    """A working directory, the Secrets of its task, and what its download says."""

    def __init__(self, directory: Path, stores: ObjectStores) -> None:
        self.wd = directory / "wd"
        self.wd.mkdir()
        self.secrets = {"azure": stores.azure_secret, "s3": stores.s3_secret, "faulty": stores.faulty_s3_secret}
        self.said: list[str] = []

    def secret(self, name: str) -> Credentials:
        if name not in self.secrets:
            raise CredentialsError(f"there is no Secret {name}")
        return Credentials(**{KEYS[key]: value for key, value in self.secrets[name].items()})

    def fetch(self, *wishes: Wish, most_used: float = 1.0) -> None:
        base = open_root(str(self.wd))
        try:
            fetch(list(wishes), base, self.secret, self.said.append, HASTY, Room(base, most_used))
        finally:
            os.close(base)

    def files(self) -> dict[str, bytes]:
        return {str(path.relative_to(self.wd)): path.read_bytes() for path in self.wd.rglob("*") if path.is_file()}

    def fails(self, code: Code, *wishes: Wish, **more: Any) -> str:
        """What is said when it fails so. Nothing is left but what arrived whole."""
        with pytest.raises(FetchError) as failure:
            self.fetch(*wishes, **more)
        assert failure.value.code is code, failure.value.message
        assert "canary" not in failure.value.message + failure.value.file
        assert not [name for name in self.files() if ".part" in name]
        return failure.value.message


@pytest.fixture
def task(tmp_path: Path, stores: ObjectStores) -> Iterator[Task]:
    before = os.umask(0o002)
    yield Task(tmp_path, stores)
    os.umask(before)


def test_files_of_every_kind_of_store(task: Task, stores: ObjectStores) -> None:
    azure, bucket = stores.azure_container("fetch-kinds"), stores.bucket("fetch-kinds")
    for url in (azure, bucket):
        store = stores.open(url)
        for name in ("textures/a.png", "textures/b/c.png", "textual.txt", "other"):
            obstore.put(store, name, f"{url[:2]} {name}".encode())
    task.fetch(
        a_wish(httpUrl=f"{stores.faults}/web/none/100.bin?sig=canary", filePath="web/file", fileMode="0600"),
        a_wish(httpUrl=f"{azure}/textures/a.png", filePath="one.png", credentialsSecretName="azure"),
        a_wish(storageContainerUrl=stores.with_signature("fetch-kinds"), blobPrefix="text", filePath="az"),
        a_wish(storageContainerUrl=bucket, blobPrefix="textures/", credentialsSecretName="s3"),
    )
    assert task.files() == {
        "web/file": bytes(100),
        "one.png": b"ht textures/a.png",
        "az/textures/a.png": b"ht textures/a.png",
        "az/textures/b/c.png": b"ht textures/b/c.png",
        "az/textual.txt": b"ht textual.txt",
        "textures/a.png": b"s3 textures/a.png",
        "textures/b/c.png": b"s3 textures/b/c.png",
    }
    assert (task.wd / "web/file").stat().st_mode & 0o777 == 0o600
    assert (task.wd / "one.png").stat().st_mode & 0o777 == 0o770
    assert task.said[-1].startswith("7 files, ")


def test_a_second_fetch_brings_what_is_there_now(task: Task, stores: ObjectStores) -> None:
    url = stores.azure_container("fetch-again")
    wish = a_wish(storageContainerUrl=url, credentialsSecretName="azure")
    for content in (b"first", b"2nd"):
        obstore.put(stores.open(url), "a", content)
        task.fetch(wish)
        assert task.files() == {"a": content}


def test_of_files_that_clash_the_last_one_stays(task: Task, stores: ObjectStores) -> None:
    task.fetch(*(a_wish(httpUrl=f"{stores.faults}/web/none/{size}.bin", filePath="a") for size in (300, 200, 100)))
    assert task.files() == {"a": bytes(100)}


def test_the_default_store(task: Task, stores: ObjectStores) -> None:
    obstore.put(stores.open(stores.azure_container("fetch-default")), "a", b"azure")
    obstore.put(stores.open(stores.bucket("default")), "fetch-default/a", b"prefix")
    obstore.put(stores.open(stores.bucket("fetch-default")), "a", b"bucket")
    wish = a_wish(autoStorageContainerName="fetch-default")
    for url, content in ((stores.azure, b"azure"), ("s3://default", b"prefix"), ("s3://", b"bucket")):
        keys = stores.azure_secret if url == stores.azure else stores.s3_secret
        task.secrets["millpond-store"] = keys | {"url": url}
        task.fetch(wish)
        assert task.files() == {"a": content}


def test_no_default_store(task: Task) -> None:
    said = task.fails(Code.RESOURCE_CONTAINER_ACCESS_DENIED, a_wish(autoStorageContainerName="inputs"))
    assert "there is no Secret millpond-store" in said


def test_an_empty_container_is_no_failure(task: Task, stores: ObjectStores) -> None:
    url = stores.azure_container("fetch-nothing")
    task.fetch(a_wish(storageContainerUrl=url, blobPrefix="x", credentialsSecretName="azure"))
    assert task.files() == {}
    assert task.said[0] == f"{url}: no file whose name starts with x"


def test_containers_that_are_missing_or_closed(task: Task, stores: ObjectStores) -> None:
    missing = a_wish(storageContainerUrl=f"{stores.azure}/fetch-missing", credentialsSecretName="azure")
    assert "fetch-missing" in task.fails(Code.RESOURCE_CONTAINER_NOT_FOUND, missing)
    bucket = a_wish(storageContainerUrl="s3://fetch-missing", credentialsSecretName="s3")
    assert "s3://fetch-missing" in task.fails(Code.RESOURCE_CONTAINER_NOT_FOUND, bucket)
    task.secrets["wrong"] = {"accountKey": "d3Jvbmc="}
    closed = {"storageContainerUrl": stores.azure_container("fetch-closed")}
    task.fails(Code.RESOURCE_CONTAINER_ACCESS_DENIED, a_wish(**closed))
    task.fails(Code.RESOURCE_CONTAINER_ACCESS_DENIED, a_wish(**closed, credentialsSecretName="wrong"))
    task.fails(Code.RESOURCE_CONTAINER_ACCESS_DENIED, a_wish(**closed, credentialsSecretName="absent"))
    task.fails(Code.RESOURCE_CONTAINER_ACCESS_DENIED, a_wish(**closed, credentialsSecretName="s3"))
    task.fails(Code.RESOURCE_CONTAINER_NOT_FOUND, a_wish(storageContainerUrl="https://host/x?sig=canary"))


FILES = {
    "status-404": (Code.BLOB_NOT_FOUND, "is not there (HTTP 404"),
    "status-403": (Code.BLOB_ACCESS_DENIED, "may not be accessed"),
    "status-401": (Code.BLOB_ACCESS_DENIED, "may not be accessed"),
    "status-500": (Code.BLOB_DOWNLOAD_MISC_ERROR, "HTTP 500"),
    "truncated": (Code.BLOB_DOWNLOAD_MISC_ERROR, "the answer ended early"),
    "stall": (Code.BLOB_DOWNLOAD_TIMED_OUT, "waited for too long"),
}


@pytest.mark.parametrize("fault", FILES)
@pytest.mark.parametrize("kind", ["web", "azure"])
def test_a_file_that_does_not_come(task: Task, stores: ObjectStores, fault: str, kind: str) -> None:
    code, says = FILES[fault]
    extra = {"credentialsSecretName": "azure"} if kind == "azure" else {}
    url = f"{stores.faulty(fault)}/40000.bin"
    said = task.fails(code, a_wish(httpUrl=url + ("?sig=canary" if kind == "web" else ""), filePath="in/a", **extra))
    assert says in said
    assert stores.faulty(fault) in said
    assert task.files() == {}


@pytest.mark.parametrize("fault", ["flaky-2", "cut-2", "redirect-2", "slow", "chunked"])
def test_what_passes_is_waited_for(task: Task, stores: ObjectStores, fault: str) -> None:
    task.fetch(a_wish(httpUrl=f"{stores.faults}/web/{fault}/70000.bin", filePath="a"))
    assert task.files() == {"a": bytes(70_000)}


def test_a_wrong_checksum(task: Task, stores: ObjectStores) -> None:
    wish = a_wish(httpUrl=f"{stores.faults}/web/wrong-md5/4000.bin", filePath="a")
    assert "checksum" in task.fails(Code.BLOB_DOWNLOAD_MISC_ERROR, wish)


def test_a_list_that_fails(task: Task, stores: ObjectStores) -> None:
    faulty = {"credentialsSecretName": "faulty"}
    task.fails(Code.RESOURCE_CONTAINER_LIST_MISC_ERROR, a_wish(storageContainerUrl="s3://status-500", **faulty))
    task.fails(Code.RESOURCE_CONTAINER_ACCESS_DENIED, a_wish(storageContainerUrl="s3://status-403", **faulty))
    task.fails(Code.RESOURCE_CONTAINER_LIST_TIMED_OUT, a_wish(storageContainerUrl="s3://hang", **faulty))


def test_a_list_of_more_than_a_page(task: Task, stores: ObjectStores) -> None:
    task.fetch(a_wish(storageContainerUrl="s3://many-1100", filePath="in", credentialsSecretName="faulty"))
    assert len(task.files()) == 1100


def test_a_file_too_many_stops_all_others(task: Task, stores: ObjectStores) -> None:
    good = a_wish(httpUrl=f"{stores.faults}/web/none/1.bin", filePath="good")
    bad = a_wish(httpUrl=f"{stores.faults}/web/status-404/1.bin", filePath="bad")
    endless = a_wish(httpUrl=f"{stores.faults}/web/slow/90000000.bin", filePath="endless")
    task.fails(Code.BLOB_NOT_FOUND, good, endless, bad)
    assert set(task.files()) <= {"good"}


def test_a_disk_without_room(task: Task, stores: ObjectStores) -> None:
    one = a_wish(httpUrl=f"{stores.faults}/web/none/1.bin", filePath="a")
    unknown = a_wish(httpUrl=f"{stores.faults}/web/chunked/1.bin", filePath="a")
    many = a_wish(storageContainerUrl="s3://many-3", credentialsSecretName="faulty")
    for wish in (one, unknown, many):
        task.fails(Code.DISK_FULL, wish, most_used=0.0)
    assert task.files() == {}


def test_names_that_lead_out_of_the_directory(task: Task, stores: ObjectStores) -> None:
    obstore.put(stores.open(stores.bucket("fetch-out")), "fine", b"x")
    wish = a_wish(storageContainerUrl="s3://fetch-out", credentialsSecretName="s3", filePath="../out")
    task.fails(Code.RESOURCE_FILE_CREATE_FAILED, wish)
    task.fails(Code.RESOURCE_FILE_CREATE_FAILED, a_wish(httpUrl=f"{stores.faults}/web/none/1.bin", filePath="/out"))
    assert list(task.wd.parent.iterdir()) == [task.wd]


def test_links_and_files_in_the_way(task: Task, stores: ObjectStores) -> None:
    outside = task.wd.parent / "outside"
    outside.mkdir()
    (task.wd / "link").symlink_to(outside)
    (task.wd / "file").write_bytes(b"")
    (task.wd / "directory").mkdir()
    url = f"{stores.faults}/web/none/1.bin"
    task.fails(Code.RESOURCE_DIRECTORY_CREATE_FAILED, a_wish(httpUrl=url, filePath="link/a"))
    task.fails(Code.RESOURCE_DIRECTORY_CREATE_FAILED, a_wish(httpUrl=url, filePath="file/a"))
    task.fails(Code.RESOURCE_FILE_CREATE_FAILED, a_wish(httpUrl=url, filePath="directory"))
    task.fetch(a_wish(httpUrl=url, filePath="link"))
    assert (task.wd / "link").read_bytes() == bytes(1)
    assert list(outside.iterdir()) == []
