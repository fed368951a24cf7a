"""What a download's container says of its end, and what it cannot be made to say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from millpond.api.reasons import FailureCategory, FailureCode
from millpond.api.views.pod import PodView
from millpond.lifecycle.exits import Ending, judge_ended
from millpond.lifecycle.fetching import CATEGORIES, FETCH_CONTAINER, fetch_failure
from millpond.lifecycle.run import RunState
from millpond.lifecycle.starttask import observe_start_task
from support.builders import a_node_pod, a_task_pod, ended, exited, running, waiting


def report(code: str, message: str = "It is not there.", file: str = "a/b") -> str:
    return json.dumps({"fetch": {"code": code, "message": message, "file": file}})


def a_pod(fetch: dict[str, Any] | None, **status: Any) -> PodView:
    """A task's Pod whose command has not started."""
    inits = [{"name": FETCH_CONTAINER, "state": fetch}] if fetch else []
    return a_task_pod("frame", waiting("PodInitializing"), initContainerStatuses=inits, **status)


@pytest.mark.parametrize("code", CATEGORIES)
def test_every_code_that_a_download_may_tell_fails_the_task_for_good(code: FailureCode) -> None:
    exit_ = judge_ended(a_pod(ended(1, message=report(code.value)), phase="Failed"))
    assert exit_.ending is Ending.PREPROCESSING
    assert exit_.failure is not None
    assert (exit_.failure.code, exit_.failure.category) == (code, CATEGORIES[code])
    assert [(detail.name, detail.value) for detail in exit_.failure.details] == [("FilePath", "a/b")]


def test_what_it_said_counts_also_where_somebody_deletes_the_pod() -> None:
    pod = a_pod(ended(1, message=report("BlobNotFound")), phase="Failed", deleted=True)
    assert judge_ended(pod).ending is Ending.PREPROCESSING


@pytest.mark.parametrize(
    "message",
    ["", "Traceback", "{", '{"fetch":{}}', '{"fetch":{"code":"Nonsense","message":"x"}}', report("FailureExitCode")],
)
def test_what_is_no_word_of_a_download_is_none(message: str) -> None:
    pod = a_pod(ended(1, message=message), phase="Failed")
    assert fetch_failure(pod) is None
    assert judge_ended(pod).ending is Ending.INTERRUPTED


def test_ends_that_the_kubelet_gives_are_interruptions() -> None:
    assert judge_ended(a_pod(ended(137, "OOMKilled"), phase="Failed")).ending is Ending.INTERRUPTED
    assert judge_ended(a_pod(ended(143), phase="Failed", deleted=True)).ending is Ending.INTERRUPTED


@pytest.mark.parametrize(
    ("cause", "code"),
    [("NodeDirectory", FailureCode.RESOURCE_DIRECTORY_CREATE_FAILED), ("DiskFull", FailureCode.DISK_FULL)],
)
def test_directories_that_could_not_be_made(cause: str, code: FailureCode) -> None:
    failure = fetch_failure(a_pod(exited(125, cause, message="no room"), phase="Failed"))
    assert failure is not None
    assert (failure.code, failure.category, failure.message) == (code, FailureCategory.SERVER_ERROR, "no room.")


@pytest.mark.parametrize("state", [None, waiting("PodInitializing"), running(), ended(0)])
def test_a_download_that_has_not_failed(state: dict[str, Any] | None) -> None:
    assert fetch_failure(a_pod(state)) is None


def test_a_start_task_whose_files_could_not_be_had_has_failed_with_their_words() -> None:
    inits = [
        {"name": FETCH_CONTAINER, "state": ended(0, message=report("BlobAccessDenied", "The store says no."))},
        {"name": "start-task", "state": exited(125, "Withheld", message="The store says no.")},
    ]
    run = observe_start_task(a_node_pod(start_task={}, initContainerStatuses=inits))
    assert run.state is RunState.FAILED
    assert run.failure is not None
    assert (run.failure.code, run.failure.message) == (FailureCode.BLOB_ACCESS_DENIED, "The store says no.")
