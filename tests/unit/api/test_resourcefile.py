"""Resource files: what a model takes, and which Secrets open their stores."""

import pytest
from millpond.api.naming import DEFAULT_STORE
from millpond.api.resourcefile import ResourceFile, secrets_of
from pydantic import ValidationError

WEB = "https://store.example/a.zip"


def a_file(**fields: str) -> ResourceFile:
    return ResourceFile.model_validate(fields)


def test_a_file_is_writable_by_its_group_unless_it_says_otherwise() -> None:
    assert a_file(httpUrl=WEB, filePath="a.zip").file_mode == "0770"


@pytest.mark.parametrize(
    "path", ["..", "../a", "a/..", "a/../b", "/a", "a/", "a//b", "./a", "a/./b", "", "a\nb", "a\0"]
)
def test_a_path_stays_inside(path: str) -> None:
    with pytest.raises(ValidationError):
        a_file(httpUrl=WEB, filePath=path)


@pytest.mark.parametrize("path", ["a", "a/b", "..a", "a..", "...", ".a/..b", "é", "a b"])
def test_a_path_may_hold_dots(path: str) -> None:
    assert a_file(httpUrl=WEB, filePath=path).file_path == path


def test_the_secrets_of_files_are_told_once() -> None:
    files = (
        a_file(storageContainerUrl="s3://b", credentialsSecretName="z"),
        a_file(autoStorageContainerName="in"),
        a_file(httpUrl=WEB, filePath="a"),
        a_file(storageContainerUrl="s3://c", credentialsSecretName="z"),
        a_file(autoStorageContainerName="out"),
    )
    assert secrets_of(files) == (DEFAULT_STORE, "z")
    assert secrets_of(()) == ()
