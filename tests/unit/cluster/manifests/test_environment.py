"""Variables arrive as written, and the service's win."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from millpond.api.environment import EnvironmentSetting
from millpond.cluster.manifests.environment import environment, literal, node_variables, task_variables
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


def test_service_variables() -> None:
    names = node_variables("studio", "farm", "farm-aaaaa", "workitems/frames/job-1/042") | task_variables(
        "frames", "042"
    )
    root = "/mnt/batch/tasks"
    assert names == {
        "AZ_BATCH_ACCOUNT_NAME": "studio",
        "AZ_BATCH_POOL_ID": "farm",
        "AZ_BATCH_NODE_ID": "farm-aaaaa",
        "AZ_BATCH_NODE_IS_DEDICATED": "true",
        "AZ_BATCH_NODE_ROOT_DIR": root,
        "AZ_BATCH_NODE_SHARED_DIR": f"{root}/shared",
        "AZ_BATCH_NODE_STARTUP_DIR": f"{root}/startup",
        "AZ_BATCH_NODE_MOUNTS_DIR": f"{root}/fsmounts",
        "AZ_BATCH_JOB_ID": "frames",
        "AZ_BATCH_TASK_ID": "042",
        "AZ_BATCH_TASK_DIR": f"{root}/workitems/frames/job-1/042",
        "AZ_BATCH_TASK_WORKING_DIR": f"{root}/workitems/frames/job-1/042/wd",
    }
