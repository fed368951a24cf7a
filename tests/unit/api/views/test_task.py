"""The slim view of a Task reads the same fields as its model: no name is invented, no word means something else."""

from typing import Any

import msgspec
import pytest
from millpond.api.conditions import Condition
from millpond.api.kind import ObjectMeta
from millpond.api.resources import ResourceRequirements, millicores
from millpond.api.task import Affinity, Task, TaskConstraints, TaskSpec, TaskStatus
from millpond.api.views import meta, task
from pydantic import BaseModel

_PAIRS: list[tuple[type[msgspec.Struct], type[BaseModel]]] = [
    (task.TaskView, Task),
    (task.TaskSpec, TaskSpec),
    (task.TaskStatus, TaskStatus),
    (task.TaskConstraints, TaskConstraints),
    (task.Affinity, Affinity),
    (task.TaskResources, ResourceRequirements),
    (meta.Condition, Condition),
    (meta.Meta, ObjectMeta),
]


@pytest.mark.parametrize(("view", "model"), _PAIRS)
def test_names_on_the_wire_agree(view: type[msgspec.Struct], model: type[BaseModel]) -> None:
    known = {field.alias for field in model.model_fields.values()}
    assert set(view.__struct_encode_fields__) <= known


def test_a_document_of_the_model_reads_as_the_view() -> None:
    document: dict[str, Any] = {
        "metadata": {"name": "frame-042", "namespace": "lab", "labels": {"a": "b"}},
        "spec": {
            "jobName": "frames",
            "commandLine": "true",
            "requiredSlots": 2,
            "resources": {"requests": {"cpu": 2}, "limits": {"memory": "4Gi"}},
            "constraints": {"maxTaskRetryCount": 3},
        },
        "status": {"state": "Running", "attempt": 2, "nodeName": "render-7k2d9"},
    }
    model = Task.model_validate(document)
    view = msgspec.convert(model.as_document(), task.TaskView)
    assert (view.metadata.namespace, view.metadata.name) == model.key
    assert view.spec.job_name == model.spec.job_name
    assert view.spec.required_slots == model.spec.required_slots
    assert view.spec.resources is not None
    assert view.spec.resources.requests == model.spec.resources.requests
    assert view.status.attempt == model.status.attempt


def test_whole_numbers_may_come_without_quotes() -> None:
    view = msgspec.json.decode(b'{"requests": {"cpu": 2, "memory": "4Gi"}}', type=task.TaskResources)
    assert millicores(view.requests["cpu"]) == 2000
