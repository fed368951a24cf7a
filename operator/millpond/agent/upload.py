"""The upload of a task's output files when its command has ended: what is due, a few files at a time, and a last word.

Everything that can be uploaded is; what is reported is the first thing that could not. A store takes a file whole or
not at all, so that nothing unfinished has a blob's name.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import obstore

from millpond.agent.beneath import MissingFileError, Parts, RefusedPathError, directory, open_file, open_root
from millpond.agent.destinations import DestinationError, Destinations, Target, refusal
from millpond.agent.outputs import Output, find_outputs
from millpond.agent.uploadlog import UploadLog
from millpond.api.filepattern import FilePatternError, parse_pattern
from millpond.api.reasons import FailureCode
from millpond.api.views.outputfile import OUTPUT_FILE, OutputFileView, read_output_file
from millpond.lifecycle.record import LauncherRecord, read_record
from millpond.lifecycle.uploads import UploadReport, conditions_met
from millpond.storage.problems import is_from_a_store, trouble_of

RECORD, STDOUT = "exit.json", "stdout.txt"
LONGEST_RECORD = 8192
FILES_AT_A_TIME = 4
PIECES_AT_A_TIME = 12
"""Of all files together."""
PIECE = 5 << 20
"""Bytes of a larger file that are sent at a time; S3 takes no fewer."""
MOST_PIECES = 9000
"""S3 takes 10,000 of a file."""
MISC = FailureCode.FILE_UPLOAD_MISC_ERROR


@dataclass(frozen=True)
class Errand:
    """Whose files are uploaded: `directory` is the task's, beneath the node directory `root`; `run` its Pod."""

    root: str
    directory: Parts
    run: str
    limit: float
    """Seconds for all of it."""


def told_outputs(variables: Mapping[str, str]) -> list[OutputFileView]:
    """The output files that the environment describes, in order."""
    found: list[OutputFileView] = []
    while (document := variables.get(f"{OUTPUT_FILE}{len(found)}")) is not None:
        found.append(read_output_file(document))
    return found


@dataclass(frozen=True)
class _Delivery:
    output: Output
    target: Target


def upload(errand: Errand, outputs: Sequence[OutputFileView], destinations: Destinations) -> UploadReport | None:
    """Upload what the task's end asks for; None where that went well, or nothing was due.

    RefusedPathError where the node directory cannot be opened.
    """
    base = open_root(errand.root)
    try:
        with _occupied(base, errand.directory):
            return _upload(base, errand, outputs, destinations)
    except MissingFileError:
        # The launcher never made it.
        return None
    finally:
        os.close(base)


@contextmanager
def _occupied(base: int, parts: Parts) -> Iterator[None]:
    """The directory, kept as the launcher keeps it: who deletes directories waits until nobody shares its lock."""
    with directory(base, parts) as descriptor:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield


def _upload(
    base: int, errand: Errand, outputs: Sequence[OutputFileView], destinations: Destinations
) -> UploadReport | None:
    record = _record(base, errand.directory)
    met = conditions_met(record, errand.run, begun=_exists(base, (*errand.directory, STDOUT)))
    due = [output for output in outputs if output.upload_condition in met]
    if not due:
        return None
    with UploadLog(base, errand.directory) as log:
        reports: list[UploadReport] = []
        deliveries = _gather(base, errand, due, destinations, reports, log)
        reports += asyncio.run(_deliver_all(base, deliveries, errand.limit, log))
        for report in reports:
            log.trouble(report.message)
        return _summed_up(reports)


def _record(base: int, directory: Parts) -> LauncherRecord | None:
    try:
        descriptor = open_file(base, (*directory, RECORD))
    except RefusedPathError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        return read_record(file.read(LONGEST_RECORD).decode(errors="replace"))


def _exists(base: int, parts: Parts) -> bool:
    try:
        os.close(open_file(base, parts))
    except MissingFileError:
        return False
    except RefusedPathError:
        return True
    return True


def _gather(
    base: int,
    errand: Errand,
    due: Iterable[OutputFileView],
    destinations: Destinations,
    reports: list[UploadReport],
    log: UploadLog,
) -> list[_Delivery]:
    """The files to upload, one for each blob: of two that claim its name the later one counts."""
    found: dict[tuple[str, str], _Delivery] = {}
    for output in due:
        try:
            target = destinations.open(output.destination)
            pattern = parse_pattern(output.file_pattern, errand.root, (*errand.directory, "wd"))
            files = list(find_outputs(base, pattern, output.destination.path))
        except DestinationError as error:
            reports.append(error.report)
            continue
        except (FilePatternError, RefusedPathError) as error:
            reports.append(UploadReport(MISC, f"Nothing was uploaded for {output.file_pattern!r}: {error}."))
            continue
        log.progress(f"{output.file_pattern}: {len(files)} files for {target.text}")
        found |= {(target.text, file.blob): _Delivery(file, target) for file in files}
    return list(found.values())


async def _deliver_all(base: int, deliveries: Sequence[_Delivery], limit: float, log: UploadLog) -> list[UploadReport]:
    """Upload the files, a few at a time; what is to be reported, in their order."""
    waiting, told = deque(enumerate(deliveries)), dict[int, UploadReport | None]()

    async def work() -> None:
        while waiting:
            at, delivery = waiting.popleft()
            told[at] = await _deliver(base, delivery, PIECES_AT_A_TIME // files, log)

    files = max(1, min(FILES_AT_A_TIME, len(deliveries)))
    try:
        async with asyncio.timeout(limit), asyncio.TaskGroup() as group:
            for _ in range(files):
                group.create_task(work())
    except TimeoutError:
        missing = [delivery for at, delivery in enumerate(deliveries) if at not in told]
        text = (
            f"{len(missing)} of {len(deliveries)} output files were not uploaded within {limit:.0f} s, "
            f"{'/'.join(missing[0].output.parts)} to {missing[0].target.text} the first of them. "
            "Upload less, or raise MILLPOND_UPLOAD_LIMIT of the operator."
        )
        return [report for report in told.values() if report] + [UploadReport(FailureCode.FILE_UPLOAD_TIMED_OUT, text)]
    return [report for _, report in sorted(told.items(), key=lambda item: item[0]) if report]


async def _deliver(base: int, delivery: _Delivery, pieces: int, log: UploadLog) -> UploadReport | None:
    output, target = delivery.output, delivery.target
    name = "/".join(output.parts)
    try:
        descriptor = open_file(base, output.parts)
    except RefusedPathError as error:
        return UploadReport(MISC, f"{error}.")
    try:
        size = os.fstat(descriptor).st_size
        await obstore.put_async(
            target.store,
            output.blob,
            # The very file that was opened, whatever has its name by now.
            Path(f"/proc/self/fd/{descriptor}"),
            attributes=target.attributes,
            chunk_size=max(PIECE, -(-size // MOST_PIECES)),
            max_concurrency=pieces,
        )
    except Exception as error:
        if not is_from_a_store(error):
            raise
        return refusal(trouble_of(error), name, target)
    finally:
        os.close(descriptor)
    log.progress(f"{name} uploaded to {target.text} as {output.blob}, {size} bytes")
    return None


def _summed_up(reports: Sequence[UploadReport]) -> UploadReport | None:
    if not reports:
        return None
    first, more = reports[0], len(reports) - 1
    if not more:
        return first
    return UploadReport(first.code, f"{first.message} There is more trouble ({more}): read fileuploaderr.txt.")
