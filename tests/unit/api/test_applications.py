"""References to application packages."""

import pytest
from millpond.api.applications import MOST_PACKAGES, ApplicationPackageReference
from millpond.api.pool import Pool
from millpond.api.task import TaskWork
from pydantic import ValidationError
from support.builders import a_pool


def test_a_reference_in_words() -> None:
    assert ApplicationPackageReference(application_id="tool", version="1.0").text == "tool:1.0"
    assert ApplicationPackageReference(application_id="tool").text == "tool"


@pytest.mark.parametrize("field", [{"applicationId": "a/b"}, {"applicationId": "a", "version": ".1"}, {"version": "1"}])
def test_what_is_no_reference(field: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ApplicationPackageReference.model_validate(field)


def test_a_pool_and_a_task_have_a_few() -> None:
    many = [{"applicationId": f"a{number}"} for number in range(MOST_PACKAGES + 1)]
    pool: Pool = a_pool(applicationPackageReferences=many[1:])
    assert len(pool.spec.application_package_references) == MOST_PACKAGES
    with pytest.raises(ValidationError):
        TaskWork.model_validate({"commandLine": "true", "applicationPackageReferences": many})
