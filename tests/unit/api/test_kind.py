"""Objects are read leniently, written back as they were, and never changed in place."""

from datetime import UTC, datetime
from typing import Any

import pytest
from millpond.api.crd.files import KINDS
from millpond.api.kind import API_VERSION, Resource
from millpond.api.task import Task
from pydantic import ValidationError

_TASK: dict[str, Any] = {
    "apiVersion": API_VERSION,
    "kind": "Task",
    "metadata": {
        "name": "frame-042",
        "namespace": "lab",
        "uid": "u",
        "resourceVersion": "7",
        "creationTimestamp": "2026-11-24T10:00:00Z",
        "managedFields": [{"manager": "kubectl"}],
        "ownerReferences": [
            {"apiVersion": API_VERSION, "kind": "Job", "name": "frames", "uid": "j", "controller": True}
        ],
    },
    "spec": {"jobName": "frames", "commandLine": "true", "fieldOfALaterVersion": 1},
    "status": {"state": "Running", "attempt": 1},
}


def test_reading() -> None:
    task = Task.model_validate(_TASK)
    assert task.key == ("lab", "frame-042")
    assert task.metadata.creation_timestamp == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert task.metadata.owner_references[0].name == "frames"
    assert task.spec.job_name == "frames"


def test_writing() -> None:
    written = Task.model_validate(_TASK).as_document()
    assert list(written) == ["apiVersion", "kind", "metadata", "spec", "status"]
    metadata = {name: value for name, value in _TASK["metadata"].items() if name != "managedFields"}
    assert written["metadata"] == metadata
    assert written["spec"]["commandLine"] == "true"
    assert "id" not in written["spec"]


def test_what_is_written_reads_the_same() -> None:
    task = Task.model_validate(_TASK)
    assert Task.model_validate(task.as_document()) == task


def test_documents_do_not_change() -> None:
    task = Task.model_validate(_TASK)
    with pytest.raises(ValidationError):
        setattr(task.spec, "job_name", "other")  # noqa: B010


def test_another_kind_is_refused() -> None:
    with pytest.raises(ValidationError, match="kind"):
        Task.model_validate(_TASK | {"kind": "Job"})


@pytest.mark.parametrize("model", KINDS)
def test_kinds_describe_themselves(model: type[Resource]) -> None:
    kind = model.KIND
    assert model.model_fields["kind"].default == kind.name == model.__name__
    assert kind.crd_name == f"{kind.plural}.millpond.dev"
    assert kind.short_name.startswith("b")
    assert "Age" in [column.name for column in kind.columns if not column.wide]


def test_names_of_kinds_are_unique() -> None:
    words = [word for model in KINDS for word in (model.KIND.plural, model.KIND.short_name, model.KIND.singular)]
    assert len(words) == len(set(words))
