"""Files on real kubelets: output files are uploaded to an S3 server however their task ended, while it still runs;
resource files come from Azurite, an S3 server and plain HTTP before the command starts, or fail the task; packages are
installed before a start task and before a task."""

from __future__ import annotations

from collections.abc import Iterator

import obstore
import pytest
from support.installation import IMAGE, Installation, Space, shell
from support.live import Document
from support.stores import ObjectStores
from support.zips import PROGRAM, packed

DEFAULT = "s3://default"
START = (
    "cp in/licence $AZ_BATCH_NODE_SHARED_DIR/licence; $AZ_BATCH_APP_PACKAGE_tool/run >$AZ_BATCH_NODE_SHARED_DIR/tool"
)


@pytest.fixture(scope="module")
def shared(installation: Installation, stores: ObjectStores) -> Iterator[Space]:
    """The pool `shared` with a package, and a start task with a file: both from the namespace's default store."""
    default = stores.open(stores.bucket("default"))
    for path, words in (("tool/2.1", "of the pool"), ("extra/1.0-b", "of the task")):
        archive = packed([("run", f"#!/bin/sh\necho {words}\n".encode(), PROGRAM)])
        obstore.put(default, f"applications/{path}.zip", archive)
    obstore.put(default, "applications/tool/default", b"2.1")
    obstore.put(default, "starting/licence", b"granted\n")
    space = Space.new(installation, "shared")
    secret(space, "millpond-store", stores.s3_secret | {"url": DEFAULT})
    start = {"commandLine": shell(START), "resourceFiles": [{"autoStorageContainerName": "starting", "filePath": "in"}]}
    space.pool("shared", 2, startTask=start, applicationPackageReferences=[{"applicationId": "tool"}])
    space.nodes("shared", 2)
    yield space
    space.leave()


def secret(space: Space, name: str, keys: dict[str, str]) -> None:
    document = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": keys}
    space.live.apply(document, space.name)


WORK = "mkdir -p out/deep; echo frame >out/deep/a.png; echo hidden >out/.b.png; echo told"
GREEDY = "echo begun; echo rest >rest.txt; exec tail /dev/zero"


def output(pattern: str, bucket: str, condition: str, **destination: str) -> Document:
    place = {"containerUrl": bucket, "credentialsSecretName": "store", **destination}
    return {"filePattern": pattern, "destination": place, "uploadCondition": condition}


@pytest.fixture(scope="module")
def bucket(shared: Space, stores: ObjectStores) -> str:
    """A bucket, its Secret, and tasks that upload there: all handed in at once."""
    url = stores.bucket("outputs")
    secret(shared, "store", stores.s3_secret)
    shared.job("outputs", "shared")
    shared.task(
        "works",
        "outputs",
        commandLine=shell(WORK),
        outputFiles=[
            output("out/**/*.png", url, "TaskSuccess", path="works"),
            output("../std*.txt", url, "TaskCompletion", path="works"),
            output("out/**", url, "TaskFailure", path="never"),
        ],
    )
    shared.task(
        "greedy",
        "outputs",
        commandLine=shell(GREEDY),
        resources={"limits": {"memory": "32Mi"}},
        userIdentity={"autoUser": {"scope": "Task"}},
        outputFiles=[
            output("rest.txt", url, "TaskCompletion", path="greedy/rest.txt"),
            output("../stdout.txt", url, "TaskSuccess", path="never.txt"),
        ],
    )
    shared.task(
        "quick", "outputs", commandLine="true", outputFiles=[output("../stdout.txt", url, "TaskSuccess", path="quick")]
    )
    shared.task(
        "misled",
        "outputs",
        commandLine=shell("echo x >x"),
        outputFiles=[output("x", "s3://no-such-bucket", "TaskSuccess")],
    )
    return url


def blobs(stores: ObjectStores, url: str) -> dict[str, str]:
    store = stores.open(url)
    names = [each["path"] for page in obstore.list(store) for each in page]
    return {name: bytes(obstore.get(store, name).bytes()).decode() for name in names}


def test_output_files_are_there_when_the_task_is_completed(shared: Space, bucket: str, stores: ObjectStores) -> None:
    status = shared.completed("works")
    assert (status["result"], status["exitCode"]) == ("Success", 0)
    found = blobs(stores, bucket)
    assert {name: text for name, text in found.items() if name.startswith("works/")} == {
        "works/deep/a.png": "frame\n",
        "works/stdout.txt": "told\n",
        "works/stderr.txt": "",
    }
    log = shared.read(status["nodeName"], f"{status['directory']}/fileuploadout.txt")
    assert "wd/out/deep/a.png uploaded to s3://outputs as works/deep/a.png, 6 bytes" in log


def test_a_task_that_ends_at_once_uploads_too(shared: Space, bucket: str, stores: ObjectStores) -> None:
    shared.succeeded("quick")
    assert blobs(stores, bucket)["quick"] == ""


def test_a_task_killed_for_want_of_memory_uploads_too(shared: Space, bucket: str, stores: ObjectStores) -> None:
    status = shared.completed("greedy")
    assert (status["result"], status["exitCode"], status["failure"]["code"]) == ("Failure", 137, "FailureExitCode")
    found = blobs(stores, bucket)
    assert found["greedy/rest.txt"] == "rest\n"
    assert not [name for name in found if name.startswith("never")]


def test_an_upload_that_fails_fails_the_task_and_says_why(shared: Space, bucket: str) -> None:
    status = shared.completed("misled")
    assert (status["result"], status["exitCode"]) == ("Failure", 0)
    assert status["failure"]["code"] == "FileUploadContainerNotFound"
    assert "wd/x was not uploaded to s3://no-such-bucket" in status["failure"]["message"]


FETCHED = (
    "cd in; find . -type f | sort | xargs cat; stat -c '%a %u' b/one; cd ..; "
    "cat default/two; stat -c %s web; env; test ! -e /var/run/millpond"
)

PACKED = (
    "$AZ_BATCH_APP_PACKAGE_extra_1_0_b/run; $AZ_BATCH_APP_PACKAGE_tool/run; cd $AZ_BATCH_NODE_ROOT_DIR; ls; "
    "if touch applications/intruder; then echo writes; fi"
)


@pytest.fixture(scope="module")
def inputs(shared: Space, stores: ObjectStores) -> None:
    """Files in three stores, a Secret that opens one, and tasks that want them: all handed in at once."""
    azure = stores.azure_container("inputs")
    obstore.put(stores.open(azure), "b/one", b"one\n")
    obstore.put(stores.open(azure), "c", b"not wanted\n")
    obstore.put(stores.open(DEFAULT), "inputs/two", b"two\n")
    secret(shared, "azure", stores.azure_secret)
    shared.job("inputs", "shared")
    container = {"storageContainerUrl": azure, "blobPrefix": "b", "filePath": "in", "credentialsSecretName": "azure"}
    default = {"autoStorageContainerName": "inputs", "filePath": "default"}
    web = {"httpUrl": f"{stores.faults}/web/redirect-1/5000.bin", "filePath": "web"}
    identity = {"autoUser": {"scope": "Task"}}
    shared.task("wants", "inputs", FETCHED, resourceFiles=[container, default, web], userIdentity=identity)
    missing = {"httpUrl": f"{stores.faulty('status-404')}/a?sig=canary", "filePath": "a"}
    shared.task("misses", "inputs", "true", resourceFiles=[missing], constraints={"maxTaskRetryCount": 3})
    binds = [{"source": "Task"}, {"source": "Applications", "isReadOnly": True}]
    shared.task(
        "packed",
        "inputs",
        PACKED,
        containerSettings={"imageName": IMAGE, "containerHostBatchBindMounts": binds},
        applicationPackageReferences=[{"applicationId": "extra", "version": "1.0-b"}],
    )


def test_resource_files_are_there_before_the_command_and_their_secrets_are_not(shared: Space, inputs: None) -> None:
    status = shared.completed("wants")
    told = shared.read(status["nodeName"], f"{status['directory']}/stdout.txt")
    assert status["result"] == "Success", told
    content, access, default, size = told.splitlines()[:4]
    assert (content, default, size) == ("one", "two", "5000")
    mode, user = access.split()
    assert (mode, user != "0") == ("770", True)
    assert "MILLPOND_RESOURCE_FILE" not in told


def test_a_resource_file_that_is_missing_fails_the_task_without_a_retry(shared: Space, inputs: None) -> None:
    status = shared.completed("misses")
    assert (status["result"], status["failure"]["code"], status["retryCount"]) == ("Failure", "BlobNotFound", 0)
    assert status["failure"]["details"] == [{"name": "FilePath", "value": "a"}]
    assert "status-404/a is not there" in status["failure"]["message"]
    assert "canary" not in status["failure"]["message"]


def test_a_start_task_has_its_files_and_the_pool_s_packages(shared: Space) -> None:
    for node in shared.nodes("shared", 2):
        name = node["metadata"]["name"]
        told = [shared.read(name, f"shared/{file}") for file in ("licence", "tool")]
        assert told == ["granted\n", "of the pool\n"]


def test_a_task_in_its_own_container_runs_packages_and_sees_no_more_than_is_bound(shared: Space, inputs: None) -> None:
    status = shared.completed("packed")
    told = shared.read(status["nodeName"], f"{status['directory']}/stdout.txt")
    assert told.splitlines() == ["of the task", "of the pool", "applications", "workitems"], status
