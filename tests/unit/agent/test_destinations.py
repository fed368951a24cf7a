"""Destinations become stores, headers what stores keep, and refusals reports; component tests use real stores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from millpond.agent.destinations import DestinationError, Destinations, attributes, refusal
from millpond.api.views.outputfile import Destination, UploadHeader
from millpond.storage.problems import Problem, Trouble

URL = "https://account.blob.core.windows.net/results"


def a_destination(**words: Any) -> Destination:
    return msgspec.convert({"containerUrl": URL} | words, Destination)


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    for secret, values in {
        "store": {"accountKey": "a2V5"},
        "empty": {},
        "millpond-store": {"url": "s3://results", "accessKeyId": "a", "secretAccessKey": "b"},
    }.items():
        (tmp_path / secret).mkdir()
        for key, value in values.items():
            (tmp_path / secret / key).write_text(value)
    return tmp_path


def test_a_container_is_opened_by_its_secret_or_its_signature(secrets: Path) -> None:
    opened = Destinations(str(secrets)).open
    assert opened(a_destination(credentialsSecretName="store")).text == URL
    assert opened(a_destination(containerUrl=f"{URL}?sv=1&sig=secret")).text == URL
    default = opened(a_destination(containerUrl=None, autoStorageContainerName="frames"))
    assert default.text == "s3://results/frames"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ({"containerUrl": "https://example.com/"}, "FileUploadMiscError", "names no container"),
        ({"containerUrl": f"{URL}?x=1"}, "FileUploadMiscError", "no shared access signature"),
        (
            {"credentialsSecretName": "empty"},
            "FileUploadAccessDenied",
            "The Secret empty does not open the store: it is",
        ),
        (
            {"credentialsSecretName": "gone"},
            "FileUploadAccessDenied",
            "The Secret gone does not open the store: it is not",
        ),
        ({"credentialsSecretName": "millpond-store"}, "FileUploadAccessDenied", "no key accountKey"),
    ],
)
def test_what_cannot_be_opened_is_told(secrets: Path, words: dict[str, Any], code: str, says: str) -> None:
    with pytest.raises(DestinationError) as refused:
        Destinations(str(secrets)).open(a_destination(**words))
    assert refused.value.report.code == code
    assert says in refused.value.report.message


def test_a_default_store_says_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "millpond-store").mkdir()
    (tmp_path / "millpond-store" / "accountKey").write_text("a2V5")
    with pytest.raises(DestinationError, match="it has no key url"):
        Destinations(str(tmp_path)).open(a_destination(containerUrl=None, autoStorageContainerName="frames"))


def test_headers_become_what_stores_keep() -> None:
    headers = {
        "Content-Type": "image/png",
        "x-ms-blob-cache-control": "no-cache",
        "content-language": "en",
        "x-ms-meta-frame": "42",
        "x-amz-meta-some-word": "x",
    }
    assert attributes(UploadHeader(name, value) for name, value in headers.items()) == {
        "Content-Type": "image/png",
        "Cache-Control": "no-cache",
        "Content-Language": "en",
        "frame": "42",
        "some-word": "x",
    }


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (Problem.CONTAINER_NOT_FOUND, "FileUploadContainerNotFound"),
        (Problem.FILE_NOT_FOUND, "FileUploadContainerNotFound"),
        (Problem.ACCESS_DENIED, "FileUploadAccessDenied"),
        (Problem.CONFLICT, "FileUploadConflict"),
        (Problem.TIMED_OUT, "FileUploadTimedOut"),
        (Problem.OTHER, "FileUploadMiscError"),
    ],
)
def test_every_problem_has_its_code(secrets: Path, problem: Problem, code: str) -> None:
    target = Destinations(str(secrets)).open(a_destination(credentialsSecretName="store"))
    report = refusal(Trouble(problem, "HTTP 400"), "wd/a.png", target)
    assert report.code == code
    assert report.message.startswith(f"wd/a.png was not uploaded to {URL}: ")
    assert report.message.endswith(" (HTTP 400).")
