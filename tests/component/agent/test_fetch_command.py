"""The downloading process: exit code, termination message, and the mark that keeps a start task from starting."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from millpond.lifecycle.fetching import FETCH_CONTAINER, FILE_VARIABLE, fetch_failure
from support.apiserver import ROOT
from support.builders import a_task_pod, ended
from support.stores import ObjectStores

PROGRAM = (
    "import sys; from millpond.agent import fetch_command as c; from millpond.storage.store import Patience\n"
    "import os; haste = Patience(2, .4, 1, .02, .05, 20)\n"
    "sys.exit(c.run(os.environ, sys.argv[1], sys.argv[2], termination_log=sys.argv[3], patience=haste, wait=.1))"
)


class Container:
    """A process in a working directory, as in its container."""

    def __init__(self, directory: Path) -> None:
        self.wd, self.log, self.failed = directory / "wd", directory / "log", directory / "failed.txt"
        self.wd.mkdir()
        self.log.write_text("")
        (directory / "credentials").mkdir()
        self.credentials = directory / "credentials"

    def start(self, *files: dict[str, Any], mark: bool = False) -> subprocess.Popen[str]:
        environment = {f"{FILE_VARIABLE}{number}": json.dumps(file) for number, file in enumerate(files)}
        failed = str(self.failed) if mark else ""
        command = [sys.executable, "-c", PROGRAM, str(self.credentials), failed, str(self.log)]
        return subprocess.Popen(
            command,
            cwd=self.wd,
            env={"PYTHONPATH": str(ROOT / "operator"), "PATH": os.environ["PATH"]} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *files: dict[str, Any], mark: bool = False) -> tuple[int, str, str]:
        process = self.start(*files, mark=mark)
        output, errors = process.communicate(timeout=60)
        return process.returncode, output, errors


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return Container(tmp_path)


def test_what_has_come_is_told_in_the_log_alone(container: Container, stores: ObjectStores) -> None:
    file = {"httpUrl": f"{stores.faults}/web/none/7.bin", "filePath": "a"}
    assert container.run(file) == (0, "a: 7 bytes\n1 files, 7 bytes in all\n", "")
    assert container.log.read_text() == ""
    assert (container.wd / "a").read_bytes() == bytes(7)


def test_a_failure_is_told_as_the_judgement_reads_it(container: Container, stores: ObjectStores) -> None:
    file = {"httpUrl": f"{stores.faults}/web/status-404/7.bin?sig=canary", "filePath": "in/a"}
    code, output, errors = container.run(file)
    assert code == 1
    told = container.log.read_text()
    assert "canary" not in output + errors + told
    inits = [{"name": FETCH_CONTAINER, "state": ended(1, message=told)}]
    failure = fetch_failure(a_task_pod("frame", None, initContainerStatuses=inits))
    assert failure is not None
    assert failure.message == errors.strip()
    assert failure.details[0].value == "in/a"


def test_a_long_word_is_still_one(container: Container) -> None:
    path = "/".join(["é" * 100] * 5)
    code, _, _ = container.run({"httpUrl": f"http://127.0.0.1:1/{'x' * 3000}", "filePath": path})
    assert code == 1
    assert len(container.log.read_bytes()) < 4096
    assert json.loads(container.log.read_text())["fetch"]["code"] == "BlobDownloadMiscError"


def test_a_start_task_is_kept_from_starting_until_all_has_come(container: Container, stores: ObjectStores) -> None:
    bad = {"httpUrl": f"{stores.faults}/web/status-404/7.bin", "filePath": "a"}
    code, _, errors = container.run(bad, mark=True)
    assert code == 0
    assert container.failed.read_text() == errors
    assert json.loads(container.log.read_text())["fetch"]["code"] == "BlobNotFound"
    code, _, _ = container.run({**bad, "httpUrl": f"{stores.faults}/web/none/7.bin"}, mark=True)
    assert code == 0
    assert not container.failed.exists()


def test_a_download_that_is_told_to_end_ends_at_once(container: Container, stores: ObjectStores) -> None:
    process = container.start({"httpUrl": f"{stores.faults}/web/slow/90000000.bin", "filePath": "a"}, mark=True)
    until = time.monotonic() + 30
    while not any(container.wd.iterdir()) and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143
    assert container.log.read_text() == ""
    assert "did not come to an end" in container.failed.read_text()
    assert not (container.wd / "a").exists()


def test_a_secret_that_is_missing_is_named(container: Container) -> None:
    file = {"storageContainerUrl": "s3://bucket", "credentialsSecretName": "store"}
    code, output, errors = container.run(file)
    assert code == 1
    assert "waiting for the Secret store" in output
    assert "there is no Secret store" in errors


def test_what_nobody_foresaw_is_told_by_its_kind(container: Container) -> None:
    code, _, errors = container.run({"httpUrl": 7, "filePath": "canary"})
    assert code == 1
    assert errors == "The download of the resource files broke off (ValidationError).\n"
