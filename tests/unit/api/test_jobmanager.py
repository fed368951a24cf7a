"""What a job says of its manager, and what it need not say."""

from millpond.api import naming
from millpond.api.jobmanager import JobManagerTask


def test_a_manager_is_exclusive_and_takes_its_job_along_unless_told_otherwise() -> None:
    manager = JobManagerTask.model_validate({"id": "m", "commandLine": "manage"})
    assert (manager.kill_job_on_completion, manager.run_exclusive, manager.required_slots) == (True, True, 1)


def test_the_manager_s_task_is_called_by_job_and_id() -> None:
    assert naming.manager_task("film", "m") == "film-m"
