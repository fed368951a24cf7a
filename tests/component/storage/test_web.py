"""Files that plain HTTP serves: redirects, resumption, unknown lengths, and what is given up."""

import hashlib

import pytest
from millpond.storage.address import parse_web_file
from millpond.storage.problems import Problem, StoreError
from millpond.storage.reading import Reading
from millpond.storage.web import _NoDowngrade, _opener, read_web_file
from support.stores import HASTY, ObjectStores


def read(stores: ObjectStores, fault: str, size: int = 70_000) -> tuple[Reading, bytes]:
    reading = read_web_file(parse_web_file(f"{stores.faults}/web/{fault}/{size}.bin?sig=canary"), HASTY)
    return reading, b"".join(bytes(piece) for piece in reading.pieces)


@pytest.mark.parametrize("fault", ["none", "slow", "flaky-2", "cut-1", "cut-2", "redirect-3"])
def test_a_file_comes_whole_with_its_size_and_checksum(stores: ObjectStores, fault: str) -> None:
    reading, content = read(stores, fault)
    assert content == bytes(70_000)
    assert reading.size == 70_000
    assert reading.md5 == hashlib.md5(content).digest()


def test_a_file_of_unknown_length(stores: ObjectStores) -> None:
    reading, content = read(stores, "chunked")
    assert (reading.size, len(content)) == (-1, 70_000)


@pytest.mark.parametrize(
    ("fault", "problem", "details"),
    [
        ("status-401", Problem.ACCESS_DENIED, "HTTP 401"),
        ("status-403", Problem.ACCESS_DENIED, "HTTP 403"),
        ("status-404", Problem.FILE_NOT_FOUND, "HTTP 404"),
        ("status-410", Problem.FILE_NOT_FOUND, "HTTP 410"),
        ("status-500", Problem.OTHER, "HTTP 500"),
        ("status-504", Problem.TIMED_OUT, "HTTP 504"),
        ("flaky-5", Problem.OTHER, "HTTP 503"),
        ("redirect-30", Problem.OTHER, "HTTP 302"),
        ("truncated", Problem.OTHER, "the answer ended early"),
        ("hang", Problem.TIMED_OUT, ""),
        ("stall", Problem.TIMED_OUT, ""),
    ],
)
def test_what_is_given_up(stores: ObjectStores, fault: str, problem: Problem, details: str) -> None:
    with pytest.raises(StoreError) as failure:
        read(stores, fault)
    assert (failure.value.trouble.problem, failure.value.trouble.details) == (problem, details)


@pytest.mark.parametrize(
    ("url", "details"),
    [
        ("http://127.0.0.1:1/a", "the connection was refused"),
        ("http://no-such-host.invalid/a", "the host's name is not known"),
    ],
)
def test_a_server_that_is_not_there(url: str, details: str) -> None:
    with pytest.raises(StoreError) as failure:
        read_web_file(parse_web_file(url), HASTY)
    assert failure.value.trouble.details == details


def test_a_redirect_into_the_open_is_not_followed() -> None:
    import urllib.request  # noqa: PLC0415 - for this test alone

    request = urllib.request.Request("https://host/a")
    with pytest.raises(StoreError):
        _NoDowngrade().redirect_request(request, None, 302, "", {}, "http://host/a")  # type: ignore[arg-type]


def test_only_http_is_spoken() -> None:
    for url in ("file:///etc/passwd", "ftp://host/a", "data:,x"):
        assert _opener().open(url) is None
