"""What a Pod's environment asks for, where that is, and where it goes."""

import json

import pytest
from millpond.agent.beneath import RefusedPathError
from millpond.agent.wanted import Source, Wish, place_of, source_of, wishes
from millpond.api.naming import DEFAULT_STORE
from millpond.api.resourcefile import ResourceFile
from millpond.lifecycle.fetching import FILE_VARIABLE
from millpond.storage.address import AddressError, parse_container, parse_web_file
from millpond.storage.credentials import Credentials, CredentialsError

KEYS = Credentials(account_key="a2V5")
URL = "https://acct.blob.core.windows.net"


def test_wishes_come_in_the_order_of_their_numbers() -> None:
    files = [ResourceFile(http_url=f"https://h/{number}", file_path=f"{number}") for number in range(12)]
    environment = {f"{FILE_VARIABLE}{n}": json.dumps(file.as_document()) for n, file in enumerate(files)} | {"A": "b"}
    assert [wish.file_path for wish in wishes(environment)] == [str(number) for number in range(12)]


def test_a_wish_has_every_field_of_a_resource_file() -> None:
    assert set(Wish.__struct_fields__) == set(ResourceFile.model_fields)


def secrets(**known: Credentials):
    return known.__getitem__


def test_a_file_that_anybody_serves() -> None:
    url = f"{URL}/inputs/a.zip?sig=x"
    assert source_of(Wish(http_url=url, file_path="a"), secrets()) == Source(parse_web_file(url))


def test_a_blob_that_takes_a_key() -> None:
    wish = Wish(http_url=f"{URL}/inputs/d/a%20b.zip", file_path="a", credentials_secret_name="store")
    source = source_of(wish, secrets(store=KEYS))
    assert source == Source(parse_container(f"{URL}/inputs"), KEYS, "d/a b.zip")
    assert not source.is_container


def test_a_file_with_credentials_that_are_of_no_use() -> None:
    wish = Wish(http_url="https://h/a", file_path="a", credentials_secret_name="store")
    with pytest.raises(CredentialsError, match="the Secret store is of no use for httpUrl"):
        source_of(wish, secrets(store=Credentials(access_key_id="id", secret_access_key="canary")))


def test_a_container() -> None:
    wish = Wish(storage_container_url="s3://bucket/x", credentials_secret_name="store")
    assert source_of(wish, secrets(store=KEYS)) == Source(parse_container("s3://bucket/x"), KEYS)
    assert source_of(Wish(storage_container_url="s3://bucket/x"), secrets()).is_container


def test_a_container_of_the_default_store() -> None:
    wish = Wish(auto_storage_container_name="inputs")
    store = Credentials(url=URL, account_key="a2V5")
    assert source_of(wish, {DEFAULT_STORE: store}.__getitem__) == Source(parse_container(f"{URL}/inputs"), store)


def test_a_default_store_that_anybody_may_read() -> None:
    wish = Wish(auto_storage_container_name="inputs")
    source = source_of(wish, {DEFAULT_STORE: Credentials(url="gs://bucket")}.__getitem__)
    assert source == Source(parse_container("gs://bucket/inputs"), None)


def test_a_default_store_without_a_url() -> None:
    with pytest.raises(CredentialsError, match="millpond-store has no key url"):
        source_of(Wish(auto_storage_container_name="inputs"), {DEFAULT_STORE: KEYS}.__getitem__)


def test_a_url_that_is_none() -> None:
    with pytest.raises(AddressError):
        source_of(Wish(storage_container_url="https://host"), secrets())


@pytest.mark.parametrize(
    ("wish", "name", "parts"),
    [
        (Wish(file_path="a/b.zip"), "", ("a", "b.zip")),
        (Wish(file_path="in"), "textures/a.png", ("in", "textures", "a.png")),
        (Wish(), "textures/a.png", ("textures", "a.png")),
    ],
)
def test_where_a_file_goes(wish: Wish, name: str, parts: tuple[str, ...]) -> None:
    assert place_of(wish, name) == parts


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/etc/passwd", "a" * 300, "a/" * 200 + "b"])
def test_a_name_that_leaves_the_directory_is_refused(name: str) -> None:
    with pytest.raises(RefusedPathError):
        place_of(Wish(file_path="in"), name)
