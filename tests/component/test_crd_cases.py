"""What the API server takes and refuses, and what it says: every rule, bound and enumeration of the five kinds."""

import pytest
from support.apiserver import ApiServer
from support.crdbounds import required_cases, size_cases
from support.crdcases import MODELS, Case, cases, document, in_template, tables

_ALL = [case for table in tables().values() for case in cases(table)]
_TEMPLATES = [inside for case in _ALL if (inside := in_template(case)) is not None]
_BOUNDS = [case for table in tables().values() for made in (size_cases, required_cases) for case in made(table)]


@pytest.mark.parametrize("case", [*_ALL, *_TEMPLATES], ids=str)
def test_case(server: ApiServer, case: Case) -> None:
    _try(server, case)


@pytest.mark.parametrize("case", _BOUNDS, ids=str)
def test_bound(server: ApiServer, case: Case) -> None:
    _try(server, case)


def _try(server: ApiServer, case: Case) -> None:
    path = f"/apis/millpond.dev/v1alpha1/namespaces/default/{MODELS[case.kind].KIND.plural}"
    trial = "?dryRun=All&fieldValidation=Strict"
    if case.before is None:
        status, answer = server.request("POST", path + trial, document(case.kind, case.spec, case.name))
    else:
        status, created = server.request("POST", path, document(case.kind, case.before))
        assert status == 201, created["message"]
        try:
            if case.state:
                status, created = server.request(
                    "PUT", f"{path}/example/status", created | {"status": {"state": case.state}}
                )
                assert status == 200, created["message"]
            changed = created | {"spec": case.spec}
            status, answer = server.request("PUT", f"{path}/example{trial}", changed)
        finally:
            server.request("DELETE", f"{path}/example")
    if not case.says:
        assert status in (200, 201), answer["message"]
    else:
        assert status in (400, 422), f"taken, though it should say {case.says}"
        for text in case.says:
            assert text in answer["message"]
