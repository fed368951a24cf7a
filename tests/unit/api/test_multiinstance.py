"""What a document of a multi-instance task says, and by default."""

from __future__ import annotations

import pytest
from millpond.api.multiinstance import MOST_INSTANCES, MultiInstanceSettings, Subtask
from pydantic import ValidationError


def test_the_default_is_one_instance() -> None:
    found = MultiInstanceSettings.model_validate({"coordinationCommandLine": "true"})
    assert (found.number_of_instances, found.coordination_command_line) == (1, "true")


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"coordinationCommandLine": ""},
        {"coordinationCommandLine": "true", "numberOfInstances": 0},
        {"coordinationCommandLine": "true", "numberOfInstances": MOST_INSTANCES + 1},
    ],
)
def test_what_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MultiInstanceSettings.model_validate(document)


def test_the_primary_is_no_subtask() -> None:
    with pytest.raises(ValidationError):
        Subtask.model_validate({"id": 0, "nodeName": "n", "state": "Running"})
