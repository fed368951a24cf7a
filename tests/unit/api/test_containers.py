"""Containers of tasks."""

import pytest
from millpond.api.containers import ContainerSettings, WorkingDirectory
from pydantic import ValidationError


def test_a_task_starts_in_its_own_directory_unless_told() -> None:
    settings = ContainerSettings(image_name="debian:12")
    assert settings.working_directory is WorkingDirectory.TASK_WORKING_DIRECTORY


@pytest.mark.parametrize("image", ["", "debian 12", "x" * 513])
def test_images_are_one_word(image: str) -> None:
    with pytest.raises(ValidationError):
        ContainerSettings(image_name=image)
