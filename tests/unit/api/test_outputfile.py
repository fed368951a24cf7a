"""Output files as users write them; what the API server refuses is in the cases of the definitions."""

import pytest
from millpond.api.outputfile import OutputFile, UploadCondition, upload_secrets
from pydantic import ValidationError


def an_output(**destination: object) -> OutputFile:
    return OutputFile.model_validate({"filePattern": "*", "destination": destination})


def test_files_are_uploaded_however_the_task_ended_unless_said_otherwise() -> None:
    assert an_output(containerUrl="s3://results").upload_condition is UploadCondition.TASK_COMPLETION


def test_the_secrets_of_all_destinations_each_once() -> None:
    outputs = (
        an_output(containerUrl="s3://results", credentialsSecretName="b"),
        an_output(containerUrl="s3://others", credentialsSecretName="a"),
        an_output(containerUrl="s3://results", credentialsSecretName="b"),
        an_output(containerUrl="https://lab.blob.core.windows.net/results?sig=x"),
        an_output(autoStorageContainerName="results"),
    )
    assert upload_secrets(outputs) == ("a", "b", "millpond-store")
    assert upload_secrets(()) == ()


@pytest.mark.parametrize("path", ["a", "a/b", ".a", "..a", "a/.b/c..", "é b"])
def test_paths_in_a_container(path: str) -> None:
    assert an_output(containerUrl="s3://results", path=path).destination.path == path


@pytest.mark.parametrize("path", ["", "/a", "a/", "a//b", ".", "..", "a/..", "a/./b", "a\nb"])
def test_paths_that_lead_nowhere_are_refused(path: str) -> None:
    with pytest.raises(ValidationError):
        an_output(containerUrl="s3://results", path=path)
