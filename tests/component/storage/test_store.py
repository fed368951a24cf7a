"""Stores opened with addresses and credentials: Azurite, an S3 server, Google's protocol; and nothing unasked."""

import base64
import json
from typing import Any

import obstore
import pytest
from millpond.storage.address import parse_container
from millpond.storage.credentials import Credentials, CredentialsError
from millpond.storage.problems import Problem, trouble_of
from millpond.storage.store import open_store
from support.stores import HASTY, ObjectStores

FIELDS = {"accountKey": "account_key", "accessKeyId": "access_key_id", "secretAccessKey": "secret_access_key"}


def credentials(secret: dict[str, str]) -> Credentials:
    return Credentials(**{FIELDS.get(key, key): value for key, value in secret.items()})


def written_and_read(store: Any) -> bytes:
    """What a store gives back, in a directory with a blank and a letter beyond ASCII."""
    obstore.put(store, "some dir/é.txt", b"content")
    assert [entry["path"] for page in obstore.list(store, "some dir") for entry in page] == ["some dir/é.txt"]
    return bytes(obstore.get(store, "some dir/é.txt").bytes())


def test_azure_opens_with_a_key(stores: ObjectStores) -> None:
    url = stores.azure_container("with-key")
    assert written_and_read(open_store(parse_container(url), credentials(stores.azure_secret), HASTY)) == b"content"


def test_azure_opens_with_a_signature_in_the_url_and_one_in_the_secret(stores: ObjectStores) -> None:
    url = stores.with_signature("with-signature", "rcwl")
    assert written_and_read(open_store(parse_container(url), None, HASTY)) == b"content"
    plain, _, signature = url.partition("?")
    assert written_and_read(open_store(parse_container(plain), Credentials(sas_token=signature), HASTY)) == b"content"


def test_s3_opens_with_keys_and_a_prefix_is_the_root(stores: ObjectStores) -> None:
    keys = credentials(stores.s3_secret)
    bucket = stores.bucket("with-keys")
    assert written_and_read(open_store(parse_container(f"{bucket}/deep/er"), keys, HASTY)) == b"content"
    everything = obstore.list(open_store(parse_container(bucket), keys, HASTY)).collect()
    assert [entry["path"] for entry in everything] == ["deep/er/some dir/é.txt"]


def test_google_cloud_storage_opens_with_a_service_account(stores: ObjectStores) -> None:
    # Google's XML API has lists as S3's has them; nobody is asked for a token.
    robot = {"client_email": "robot@lab", "private_key": "", "private_key_id": "", "disable_oauth": True}
    key = json.dumps(robot | {"gcs_base_url": f"{stores.faults}/s3"})
    store = open_store(parse_container("gs://none"), Credentials(service_account_key=key), HASTY)
    assert written_and_read(store) == b"content"


def test_a_key_that_is_no_key_is_refused_without_its_words() -> None:
    robot = {"client_email": "robot@lab", "private_key": "canary", "private_key_id": "1"}
    with pytest.raises(CredentialsError, match="cannot be read as those of Google") as refusal:
        open_store(parse_container("gs://none"), Credentials(service_account_key=json.dumps(robot)), HASTY)
    assert "canary" not in str(refusal.value)


def test_nothing_of_the_environment_opens_a_store(stores: ObjectStores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", stores.account_key)
    monkeypatch.setenv("AZURE_STORAGE_USE_EMULATOR", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "canary")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    with pytest.raises(Exception, match="403") as refusal:
        obstore.get(open_store(parse_container(stores.azure_container("closed")), None, HASTY), "x")
    assert trouble_of(refusal.value).problem is Problem.ACCESS_DENIED
    store = open_store(parse_container(stores.bucket("closed")), Credentials(endpoint=stores.s3), HASTY)
    with pytest.raises(FileNotFoundError) as missing:
        obstore.get(store, "x")
    assert "canary" not in str(missing.value)


def test_a_wrong_key_is_access_denied(stores: ObjectStores) -> None:
    wrong = Credentials(account_key=base64.b64encode(b"wrong").decode())
    with pytest.raises(Exception, match="403") as refusal:
        obstore.get(open_store(parse_container(stores.azure_container("locked")), wrong, HASTY), "x")
    assert trouble_of(refusal.value).problem is Problem.ACCESS_DENIED
