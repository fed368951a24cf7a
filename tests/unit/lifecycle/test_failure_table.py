"""Every case of the failure table comes to what it must, and the table leaves nothing out."""

from __future__ import annotations

import pytest
from millpond.api.reasons import FailureCode
from millpond.lifecycle.exits import Ending
from millpond.lifecycle.tasks import Ledger
from support.failuretable import BY_NAME, CASES, CATEGORIES, LATER, NEXT_STATE, SIGNALS, Case, exit_of, verdict_of

FINAL = "Completed"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_end_is_booked_where_it_belongs(case: Case) -> None:
    verdict = verdict_of(case)
    if case.ledger is None:
        assert verdict is None
        return
    assert verdict is not None
    assert (verdict.ledger, verdict.exit_code) == (case.ledger, case.exit_code)
    assert (verdict.failure.code if verdict.failure else None) == case.code
    assert bool(verdict.result) == (NEXT_STATE[case.ledger].value == FINAL)
    message = verdict.failure.message if verdict.failure else verdict.message
    assert [words for words in case.says if words not in message] == [], message


@pytest.mark.parametrize("case", [c for c in CASES if c.code is not None], ids=lambda case: case.name)
def test_a_failure_says_whose_it_is_and_in_whole_sentences(case: Case) -> None:
    verdict = verdict_of(case)
    assert verdict is not None
    assert verdict.failure is not None
    assert verdict.failure.category is CATEGORIES[verdict.failure.code]
    assert "  " not in verdict.failure.message
    assert verdict.failure.message.count("runs again") == 0


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.ledger in (Ledger.REQUEUE, Ledger.RECOVERY)], ids=lambda c: c.name
)
def test_what_runs_again_says_so_once(case: Case) -> None:
    verdict = verdict_of(case)
    assert verdict is not None
    assert verdict.message.count("runs again") == 1, verdict.message
    assert verdict.message.endswith(("runs again.", "runs again elsewhere.", "once it is enabled.")), verdict.message


def test_the_table_reaches_every_word() -> None:
    exits = [exit_.ending for case in CASES if (exit_ := exit_of(case)) is not None]
    assert set(exits) == set(Ending)
    assert {case.ledger for case in CASES} == {*Ledger, None}
    assert {case.code for case in CASES} == {*FailureCode, None}


def test_every_code_of_azure_batch_is_reached_or_said_to_come_later() -> None:
    reference = """
        FailureExitCode TaskEnded BlobNotFound BlobAccessDenied BlobDownloadTimedOut BlobDownloadMiscError
        ResourceContainerAccessDenied ResourceContainerNotFound ResourceContainerListTimedOut
        ResourceContainerListMiscError ResourceDirectoryCreateFailed ResourceFileCreateFailed ResourceFileWriteFailed
        DiskFull CommandProgramNotFound CommandLaunchFailed ApplicationPackageError ContainerInvalidImage
        ContainerInvalidRegistry ContainerInvalidSettings ContainerMiscError MountConfigurationError
        MaxInternalRetryCountReached TaskSchedulingConstraintFailed JobPreparationTaskFailed
        FileUploadContainerNotFound FileUploadAccessDenied FileUploadConflict FileUploadTimedOut FileUploadMiscError
        Unknown"""
    reached = {case.code.value for case in CASES if case.code is not None}
    assert reached | LATER.keys() == set(reference.split())
    assert not reached & LATER.keys(), "reached by now: take it off the list of what comes later"
    assert set(CATEGORIES) == set(FailureCode)


def test_the_cases_are_distinct_and_many() -> None:
    assert len(BY_NAME) == len(CASES)
    assert len(CASES) - len(SIGNALS) >= 120
