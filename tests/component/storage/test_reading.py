"""Reading from stores: whole files in pieces, lists by prefix, and what is no file."""

import obstore
import pytest
from millpond.storage.address import parse_container
from millpond.storage.credentials import Credentials
from millpond.storage.problems import Problem, StoreError
from millpond.storage.reading import PIECE, Entry, list_objects, read_object
from millpond.storage.store import open_store
from support.stores import HASTY, ObjectStores


def test_a_file_comes_in_pieces(stores: ObjectStores) -> None:
    store = stores.open(stores.azure_container("reading"))
    content = bytes(range(256)) * 4096
    obstore.put(store, "a", content)
    reading = read_object(store, "a")
    pieces = [bytes(piece) for piece in reading.pieces]
    assert reading.size == len(content)
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) < 4 * PIECE


def test_a_prefix_may_end_within_a_name_and_marks_of_directories_are_no_files(stores: ObjectStores) -> None:
    store = stores.open(stores.bucket("reading"))
    for name in ("d/ab", "d/abc/x", "d/b", "dab"):
        obstore.put(store, name, b"x")
    obstore.put(store, "d/abc", b"")  # as tools mark directories
    assert list_objects(store, "d/ab") == [Entry("d/ab", 1), Entry("d/abc/x", 1)]
    assert [entry.name for entry in list_objects(store)] == ["d/ab", "d/abc/x", "d/b", "dab"]
    with pytest.raises(StoreError) as refusal:
        list_objects(store, most=2)
    assert "more than 2 files" in refusal.value.trouble.details


@pytest.mark.parametrize("name", ["p/%2e%2e/q", "p/%2e/q", "p%01"])
def test_a_name_that_is_no_path_is_told(stores: ObjectStores, name: str) -> None:
    import urllib.request  # noqa: PLC0415 - obstore refuses to write such a name

    bucket = f"odd{abs(hash(name))}"
    url = f"{stores.faults}/s3/{bucket}/{name}"
    urllib.request.urlopen(urllib.request.Request(url, method="PUT", data=b"x")).close()
    keys = Credentials(access_key_id="id", secret_access_key="x", endpoint=f"{stores.faults}/s3")
    with pytest.raises(StoreError) as refusal:
        list_objects(open_store(parse_container(f"s3://{bucket}"), keys, HASTY))
    assert refusal.value.trouble.problem is Problem.OTHER
    assert "a name in it is no path" in refusal.value.trouble.details
