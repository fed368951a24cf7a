"""Secrets as the kubelet mounts them: what opens which store, what is refused, and that no value is ever shown."""

import base64
import json
from pathlib import Path

import pytest
from millpond.storage.address import Container, Service
from millpond.storage.credentials import MAX_VALUE, Credentials, CredentialsError, read_credentials

AZURE = Container(Service.AZURE, "in", "", "acct", "https://acct.blob.core.windows.net")
S3 = Container(Service.S3, "in")
GCS = Container(Service.GCS, "in")
KEY = base64.b64encode(b"canary").decode()
ROBOT = json.dumps({"client_email": "a@b", "private_key": "canary", "private_key_id": "1"})


def mounted(path: Path, **values: str) -> str:
    """A directory as the kubelet makes it: the keys are links into a directory that is replaced as a whole."""
    (path / "..data").mkdir()
    for key, value in values.items():
        (path / "..data" / key).write_text(value)
        (path / key).symlink_to(f"..data/{key}")
    return str(path)


OPENS = [
    (AZURE, {"accountKey": KEY}, {"account_key": KEY}),
    (AZURE, {"accountKey": f"{KEY}\n"}, {"account_key": KEY}),
    (AZURE, {"sasToken": "?sv=1&sig=canary"}, {"sas_key": "sv=1&sig=canary"}),
    (AZURE, {"connectionString": f"AccountName=acct;AccountKey={KEY};EndpointSuffix=x"}, {"account_key": KEY}),
    (AZURE, {"connectionString": "SharedAccessSignature=sv=1&sig=canary"}, {"sas_key": "sv=1&sig=canary"}),
    (
        S3,
        {"accessKeyId": "id", "secretAccessKey": "canary"},
        {"region": "us-east-1", "access_key_id": "id", "secret_access_key": "canary"},
    ),
    (
        S3,
        {"accessKeyId": "id", "secretAccessKey": "canary", "sessionToken": "t", "region": "r", "endpoint": "http://h/"},
        {
            "region": "r",
            "endpoint": "http://h",
            "access_key_id": "id",
            "secret_access_key": "canary",
            "session_token": "t",
        },
    ),
    (S3, {"endpoint": "http://h"}, {"region": "us-east-1", "endpoint": "http://h", "skip_signature": True}),
    (GCS, {"serviceAccountKey": ROBOT}, {"service_account_key": ROBOT}),
]


@pytest.mark.parametrize(("container", "values", "options"), OPENS)
def test_a_secret_opens_its_store(tmp_path: Path, container: Container, values: dict, options: dict) -> None:
    assert read_credentials(mounted(tmp_path, **values)).options(container) == options


REFUSED = [
    (AZURE, {"accessKeyId": "id", "secretAccessKey": "canary"}, "no key accountKey, sasToken or connectionString"),
    (AZURE, {"accountKey": "canary!"}, "not base64"),
    (AZURE, {"connectionString": "AccountName=other;AccountKey=canary"}, "another account than acct"),
    (AZURE, {}, "no key accountKey"),
    (S3, {"accountKey": KEY}, "not both keys accessKeyId and secretAccessKey"),
    (S3, {"accessKeyId": "canary"}, "not both keys"),
    (S3, {"accessKeyId": "canary", "endpoint": "http://h"}, "not both keys"),
    (GCS, {"serviceAccountKey": "canary"}, "not the JSON"),
    (GCS, {"serviceAccountKey": '["canary"]'}, "not the JSON"),
    (GCS, {}, "not the JSON"),
]


@pytest.mark.parametrize(("container", "values", "sentence"), REFUSED)
def test_a_secret_that_opens_nothing_names_keys_and_no_values(
    tmp_path: Path, container: Container, values: dict, sentence: str
) -> None:
    with pytest.raises(CredentialsError) as refusal:
        read_credentials(mounted(tmp_path, **values)).options(container)
    assert sentence in str(refusal.value)
    assert "canary" not in str(refusal.value)


def test_other_keys_are_not_read(tmp_path: Path) -> None:
    assert read_credentials(mounted(tmp_path, **{"tls.key": "x" * (MAX_VALUE + 1)})) == Credentials()


@pytest.mark.parametrize("value", [b"x" * (MAX_VALUE + 1), b"\xff\xfe"])
def test_a_value_that_is_no_credential_is_refused(tmp_path: Path, value: bytes) -> None:
    (tmp_path / "accountKey").write_bytes(value)
    with pytest.raises(CredentialsError, match="accountKey"):
        read_credentials(str(tmp_path))


def test_a_missing_directory_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_credentials(str(tmp_path / "nothing"))


def test_credentials_show_which_they_are_and_no_value(tmp_path: Path) -> None:
    shown = repr(read_credentials(mounted(tmp_path, accountKey=KEY, sasToken="canary", url="https://canary")))
    assert shown == "Credentials(account_key, sas_token, url)"
