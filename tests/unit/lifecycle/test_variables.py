"""The reference's table of variables (azure-batch-semantics §6.2), row by row: the value, and in whose environment."""

from __future__ import annotations

import pytest
from millpond.lifecycle.variables import NAMES, ContainerLimit, Facts, Scope, Value, service_variables

ROOT = "/mnt/batch/tasks"
OWN = "workitems/frames/job-1/042"
PREPARATION = "workitems/frames/job-1/jobpreparation"
FACTS = Facts(
    "studio",
    "farm",
    "farm-aaaaa",
    ROOT,
    OWN,
    job="frames",
    id="042",
    preparation=PREPARATION,
    token="/run/token",
    certificates="/certificates",
)

T, P, R, S = Scope.TASK, Scope.PREPARATION, Scope.RELEASE, Scope.START
ROWS: list[tuple[str, Value, set[Scope]]] = [
    ("AZ_BATCH_ACCOUNT_NAME", "studio", {T, P, R, S}),
    (
        "AZ_BATCH_ACCOUNT_URL",
        "https://kubernetes.default.svc/apis/millpond.dev/v1alpha1/namespaces/studio",
        {T, P, R, S},
    ),
    ("AZ_BATCH_POOL_ID", "farm", {T, P, R, S}),
    ("AZ_BATCH_NODE_ID", "farm-aaaaa", {T, P, R, S}),
    ("AZ_BATCH_NODE_IS_DEDICATED", "true", {T, P, R, S}),
    ("AZ_BATCH_NODE_ROOT_DIR", ROOT, {T, P, R, S}),
    ("AZ_BATCH_NODE_SHARED_DIR", f"{ROOT}/shared", {T, P, R, S}),
    ("AZ_BATCH_NODE_STARTUP_DIR", f"{ROOT}/startup", {T, P, R, S}),
    ("AZ_BATCH_NODE_MOUNTS_DIR", f"{ROOT}/fsmounts", {T, P, R, S}),
    ("AZ_BATCH_CERTIFICATES_DIR", "/certificates", {T, P, R, S}),
    ("AZ_BATCH_JOB_ID", "frames", {T, P, R}),
    ("AZ_BATCH_TASK_ID", "042", {T, P, R}),
    ("AZ_BATCH_TASK_DIR", f"{ROOT}/{OWN}", {T, P, R, S}),
    ("AZ_BATCH_TASK_WORKING_DIR", f"{ROOT}/{OWN}/wd", {T, P, R, S}),
    ("AZ_BATCH_JOB_PREP_DIR", f"{ROOT}/{PREPARATION}", {T, R}),
    ("AZ_BATCH_JOB_PREP_WORKING_DIR", f"{ROOT}/{PREPARATION}/wd", {T, R}),
    ("AZ_BATCH_AUTHENTICATION_TOKEN_FILE", "/run/token", {T}),
    ("AZ_BATCH_TASK_RESERVED_EPHEMERAL_DISK_SPACE_BYTES", ContainerLimit("ephemeral-storage"), {T, P, R, S}),
]
WITHOUT_MECHANISM = {
    "AZ_BATCH_APP_PACKAGE_…": "there are no application packages yet",
    "AZ_BATCH_HOST_LIST": "there are no multi-instance tasks yet",
    "AZ_BATCH_NODE_LIST": "there are no multi-instance tasks yet",
    "AZ_BATCH_IS_CURRENT_NODE_MASTER": "there are no multi-instance tasks yet",
    "AZ_BATCH_MASTER_NODE": "there are no multi-instance tasks yet",
    "AZ_BATCH_TASK_SHARED_DIR": "there are no multi-instance tasks yet",
    "CCP_NODES": "there are no multi-instance tasks yet",
}


@pytest.mark.parametrize(("name", "value", "scopes"), ROWS, ids=[row[0] for row in ROWS])
def test_row(name: str, value: Value, scopes: set[Scope]) -> None:
    for scope in Scope:
        assert service_variables(scope, FACTS).get(name) == (value if scope in scopes else None), scope


def test_there_is_a_row_for_every_variable() -> None:
    assert {name for name, _, _ in ROWS} == NAMES
    assert NAMES.isdisjoint(WITHOUT_MECHANISM)
    assert len(ROWS) + len(WITHOUT_MECHANISM) == 25, "the reference's table has so many rows"


@pytest.mark.parametrize("scope", Scope)
def test_a_job_without_preparation_has_no_directory_of_it(scope: Scope) -> None:
    facts = Facts("studio", "farm", "farm-aaaaa", ROOT, OWN, job="frames", id="042")
    assert not [name for name in service_variables(scope, facts) if "PREP" in name]
