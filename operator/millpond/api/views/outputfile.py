"""An output file as whoever uploads it reads it: the document of `api/outputfile`, without the weight of its checks."""

from __future__ import annotations

import msgspec

from millpond.api.views.meta import View


class UploadHeader(View, frozen=True):
    name: str
    value: str


class Destination(View, frozen=True):
    container_url: str | None = None
    auto_storage_container_name: str | None = None
    path: str | None = None
    credentials_secret_name: str | None = None
    upload_headers: tuple[UploadHeader, ...] = ()


class OutputFileView(View, frozen=True):
    file_pattern: str
    destination: Destination
    upload_condition: str = "TaskCompletion"


OUTPUT_FILE = "MILLPOND_OUTPUT_FILE_"
"""Beginning of the names of the variables that describe output files to whoever uploads them; a number follows."""

read_output_file = msgspec.json.Decoder(OutputFileView).decode
