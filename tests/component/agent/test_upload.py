"""Output files go to real stores as their patterns, conditions and destinations say, or it is told why not."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import obstore
import pytest
from millpond.agent import upload as module
from millpond.agent.destinations import Destinations
from millpond.agent.upload import Errand, upload
from millpond.api.naming import DEFAULT_STORE
from millpond.api.views.outputfile import OutputFileView
from millpond.lifecycle.uploads import UploadReport
from millpond.storage.store import PATIENT, Patience
from support.builders import record
from support.stores import HASTY, ObjectStores

DIRECTORY = ("workitems", "j", "job-1", "t")
FILES = {
    "wd/a.png": "a", "wd/b.png": "bb", "wd/.hidden.png": "h", "wd/out/deep/c.png": "ccc", "wd/note.txt": "note",
    "stdout.txt": "said", "stderr.txt": "complained",
}  # fmt: skip


@dataclass
class Task:
    """A task's directory on a node, after its end."""

    root: Path
    stores: ObjectStores
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def directory(self) -> Path:
        return self.root.joinpath("node", *DIRECTORY)

    def ends(self, cause: str = "Exited", code: int = 0, run: str = "t-1") -> None:
        (self.directory / "exit.json").write_text(record(cause, code, name=run))

    def uploads(self, *outputs: dict[str, Any], limit: float = 30, patience: Patience = PATIENT) -> UploadReport | None:
        for name, values in self.secrets.items():
            (self.root / "secrets" / name).mkdir(parents=True, exist_ok=True)
            for key, value in values.items():
                (self.root / "secrets" / name / key).write_text(value)
        read = [msgspec.convert(output, OutputFileView) for output in outputs]
        errand = Errand(str(self.root / "node"), DIRECTORY, "t-1", limit)
        return upload(errand, read, Destinations(str(self.root / "secrets"), patience))

    def log(self, name: str) -> str:
        return (self.directory / name).read_text()

    def found(self, url: str) -> dict[str, str]:
        """Names and contents of the blobs of a container."""
        store = self.stores.open(url)
        names = [each["path"] for page in obstore.list(store) for each in page]
        return {name: bytes(obstore.get(store, name).bytes()).decode() for name in sorted(names)}


@pytest.fixture
def task(tmp_path: Path, stores: ObjectStores) -> Task:
    made = Task(tmp_path, stores)
    for name, text in FILES.items():
        file = made.directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    made.ends()
    made.secrets = {"azure": stores.azure_secret, "s3": stores.s3_secret}
    return made


def output(pattern: str, url: str, condition: str = "TaskCompletion", **destination: Any) -> dict[str, Any]:
    place = {"containerUrl": url, **destination}
    return {"filePattern": pattern, "destination": place, "uploadCondition": condition}


def test_patterns_and_paths(task: Task) -> None:
    url = task.stores.azure_container("patterns")
    key = {"credentialsSecretName": "azure"}
    assert (
        task.uploads(
            output("**/*.png", url, path="all", **key),
            output("out/deep/*", url, **key),
            output("note.txt", url, path="result/called.txt", **key),
            output("../std*.txt", url, path="logs", **key),
            output("nothing-*", url, **key),
        )
        is None
    )
    assert task.found(url) == {
        "all/a.png": "a",
        "all/b.png": "bb",
        "all/out/deep/c.png": "ccc",
        "c.png": "ccc",
        "logs/stderr.txt": "complained",
        "logs/stdout.txt": "said",
        "result/called.txt": "note",
    }
    said = task.log("fileuploadout.txt")
    assert f"nothing-*: 0 files for {url}" in said
    assert f"{'/'.join(DIRECTORY)}/wd/note.txt uploaded to {url} as result/called.txt, 4 bytes" in said
    assert task.log("fileuploaderr.txt") == ""


CONDITIONS = ("TaskSuccess", "TaskFailure", "TaskCompletion")


@pytest.mark.parametrize(
    ("cause", "code", "uploaded"),
    [
        ("Exited", 0, {"TaskSuccess", "TaskCompletion"}),
        ("Exited", 3, {"TaskFailure", "TaskCompletion"}),
        ("WallClock", 143, {"TaskFailure", "TaskCompletion"}),
        ("Terminated", 143, set()),
        ("CommandNotFound", 127, set()),
    ],
)
def test_conditions(task: Task, cause: str, code: int, uploaded: set[str]) -> None:
    url = f"{task.stores.bucket('conditions')}/{cause.lower()}-{code}"
    task.ends(cause, code)
    outputs = [output("note.txt", url, each, path=each, credentialsSecretName="s3") for each in CONDITIONS]
    assert task.uploads(*outputs) is None
    assert set(task.found(url)) == uploaded
    assert (task.directory / "fileuploadout.txt").exists() is bool(uploaded)


def test_a_task_killed_with_its_launcher_has_failed(task: Task) -> None:
    url = f"{task.stores.bucket('conditions')}/killed"
    (task.directory / "exit.json").unlink()
    outputs = [output("note.txt", url, each, path=each, credentialsSecretName="s3") for each in CONDITIONS]
    assert task.uploads(*outputs) is None
    assert set(task.found(url)) == {"TaskFailure", "TaskCompletion"}
    task.ends(run="t-0")
    assert task.uploads(output("note.txt", url, path="stale", credentialsSecretName="s3")) is None
    assert "stale" not in task.found(url)


def test_the_directory_is_kept_while_its_files_are_uploaded(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    descriptor = os.open(task.directory, os.O_RDONLY)
    gather = module._gather

    def while_it_uploads(*arguments: Any) -> Any:
        with pytest.raises(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return gather(*arguments)

    monkeypatch.setattr(module, "_gather", while_it_uploads)
    assert task.uploads(output("a.png", task.stores.bucket("kept"), credentialsSecretName="s3")) is None
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(descriptor)


def test_a_task_whose_directory_was_never_made_has_nothing_to_upload(task: Task) -> None:
    shutil.rmtree(task.directory)
    assert task.uploads(output("a.png", "s3://results", credentialsSecretName="s3")) is None


def test_headers_and_names(task: Task) -> None:
    url = task.stores.azure_container("headers")
    (task.directory / "wd" / "ü b#%20+.txt").write_text("odd")
    headers = [
        {"name": "x-ms-blob-content-type", "value": "image/png"},
        {"name": "Cache-Control", "value": "no-cache"},
        {"name": "x-ms-meta-frame", "value": "42"},
    ]
    named = {"credentialsSecretName": "azure", "uploadHeaders": headers}
    assert task.uploads(output("a.png", url, **named), output("*b#*", url, **named)) is None
    got = obstore.get(task.stores.open(url), "a.png")
    assert {key.lower(): value for key, value in got.attributes.items()} == {
        "content-type": "image/png",
        "cache-control": "no-cache",
        "frame": "42",
    }
    assert task.found(url)["ü b#%20+.txt"] == "odd"


def test_a_signature_and_the_default_store_open_a_container(task: Task) -> None:
    signed = task.stores.with_signature("signed", "rcwl")
    task.secrets[DEFAULT_STORE] = {"url": task.stores.azure, **task.stores.azure_secret}
    task.stores.azure_container("results")
    named = {"filePattern": "a.png", "destination": {"autoStorageContainerName": "results"}}
    assert task.uploads(output("note.txt", signed), named) is None
    assert task.found(task.stores.azure_container("signed")) == {"note.txt": "note"}
    assert task.found(task.stores.azure_container("results")) == {"a.png": "a"}
    assert "sig=" not in task.log("fileuploadout.txt")


def test_a_large_file_goes_in_pieces_and_whole(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECE", 6 << 20)
    content = os.urandom(20 << 20)
    (task.directory / "wd" / "large").write_bytes(content)
    for url, secret in ((task.stores.azure_container("large"), "azure"), (task.stores.bucket("large"), "s3")):
        assert task.uploads(output("large", url, credentialsSecretName=secret)) is None
        assert bytes(obstore.get(task.stores.open(url), "large").bytes()) == content


def test_of_two_files_for_one_blob_the_later_output_counts(task: Task) -> None:
    url = f"{task.stores.bucket('clash')}"
    named = {"path": "x", "credentialsSecretName": "s3"}
    assert task.uploads(output("a.png", url, **named), output("b.png", url, **named)) is None
    assert task.found(url) == {"x": "bb"}


SECRETS = ("sig=", "millpond-secret", "d3Jvbmc=")


def refused(task: Task, code: str, *outputs: dict[str, Any], **more: Any) -> str:
    """The message with which an upload fails, having told no secret."""
    report = task.uploads(*outputs, patience=HASTY, **more)
    assert report is not None
    assert report.code == code, report
    told = report.message + task.log("fileuploaderr.txt") + task.log("fileuploadout.txt")
    assert not [secret for secret in (*SECRETS, task.stores.account_key) if secret.lower() in told.lower()]
    assert report.message.endswith(".")
    assert report.message.partition(" There is more")[0] in task.log("fileuploaderr.txt")
    return report.message


def test_a_missing_container_is_told(task: Task) -> None:
    url = task.stores.azure
    message = refused(
        task, "FileUploadContainerNotFound", output("note.txt", f"{url}/nowhere", credentialsSecretName="azure")
    )
    assert "wd/note.txt was not uploaded to" in message
    assert f"{url}/nowhere" in message
    assert "create it" in message
    refused(task, "FileUploadContainerNotFound", output("note.txt", "s3://nowhere-at-all", credentialsSecretName="s3"))


def test_credentials_that_do_not_open_are_told(task: Task) -> None:
    url = task.stores.azure_container("closed")
    task.secrets |= {
        "wrong": {"accountKey": "d3Jvbmc="},
        "empty": {},
        "signed": {"sasToken": task.stores.with_signature("closed", "rl").partition("?")[2]},
    }
    for secret in ("wrong", "signed"):
        message = refused(task, "FileUploadAccessDenied", output("note.txt", url, credentialsSecretName=secret))
        assert "HTTP 403" in message
    for secret in ("empty", "missing", "s3"):
        message = refused(task, "FileUploadAccessDenied", output("note.txt", url, credentialsSecretName=secret))
        assert f"The Secret {secret} does not open the store" in message
    assert task.found(url) == {}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("status-403", "FileUploadAccessDenied"),
        ("status-409", "FileUploadConflict"),
        ("status-500", "FileUploadMiscError"),
        ("hang", "FileUploadTimedOut"),
        ("nocontainer", "FileUploadContainerNotFound"),
    ],
)
def test_what_stores_do_has_its_code(task: Task, fault: str, code: str) -> None:
    message = refused(task, code, output("note.txt", task.stores.faulty(fault), credentialsSecretName="azure"))
    assert task.stores.faulty(fault) in message


def test_trouble_that_passes_is_not_told(task: Task) -> None:
    url = task.stores.faulty("flaky-2")
    assert task.uploads(output("note.txt", url, credentialsSecretName="azure")) is None


def test_the_limit_ends_an_upload_that_goes_on(task: Task) -> None:
    slow = output("note.txt", task.stores.faulty("hang"), credentialsSecretName="azure")
    good = output("a.png", task.stores.azure_container("limit"), credentialsSecretName="azure")
    message = refused(task, "FileUploadTimedOut", good, slow, limit=0.6)
    assert "1 of 2 output files were not uploaded within 1 s" in message
    assert task.found(task.stores.azure_container("limit")) == {"a.png": "a"}


def test_what_can_be_uploaded_is_whatever_else_fails(task: Task) -> None:
    url = task.stores.azure_container("partly")
    (task.directory / "wd" / "link").symlink_to("/etc/passwd")
    key = {"credentialsSecretName": "azure"}
    message = refused(
        task,
        "FileUploadMiscError",
        output("link", url, **key),
        output("*.png", f"{task.stores.azure}/nowhere", **key),
        output("note.txt", url, **key),
    )
    assert "is a symbolic link; links are not followed" in message
    assert "There is more trouble (2)" in message
    assert task.found(url) == {"note.txt": "note"}


@pytest.mark.parametrize(
    ("pattern", "why"),
    [("/etc/*", "leaves the node directory"), ("[c-a]", "the range c-a")],
)
def test_patterns_that_mean_nothing_are_told(task: Task, pattern: str, why: str) -> None:
    url = task.stores.azure_container("patterns")
    message = refused(task, "FileUploadMiscError", output(pattern, url, credentialsSecretName="azure"))
    assert why in message
    assert json.dumps(message)
