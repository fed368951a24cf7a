"""Settings: defaults that hold together, variables that are read, values that are refused."""

from __future__ import annotations

import pytest
from millpond.control.limits import Limits
from millpond.settings import Settings
from pydantic import ValidationError


def test_defaults_are_those_of_judgement() -> None:
    assert Settings().limits() == Limits()


def test_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLPOND_NODE_LOST", "60")
    monkeypatch.setenv("MILLPOND_WATCH_NAMESPACE", "team")
    settings = Settings()
    assert settings.limits().node_lost == 60
    assert settings.watch_namespace == "team"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("MILLPOND_TASK_UID", "0", "task_uid"),
        ("MILLPOND_NODE_ROOT", "relative/path", "node_root"),
        ("MILLPOND_RESYNC", "soon", "resync"),
        ("MILLPOND_LEASE_DURATION", "5", "MILLPOND_LEASE_RENEW_DEADLINE"),
        ("MILLPOND_LOG_LEVEL", "LOUD", "log_level"),
    ],
)
def test_values_that_do_not_fit_are_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=words):
        Settings()
