"""The reference's table of variables (azure-batch-semantics §6.2), row by row: the value, and in whose environment."""

from __future__ import annotations

import pytest
from millpond.lifecycle.variables import FROM_RENDEZVOUS, NAMES, ContainerLimit, Facts, Scope, Value, service_variables

ROOT = "/mnt/batch/tasks"
OWN = "workitems/frames/job-1/042"
PREPARATION = "workitems/frames/job-1/jobpreparation"
SHARED = "workitems/frames/job-1/all"
FACTS = Facts(
    "studio", "farm", "farm-aaaaa", ROOT, OWN, job="frames", id="042", preparation=PREPARATION, token="/run/token",
    shared=SHARED, certificates="/certificates",
)  # fmt: skip

T, P, R, S = Scope.TASK, Scope.PREPARATION, Scope.RELEASE, Scope.START
MI, MS = Scope.PRIMARY, Scope.SUBTASK
ROWS: list[tuple[str, Value, set[Scope]]] = [
    ("AZ_BATCH_ACCOUNT_NAME", "studio", {T, P, R, S, MI, MS}),
    (
        "AZ_BATCH_ACCOUNT_URL",
        "https://kubernetes.default.svc/apis/millpond.dev/v1alpha1/namespaces/studio",
        {T, P, R, S, MI, MS},
    ),
    ("AZ_BATCH_POOL_ID", "farm", {T, P, R, S, MI, MS}),
    ("AZ_BATCH_NODE_ID", "farm-aaaaa", {T, P, R, S, MI, MS}),
    ("AZ_BATCH_NODE_IS_DEDICATED", "true", {T, P, R, S, MI, MS}),
    ("AZ_BATCH_NODE_ROOT_DIR", ROOT, {T, P, R, S, MI, MS}),
    ("AZ_BATCH_NODE_SHARED_DIR", f"{ROOT}/shared", {T, P, R, S, MI, MS}),
    ("AZ_BATCH_NODE_STARTUP_DIR", f"{ROOT}/startup", {T, P, R, S, MI, MS}),
    ("AZ_BATCH_NODE_MOUNTS_DIR", f"{ROOT}/fsmounts", {T, P, R, S, MI, MS}),
    ("AZ_BATCH_CERTIFICATES_DIR", "/certificates", {T, P, R, S, MI, MS}),
    ("AZ_BATCH_JOB_ID", "frames", {T, P, R, MI, MS}),
    ("AZ_BATCH_TASK_ID", "042", {T, P, R, MI, MS}),
    ("AZ_BATCH_TASK_DIR", f"{ROOT}/{OWN}", {T, P, R, S, MI, MS}),
    ("AZ_BATCH_TASK_WORKING_DIR", f"{ROOT}/{OWN}/wd", {T, P, R, S, MI, MS}),
    ("AZ_BATCH_JOB_PREP_DIR", f"{ROOT}/{PREPARATION}", {T, R, MI, MS}),
    ("AZ_BATCH_JOB_PREP_WORKING_DIR", f"{ROOT}/{PREPARATION}/wd", {T, R, MI, MS}),
    ("AZ_BATCH_AUTHENTICATION_TOKEN_FILE", "/run/token", {T, MI}),
    ("AZ_BATCH_TASK_RESERVED_EPHEMERAL_DISK_SPACE_BYTES", ContainerLimit("ephemeral-storage"), {T, P, R, S, MI, MS}),
    ("AZ_BATCH_TASK_SHARED_DIR", f"{ROOT}/{SHARED}", {MI, MS}),
    ("AZ_BATCH_IS_CURRENT_NODE_MASTER", "true", {MI}),
    ("AZ_BATCH_IS_CURRENT_NODE_MASTER", "false", {MS}),
]
IN_PACKAGES = {"AZ_BATCH_APP_PACKAGE_…"}
"""One for each reference to an application: `lifecycle/packages` has them."""


@pytest.mark.parametrize(("name", "value", "scopes"), ROWS, ids=[row[0] for row in ROWS])
def test_row(name: str, value: Value, scopes: set[Scope]) -> None:
    others = {scope for told, _, scopes in ROWS if told == name for scope in scopes}
    for scope in scopes | (set(Scope) - others):
        assert service_variables(scope, FACTS).get(name) == (value if scope in scopes else None), scope


def test_there_is_a_row_for_every_variable() -> None:
    assert {name for name, _, _ in ROWS} | FROM_RENDEZVOUS == NAMES
    assert len(NAMES) + len(IN_PACKAGES) == 25, "the reference's table has so many rows"


@pytest.mark.parametrize("scope", Scope)
def test_a_job_without_preparation_has_no_directory_of_it(scope: Scope) -> None:
    facts = Facts("studio", "farm", "farm-aaaaa", ROOT, OWN, job="frames", id="042")
    assert not [name for name in service_variables(scope, facts) if "PREP" in name]


@pytest.mark.parametrize("scope", Scope)
def test_a_low_priority_node_is_not_dedicated(scope: Scope) -> None:
    facts = Facts("studio", "farm", "farm-aaaaa", ROOT, OWN, dedicated=False)
    assert service_variables(scope, facts)["AZ_BATCH_NODE_IS_DEDICATED"] == "false"
