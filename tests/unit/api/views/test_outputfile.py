"""The slim view of an output file reads the same fields as its model."""

import json

import msgspec
import pytest
from millpond.api import outputfile
from millpond.api.views.outputfile import Destination, OutputFileView, UploadHeader, read_output_file
from pydantic import BaseModel


@pytest.mark.parametrize(
    ("view", "model"),
    [
        (OutputFileView, outputfile.OutputFile),
        (Destination, outputfile.OutputFileDestination),
        (UploadHeader, outputfile.UploadHeader),
    ],
)
def test_names_and_their_defaults_agree(view: type[msgspec.Struct], model: type[BaseModel]) -> None:
    assert set(view.__struct_encode_fields__) == {field.alias for field in model.model_fields.values()}


def test_a_document_of_the_model_reads_as_the_view() -> None:
    place = {"containerUrl": "s3://results", "path": "042", "uploadHeaders": [{"name": "Content-Type", "value": "a/b"}]}
    model = outputfile.OutputFile.model_validate({"filePattern": "*", "destination": place})
    view = read_output_file(json.dumps(model.as_document()))
    headers = (UploadHeader("Content-Type", "a/b"),)
    assert view == OutputFileView(
        "*", Destination("s3://results", path="042", upload_headers=headers), "TaskCompletion"
    )
