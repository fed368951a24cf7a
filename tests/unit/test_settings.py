"""Settings: defaults that hold together, variables that are read and documented, values that are refused by name."""

from __future__ import annotations

import os

import pytest
from millpond.control.limits import Limits
from millpond.lifecycle.users import UserNumbers
from millpond.settings import PREFIX, Settings, SettingsError, read_settings


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


def test_defaults_are_those_of_judgement() -> None:
    assert read_settings().limits() == Limits()


def test_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLPOND_NODE_LOST", "60")
    monkeypatch.setenv("MILLPOND_WATCH_NAMESPACE", "team")
    settings = read_settings()
    assert settings.limits().node_lost == 60
    assert settings.watch_namespace == "team"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_variable_is_documented_and_has_a_default(name: str) -> None:
    field = Settings.model_fields[name]
    assert field.description
    assert not field.description.endswith(".")
    assert not field.is_required()


def test_every_limit_that_a_setting_names_is_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = set(Settings.model_fields) & set(Limits.__struct_fields__)
    for number, name in enumerate(sorted(shared)):
        monkeypatch.setenv(PREFIX + name.upper(), str(100 + number))
    limits = read_settings().limits()
    assert {name: getattr(limits, name) for name in shared} == {
        name: 100 + number for number, name in enumerate(sorted(shared))
    }


def test_variables_of_others_are_no_concern_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLPOND_KUBECONFIGS", "two")
    monkeypatch.setenv("IMAGE", "not:an:image")
    read_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MILLPOND_TASK_UID", "0"),
        ("MILLPOND_NODE_ROOT", "relative/path"),
        ("MILLPOND_RESYNC", "soon"),
        ("MILLPOND_RESYNC", "0"),
        ("MILLPOND_GATHER", "-1"),
        ("MILLPOND_LOG_LEVEL", "LOUD"),
        ("MILLPOND_IMAGE", "not an image"),
        ("MILLPOND_NAMESPACE", "Not_A_Namespace"),
        ("MILLPOND_PROBE_PORT", "65536"),
        ("MILLPOND_REQUEST_CONCURRENCY", "0"),
    ],
)
def test_a_value_that_does_not_fit_is_told_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        read_settings()
    assert str(caught.value).startswith(f"{name} is '{value}': ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"AGENT_GID": "65532"}, "MILLPOND_TASK_GID"),
        ({"TASK_UID": "1500000000"}, "MILLPOND_TASK_UID"),
        ({"AGENT_GID": "1000000000"}, "MILLPOND_AGENT_GID"),
        ({"TASK_GID": "1999999999"}, "MILLPOND_TASK_GID"),
        ({"DERIVED_UID_FIRST": "2000000000"}, "MILLPOND_DERIVED_UID_COUNT"),
    ],
)
def test_users_that_would_be_one_another_are_refused(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], named: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(SettingsError, match=named):
        read_settings()


def test_users_are_those_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLPOND_DERIVED_UID_FIRST", "2000000")
    monkeypatch.setenv("MILLPOND_DERIVED_UID_COUNT", "65536")
    assert read_settings().users() == UserNumbers(65_532, 65_532, 65_533, 2_000_000, 65_536)


def test_all_that_is_wrong_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLPOND_RESYNC", "soon")
    monkeypatch.setenv("MILLPOND_TASK_UID", "root")
    with pytest.raises(SettingsError) as caught:
        read_settings()
    assert {line.split()[0] for line in str(caught.value).splitlines()} == {"MILLPOND_RESYNC", "MILLPOND_TASK_UID"}


@pytest.mark.parametrize(
    "variables",
    [
        {"MILLPOND_LEASE_DURATION": "5"},
        {"MILLPOND_LEASE_RENEW_DEADLINE": "15"},
        {"MILLPOND_LEASE_RETRY": "10"},
    ],
    ids=str,
)
def test_times_of_the_lease_must_be_in_order(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=r"^MILLPOND_LEASE_RETRY must be below MILLPOND_LEASE_RENEW_DEADLINE"):
        read_settings()
