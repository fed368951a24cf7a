"""Variables arrive as written, and the service's win."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from millpond.api.environment import EnvironmentSetting
from millpond.cluster.manifests.environment import environment, literal
from millpond.lifecycle.variables import NAMES, ContainerLimit
from support.expansion import expand

TEXT = st.text(st.sampled_from("$()AB{ é\n"), max_size=12)


@given(TEXT)
def test_text_arrives_as_written(text: str) -> None:
    assert expand(literal(text), {"A": "expanded", "B": "", "": "x"}) == text


@pytest.mark.parametrize("text", ["$(HOME)", "$$(HOME)", "$HOME", "cost: 5$", "$$", "$(", "${A}"])
def test_known_traps(text: str) -> None:
    assert expand(literal(text), {"HOME": "/root", "A": "a"}) == text


def test_later_settings_override_and_the_service_wins() -> None:
    job = (EnvironmentSetting(name="QUALITY", value="low"), EnvironmentSetting(name="ONLY_JOB", value="$(X)"))
    task = (EnvironmentSetting(name="QUALITY", value="high"), EnvironmentSetting(name="AZ_BATCH_JOB_ID", value="mine"))
    variables = environment((job, task), {"AZ_BATCH_JOB_ID": "frames"})
    assert {variable["name"]: variable["value"] for variable in variables} == {
        "QUALITY": "high",
        "ONLY_JOB": "$$(X)",
        "AZ_BATCH_JOB_ID": "frames",
    }
    assert len(variables) == 3


def test_secret_is_named_and_never_read() -> None:
    setting = EnvironmentSetting.model_validate(
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "store", "key": "token"}}}
    )
    (variable,) = environment(((setting,),), {})
    assert variable == {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "store", "key": "token"}}}


def test_setting_without_a_value_is_empty() -> None:
    assert environment(((EnvironmentSetting(name="EMPTY"),),), {}) == [{"name": "EMPTY", "value": ""}]


@pytest.mark.parametrize("name", sorted(NAMES))
def test_no_setting_has_an_effect_under_the_name_of_a_service_variable(name: str) -> None:
    secret = {"name": name, "valueFrom": {"secretKeyRef": {"name": "store", "key": "token"}}}
    settings = (EnvironmentSetting.model_validate(secret), EnvironmentSetting(name="AZ_BATCH_OTHER", value="mine"))
    others = {"name": "AZ_BATCH_OTHER", "value": "mine"}
    assert environment((settings,), {}) == [others]
    assert environment((settings,), {name: "its word"}) == [others, {"name": name, "value": "its word"}]


def test_a_secret_and_a_value_override_each_other() -> None:
    secret = EnvironmentSetting.model_validate(
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "store", "key": "token"}}}
    )
    value = EnvironmentSetting(name="KEY", value="plain")
    assert environment(((secret,), (value,)), {}) == [{"name": "KEY", "value": "plain"}]
    (variable,) = environment(((value,), (secret,)), {})
    assert variable["valueFrom"]["secretKeyRef"]["key"] == "token"


def test_what_the_kubelet_is_to_fill_in() -> None:
    (variable,) = environment((), {"SPACE": ContainerLimit("ephemeral-storage")})
    assert variable == {"name": "SPACE", "valueFrom": {"resourceFieldRef": {"resource": "limits.ephemeral-storage"}}}
