"""A job's preparation and release tasks: what they are when a user says little."""

import pytest
from millpond.api.job import JobSpec
from millpond.api.jobtasks import JobReleaseTask
from pydantic import ValidationError


def test_the_defaults_are_azure_batch_s() -> None:
    least = {"commandLine": "true"}
    spec = JobSpec.model_validate({"poolName": "p", "jobPreparationTask": least, "jobReleaseTask": least})
    preparation, release = spec.job_preparation_task, spec.job_release_task
    assert preparation is not None
    assert release is not None
    assert (preparation.id, preparation.wait_for_success, preparation.rerun_on_node_reboot_after_success) == (
        "jobpreparation",
        True,
        True,
    )
    assert (preparation.constraints.max_task_retry_count, preparation.constraints.max_wall_clock_seconds) == (0, None)
    assert (release.id, release.max_wall_clock_seconds) == ("jobrelease", 900)


@pytest.mark.parametrize("seconds", [0, 901])
def test_a_release_runs_for_a_quarter_of_an_hour_at_most(seconds: int) -> None:
    with pytest.raises(ValidationError):
        JobReleaseTask.model_validate({"commandLine": "true", "maxWallClockSeconds": seconds})
