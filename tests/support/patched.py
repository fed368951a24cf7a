"""A Task after a write of its status."""

from __future__ import annotations

import msgspec
from millpond.api.views.task import TaskView
from millpond.control.actions import WriteTask

from support.told import plain


def patched_task(view: TaskView, action: WriteTask, version: str) -> TaskView:
    """The Task as the API server merges it, conditions by their type; its new version."""
    assert view.metadata.uid == action.uid
    assert view.metadata.resource_version == action.version, "a write on a version that is not the newest"
    raw = plain(view)
    for field, value in plain(action.status).items():
        if field == "conditions":
            kinds = {condition["type"] for condition in value}
            raw["status"][field] = [c for c in raw["status"][field] if c["type"] not in kinds] + value
        elif value is None:
            raw["status"].pop(field, None)
        else:
            raw["status"][field] = value
    raw["metadata"]["resourceVersion"] = version
    return msgspec.convert(raw, TaskView)
