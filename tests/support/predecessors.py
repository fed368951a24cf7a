"""What tasks wait for, judged naively from the API server's own objects: the yardstick of the laws."""

from __future__ import annotations

from support.model.store import Document
from support.model.verbs import Verbs


def unmet(verbs: Verbs, task: Document) -> list[str | int]:
    """The ids and integers of a task's dependencies that no task of its job satisfies now."""
    namespace, spec = task["metadata"]["namespace"], task["spec"]
    job = verbs.store.get("jobs", (namespace, spec["jobName"]))
    words = spec.get("dependsOn")
    if not words or job is None or not job["spec"].get("usesTaskDependencies"):
        return []
    met = {
        reading
        for other in verbs.list("tasks", namespace)
        if other["spec"]["jobName"] == spec["jobName"] and satisfies(other)
        for reading in readings(other)
    }
    wanted: list[str | int] = [task_id.lower() for task_id in words.get("taskIds", ())]
    for span in words.get("taskIdRanges", ()):
        wanted += range(span["start"], span["end"] + 1)
    return [key for key in wanted if key not in met]


def readings(task: Document) -> set[str | int]:
    """The id and the integer that dependencies may name a task by."""
    task_id = (task["spec"].get("id") or task["metadata"]["name"]).lower()
    return {task_id, int(task_id)} if task_id.isdigit() else {task_id}


def satisfies(task: Document) -> bool:
    """True when the task is completed and lets those that depend on it go on."""
    status = task.get("status") or {}
    if status.get("state") != "Completed":
        return False
    return action(task, "dependencyAction", "Satisfy", "Block") == "Satisfy"


def terminates(task: Document) -> bool:
    """True when the task is completed and its job, if it performs job actions, is to be terminated."""
    if (task.get("status") or {}).get("state") != "Completed":
        return False
    return action(task, "jobAction", "None", "Terminate") == "Terminate"


def action(task: Document, word: str, after_success: str, after_failure: str) -> str:
    """The action that a completed task's exit conditions say, as the reference's list of rules has it."""
    status, words = task["status"], task["spec"].get("exitConditions") or {}
    code, failure = status.get("exitCode"), (status.get("failure") or {}).get("code")
    usual = after_success if failure is None else after_failure
    options = None
    by_upload = (failure or "").startswith("FileUpload")
    if failure in (None, "FailureExitCode") or by_upload:
        exact = [each["exitOptions"] for each in words.get("exitCodes", ()) if each["code"] == code]
        spans = [s["exitOptions"] for s in words.get("exitCodeRanges", ()) if s["start"] <= code <= s["end"]]
        options = next(iter([*exact, *spans]), None)
    if options is None and by_upload:
        options = words.get("fileUploadError")
    elif not by_upload and failure not in (None, "FailureExitCode", "TaskEnded"):
        options = words.get("preProcessingError")
    if options is None and failure is not None:
        options = words.get("default")
    return (options or {}).get(word, usual)
