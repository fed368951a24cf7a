"""Single objects of real stores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from millpond.storage.address import parse_container
from millpond.storage.credentials import Credentials
from millpond.storage.objects import find, put_file, put_text, read_text, remove
from millpond.storage.problems import Problem, StoreError
from millpond.storage.store import open_store
from obstore.store import ObjectStore
from support.stores import HASTY, ObjectStores


@pytest.fixture(params=["Azure", "S3"])
def store(request: pytest.FixtureRequest, stores: ObjectStores) -> ObjectStore:
    return stores.open(stores.azure_container("objects") if request.param == "Azure" else stores.bucket("objects"))


def test_what_is_put_is_found_and_another_content_has_another_tag(store: ObjectStore) -> None:
    put_text(store, "a/b", "one\n")
    first = find(store, "a/b")
    assert (first.size, read_text(store, "a/b", 4)) == (4, "one")
    put_text(store, "a/b", "two\n")
    second = find(store, "a/b")
    assert second.size == 4
    assert second.tag != first.tag
    remove(store, "a/b")
    with pytest.raises(StoreError) as missing:
        find(store, "a/b")
    assert missing.value.trouble.problem is Problem.FILE_NOT_FOUND


def test_files_are_put_in_pieces(store: ObjectStore) -> None:
    pieces = [bytes([number]) * (5 << 20) for number in range(4)]
    put_file(store, "large", iter(pieces), 20 << 20)
    assert find(store, "large").size == 20 << 20
    put_file(store, "large", iter([]), 0)
    assert find(store, "large").size == 0


REFUSED: dict[str, Callable[[ObjectStore], Any]] = {
    "find": lambda store: find(store, "missing"),
    "read": lambda store: read_text(store, "missing", 10),
    "remove": lambda store: remove(store, "missing"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_there_is_said_to_be_missing(store: ObjectStore, what: str) -> None:
    with pytest.raises(StoreError) as missing:
        REFUSED[what](store)
    assert missing.value.trouble.problem is Problem.FILE_NOT_FOUND


@pytest.mark.parametrize(("content", "said"), [(b"too long", "more than 4 bytes"), (b"\xff", "no text")])
def test_a_text_that_is_none_is_refused(stores: ObjectStores, content: bytes, said: str) -> None:
    store = stores.open(stores.azure_container("objects"))
    put_file(store, "text", iter([content]), len(content))
    with pytest.raises(StoreError, match=said):
        read_text(store, "text", 4)


def test_a_store_that_refuses_is_told_without_its_secret(stores: ObjectStores) -> None:
    url = f"{stores.faulty('status-403')}?sv=2021-08-06&sig=canary"
    store = open_store(parse_container(url), Credentials(), HASTY)
    for write in (lambda: put_text(store, "a", "x"), lambda: put_file(store, "a", iter([b"x"]), 1)):
        with pytest.raises(StoreError) as refused:
            write()
        assert refused.value.trouble.problem is Problem.ACCESS_DENIED
        assert "canary" not in str(refused.value)
