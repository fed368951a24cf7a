"""What the container that installs packages says of its end, and the variables of packages."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.applications import ApplicationPackageReference
from millpond.api.reasons import FailureCategory, FailureCode
from millpond.api.views.pod import PodView
from millpond.lifecycle.exits import Ending, judge_ended
from millpond.lifecycle.packages import (
    LONGEST_MESSAGE,
    PACKAGES_CONTAINER,
    PackageReport,
    package_failure,
    package_variables,
)
from support.builders import a_node_pod, a_task_pod, ended, running, waiting


def word(code: FailureCode = FailureCode.APPLICATION_PACKAGE_ERROR, message: str = "It is not there.") -> str:
    return PackageReport(code, message, "tool:1").encode().decode()


def a_pod(state: dict[str, Any], last: dict[str, Any] | None = None, **status: Any) -> PodView:
    own = {"name": PACKAGES_CONTAINER, "state": state, "lastState": last or {}}
    return a_task_pod("frame", waiting("PodInitializing"), initContainerStatuses=[own], **status)


@pytest.mark.parametrize(
    ("code", "category"),
    [
        (FailureCode.APPLICATION_PACKAGE_ERROR, FailureCategory.USER_ERROR),
        (FailureCode.DISK_FULL, FailureCategory.SERVER_ERROR),
    ],
)
def test_what_it_tells_fails_the_task_for_good(code: FailureCode, category: FailureCategory) -> None:
    exit_ = judge_ended(a_pod(ended(1, message=word(code)), phase="Failed"))
    assert exit_.ending is Ending.PREPROCESSING
    assert exit_.failure is not None
    assert (exit_.failure.code, exit_.failure.category, exit_.failure.message) == (code, category, "It is not there.")
    details = {detail.name: detail.value for detail in exit_.failure.details}
    assert details == {"ApplicationPackageReference": "tool:1", "Message": "It is not there."}


@pytest.mark.parametrize("message", ["", "Traceback", "{", "{}", '{"code":"Nonsense","message":"x","package":"y"}'])
def test_what_is_no_word_of_it_is_none(message: str) -> None:
    pod = a_pod(ended(1, message=message), phase="Failed")
    assert package_failure(pod) is None
    assert judge_ended(pod).ending is Ending.INTERRUPTED


def test_on_a_node_it_stands_until_it_is_done() -> None:
    failed = ended(1, message=word())
    assert package_failure(a_pod(failed)) is not None
    assert package_failure(a_pod(waiting("CrashLoopBackOff"), failed)) is not None
    assert package_failure(a_pod(running(), failed)) is not None
    assert package_failure(a_pod(ended(0), failed)) is None
    assert package_failure(a_pod(running())) is None
    assert package_failure(a_node_pod()) is None


def test_a_long_word_is_cut_so_that_it_can_be_read() -> None:
    failure = package_failure(a_pod(ended(1, message=word(message="é" * 5000))))
    assert failure is not None
    assert len(failure.message) <= LONGEST_MESSAGE + 1
    assert len(word(message="é" * 5000).encode()) < 4096


def reference(identity: str, version: str | None = None) -> ApplicationPackageReference:
    return ApplicationPackageReference(application_id=identity, version=version)


def test_variables_are_in_both_cases_and_lead_to_links() -> None:
    assert package_variables("/node", [reference("Blender", "2.7-rc"), reference("my-tool")]) == {
        "AZ_BATCH_APP_PACKAGE_Blender_2_7_rc": "/node/applications/Blender/2.7-rc",
        "AZ_BATCH_APP_PACKAGE_blender_2_7_rc": "/node/applications/Blender/2.7-rc",
        "AZ_BATCH_APP_PACKAGE_my_tool": "/node/applications/my-tool/.default",
    }


def test_of_two_that_come_to_one_name_the_later_counts() -> None:
    found = package_variables("/r", [reference("a-b", "1"), reference("a_b", "1")])
    assert found == {"AZ_BATCH_APP_PACKAGE_a_b_1": "/r/applications/a_b/1"}
