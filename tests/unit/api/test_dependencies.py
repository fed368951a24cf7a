"""Dependencies as users write them."""

from millpond.api.dependencies import TaskDependencies


def test_public_names() -> None:
    read = TaskDependencies.model_validate({"taskIds": ["prep", "42"], "taskIdRanges": [{"start": 1, "end": 10}]})
    assert read.task_ids == ("prep", "42")
    assert (read.task_id_ranges[0].start, read.task_id_ranges[0].end) == (1, 10)
    assert TaskDependencies() == TaskDependencies(task_ids=(), task_id_ranges=())
