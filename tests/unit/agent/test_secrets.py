"""Secrets in a transferring container: read once, waited for, and named when they are missing."""

from pathlib import Path

import pytest
from millpond.agent import secrets as subject
from millpond.agent.secrets import Secrets
from millpond.storage.credentials import Credentials, CredentialsError


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "_LOOK_SECONDS", 0.01)


def test_a_secret_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "sasToken").write_text("sv=1")
    secrets = Secrets(str(tmp_path), pytest.fail, 0)
    assert secrets.get("store") == Credentials(sas_token="sv=1")
    (tmp_path / "store" / "sasToken").write_text("other")
    assert secrets.get("store") == Credentials(sas_token="sv=1")


@pytest.mark.parametrize("made", [False, True])
def test_a_secret_that_is_missing_is_named(tmp_path: Path, made: bool) -> None:
    if made:  # as the kubelet mounts a Secret that is not there
        (tmp_path / "store" / "..2026").mkdir(parents=True)
        (tmp_path / "store" / "..data").symlink_to("..2026")
    with pytest.raises(CredentialsError, match="there is no Secret store"):
        Secrets(str(tmp_path), lambda _: None, 0.05).get("store")


def test_a_secret_that_comes_later_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    said: list[str] = []

    def come(text: str) -> None:
        said.append(text)
        (tmp_path / "store" / "sasToken").write_text("sv=1")

    assert Secrets(str(tmp_path), come, 30).get("store").sas_token == "sv=1"
    assert said == ["waiting for the Secret store, which is not there"]


def test_a_value_that_is_none_is_told_with_the_secrets_name(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "sasToken").write_bytes(b"\xff")
    with pytest.raises(CredentialsError, match="the Secret store opens nothing: its key sasToken"):
        Secrets(str(tmp_path), pytest.fail, 0).get("store")
