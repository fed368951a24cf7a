"""What stores do wrong, as obstore reports it: the kind, the words, and that no secret is among them."""

import obstore
import pytest
from millpond.storage.address import parse_container
from millpond.storage.credentials import Credentials
from millpond.storage.problems import Problem, Trouble, is_from_a_store, sentence, trouble_of
from millpond.storage.store import open_store
from support.stores import HASTY, ObjectStores

SIGNATURE = "sv=2021-08-06&sig=canary"
S3 = Credentials(access_key_id="id", secret_access_key="canary")

FAULTS = {
    "status-401": (Problem.ACCESS_DENIED, "HTTP 401, InvalidAuthenticationInfo"),
    "status-403": (Problem.ACCESS_DENIED, "HTTP 403, AuthenticationFailed"),
    "status-404": (Problem.FILE_NOT_FOUND, "HTTP 404, BlobNotFound"),
    "nocontainer": (Problem.CONTAINER_NOT_FOUND, "HTTP 404, "),
    "status-409": (Problem.CONFLICT, "HTTP 409, LeaseIdMissing"),
    "status-412": (Problem.CONFLICT, "HTTP 412"),
    "status-429": (Problem.OTHER, "HTTP 429"),
    "status-500": (Problem.OTHER, "HTTP 500, InternalError"),
    "truncated": (Problem.OTHER, "the answer ended early"),
    "stall": (Problem.TIMED_OUT, ""),
}


def trouble(stores: ObjectStores, fault: str, service: str) -> Trouble:
    """What reading a file of a faulty container comes to."""
    if service == "S3":
        keys = Credentials(**{**vars(S3), "endpoint": f"{stores.faults}/s3"})
        store = open_store(parse_container(f"s3://{fault}"), keys, HASTY)
    else:
        store = open_store(parse_container(f"{stores.faulty(fault)}?{SIGNATURE}"), None, HASTY)
    with pytest.raises(Exception) as raised:  # noqa: PT011 - of many kinds: what it comes to is what is tested
        obstore.get(store, "40000.bin").bytes()
    assert is_from_a_store(raised.value)
    return trouble_of(raised.value)


@pytest.mark.parametrize("service", ["Azure", "S3"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_has_a_kind_and_harmless_words(stores: ObjectStores, fault: str, service: str) -> None:
    found = trouble(stores, fault, service)
    problem, words = FAULTS[fault]
    assert found.problem is problem
    assert found.details.startswith(words)
    said = sentence(found, "a/b.txt", "s3://bucket")
    assert said.startswith("a/b.txt of s3://bucket ")
    assert "canary" not in said


@pytest.mark.parametrize("fault", ["flaky-2", "cut-1", "redirect-2", "slow", "none"])
def test_what_passes_is_no_problem(stores: ObjectStores, fault: str) -> None:
    store = open_store(parse_container(f"{stores.faulty(fault)}?{SIGNATURE}"), None, HASTY)
    assert len(obstore.get(store, "70000.bin").bytes()) == 70_000


def test_what_is_not_found_in_a_list_is_the_container(stores: ObjectStores) -> None:
    store = open_store(parse_container(f"{stores.faulty('status-404')}?{SIGNATURE}"), None, HASTY)
    with pytest.raises(Exception, match="404") as raised:
        obstore.list(store).collect()
    assert trouble_of(raised.value, listing=True).problem is Problem.CONTAINER_NOT_FOUND


UNREACHED = {
    "http://127.0.0.1:1/account/ins": "the connection was refused",
    "http://no-such-host.invalid/account/ins": "the host's name is not known",
}


@pytest.mark.parametrize("url", UNREACHED)
def test_a_store_that_is_not_there(url: str) -> None:
    with pytest.raises(Exception) as raised:  # noqa: PT011 - the same
        obstore.get(open_store(parse_container(f"{url}?{SIGNATURE}"), None, HASTY), "x")
    assert trouble_of(raised.value) == Trouble(Problem.OTHER, UNREACHED[url])
