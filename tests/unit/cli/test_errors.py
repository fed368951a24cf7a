"""What an API server answers becomes: what is wrong, where, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from millpond.cli.errors import CliError, explained, unknown_name
from millpond.cli.main import millpond
from millpond.cluster.errors import ApiError, Status, UnavailableError, error_of

SERVER = "https://cluster.example"

SENTENCES: list[tuple[ApiError, str, str]] = [
    (error_of(401, Status("Unauthorized")), "does not know you", "--context"),
    (error_of(403, Status("tasks is forbidden: User x cannot list")), "User x cannot list", "Ask for that right"),
    (error_of(404, Status("404 page not found")), "Millpond is not installed", "helm install"),
    (
        error_of(404, Status("the server could not find the requested resource", "NotFound")),
        "Millpond is not installed",
        "helm install",
    ),
    (error_of(404, Status('pods "x" not found', "NotFound")), 'pods "x" not found', ""),
    (UnavailableError("GET /x: no answer"), "no answer", "Check that https://cluster.example is up"),
    (error_of(422, Status("spec.x: is wrong")), "spec.x: is wrong", ""),
]


@pytest.mark.parametrize(("error", "message", "next_step"), SENTENCES)
def test_answers_become_sentences(error: ApiError, message: str, next_step: str) -> None:
    with pytest.raises(CliError) as told, explained(SERVER):
        raise error
    assert message in told.value.message
    assert next_step in told.value.next_step
    assert told.value.exit_code == 1


def test_names_to_choose_from() -> None:
    assert unknown_name("job", "x", "n", []).next_step.endswith("`millpond job list -A`.")
    assert unknown_name("job", "film", "n", ["films", "other"]).next_step == "Did you mean films?"
    assert unknown_name("job", "x", "n", "abcdefg").next_step == "There are 7: a, b, c, d, e, …"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read as a kubeconfig"),
        ("[]", "is not a kubeconfig"),
        ("contexts: []", "has no context"),
    ],
)
def test_a_kubeconfig_that_is_none(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "config"
    if content is not None:
        path.write_text(content)
    done = CliRunner().invoke(millpond, ["pool", "list", "--kubeconfig", str(path)])
    assert done.exit_code == 1
    assert said in done.stderr
    assert "Next:" in done.stderr
