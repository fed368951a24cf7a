"""Container URLs: what they name, which are refused, and that no signature is ever shown."""

import pytest
from millpond.storage.address import (
    AddressError,
    Container,
    Service,
    container_within,
    parse_azure_blob,
    parse_container,
    parse_web_file,
)

ACCOUNT = "https://acct.blob.core.windows.net"

NAMED = {
    f"{ACCOUNT}/inputs": Container(Service.AZURE, "inputs", "", "acct", ACCOUNT),
    f"{ACCOUNT}/inputs/": Container(Service.AZURE, "inputs", "", "acct", ACCOUNT),
    f"{ACCOUNT}/inputs/a%20b/c": Container(Service.AZURE, "inputs", "a b/c", "acct", ACCOUNT),
    f"{ACCOUNT}/$root": Container(Service.AZURE, "$root", "", "acct", ACCOUNT),
    f"{ACCOUNT}/ins?sv=1&sig=x%3D": Container(Service.AZURE, "ins", "", "acct", ACCOUNT, "sv=1&sig=x%3D"),
    "https://acct.z21.blob.storage.azure.net/ins": Container(
        Service.AZURE, "ins", "", "acct", "https://acct.z21.blob.storage.azure.net"
    ),
    "https://acct.blob.core.chinacloudapi.cn/ins": Container(
        Service.AZURE, "ins", "", "acct", "https://acct.blob.core.chinacloudapi.cn"
    ),
    "http://127.0.0.1:10000/devstoreaccount1/inputs/p": Container(
        Service.AZURE, "inputs", "p", "devstoreaccount1", "http://127.0.0.1:10000/devstoreaccount1"
    ),
    "http://azurite.blob.svc:10000/devstoreaccount1/inputs": Container(
        Service.AZURE, "inputs", "", "devstoreaccount1", "http://azurite.blob.svc:10000/devstoreaccount1"
    ),
    "s3://bucket": Container(Service.S3, "bucket"),
    "s3://my.bucket/a/b/": Container(Service.S3, "my.bucket", "a/b"),
    "gs://bucket_1/x": Container(Service.GCS, "bucket_1", "x"),
}


@pytest.mark.parametrize("url", NAMED)
def test_a_url_names_a_container(url: str) -> None:
    assert parse_container(url) == NAMED[url]


REFUSED = {
    "": "names no host or bucket",
    "ftp://host/x": "names no store",
    "inputs": "names no host or bucket",
    "https://acct.blob.core.windows.net": "names no container",
    "https://acct.blob.core.windows.net/In": "names no container",
    "https://acct.blob.core.windows.net/in--x": "names no container",
    "https://host/onlyaccount": "names no container",
    "https:///acct/ins": "names no host",
    "https://acct.blob.core.windows.net/ins?comp=list": "no shared access signature",
    "https://user:canary@acct.blob.core.windows.net/ins": "user name or a password",
    "https://acct.blob.core.windows.net/ins/../other": "'.' or '..'",
    "https://acct.blob.core.windows.net/ins/%2e%2e/other": "'.' or '..'",
    "s3://": "names no host or bucket",
    "s3://bucket?versionId=canary": "names no bucket",
    "s3://bucket/a//b": "no empty parts",
    "s3://-bucket": "names no host or bucket",
    "https://host:99999/acct/ins": "cannot be read",
    "https://ho st/acct/ins": "blanks or control characters",
    "https://host/acct/in\n": "blanks or control characters",
    "https://host/acct/" + "x" * 5000: "more than 4096 characters",
}


@pytest.mark.parametrize("url", REFUSED)
def test_a_url_is_refused_and_its_secrets_are_not_repeated(url: str) -> None:
    with pytest.raises(AddressError) as refusal:
        parse_container(url)
    assert REFUSED[url] in str(refusal.value)
    assert "canary" not in str(refusal.value)


@pytest.mark.parametrize("url", [f"{ACCOUNT}/ins?sv=1&sig=canary", "http://127.0.0.1:1/acct/ins/p?sig=canary&sv=1"])
def test_neither_the_text_nor_the_repr_of_a_container_shows_its_signature(url: str) -> None:
    container = parse_container(url)
    assert "canary" not in container.text + repr(container)
    assert parse_container(container.text).name == container.name


def test_a_web_file_is_shown_without_its_query() -> None:
    file = parse_web_file("https://host:8443/a/b%20c.zip?sig=canary#part")
    assert file.url.endswith("?sig=canary#part")
    assert file.text == "https://host:8443/a/b%20c.zip"
    assert "canary" not in repr(file)


@pytest.mark.parametrize("url", ["s3://b/x", "https://host", "https://host/", "https://u:canary@h/x", "//host/x"])
def test_what_is_no_web_file_is_refused(url: str) -> None:
    with pytest.raises(AddressError) as refusal:
        parse_web_file(url)
    assert "canary" not in str(refusal.value)


def test_a_blob_is_a_container_and_a_name() -> None:
    container, name = parse_azure_blob(f"{ACCOUNT}/ins/a/b%20c.zip")
    assert (container, name) == (Container(Service.AZURE, "ins", "", "acct", ACCOUNT), "a/b c.zip")


@pytest.mark.parametrize("url", [f"{ACCOUNT}/ins", "https://host/file.zip", "s3://bucket/key"])
def test_what_is_no_blob_is_refused(url: str) -> None:
    with pytest.raises(AddressError):
        parse_azure_blob(url)


WITHIN = {
    (ACCOUNT, "inputs"): f"{ACCOUNT}/inputs",
    (f"{ACCOUNT}/", "inputs"): f"{ACCOUNT}/inputs",
    ("http://127.0.0.1:10000/devstoreaccount1", "inputs"): "http://127.0.0.1:10000/devstoreaccount1/inputs",
    ("s3://", "inputs"): "s3://inputs",
    ("s3://bucket", "inputs"): "s3://bucket/inputs",
    ("s3://bucket/team", "inputs"): "s3://bucket/team/inputs",
    ("gs://", "inputs"): "gs://inputs",
    ("gs://bucket", "inputs"): "gs://bucket/inputs",
}


@pytest.mark.parametrize("store", WITHIN)
def test_a_container_of_a_default_store(store: tuple[str, str]) -> None:
    assert container_within(*store).text == WITHIN[store]


def test_a_default_store_may_carry_a_signature() -> None:
    assert container_within(f"{ACCOUNT}?sv=1&sig=x", "inputs").sas == "sv=1&sig=x"


@pytest.mark.parametrize(
    "store", [("ftp://host", "x"), ("", "x"), (ACCOUNT, "Bad_Name"), ("s3://bucket", ".."), ("https://u:canary@h", "x")]
)
def test_no_container_of_a_default_store(store: tuple[str, str]) -> None:
    with pytest.raises(AddressError) as refusal:
        container_within(*store)
    assert "canary" not in str(refusal.value)
