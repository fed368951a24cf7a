"""`millpond agent fetch`: the process of the container that downloads resource files, and how it tells its end.

It works in its current directory. What it cannot fetch it says in the termination message, as the judgement reads it
(`lifecycle/fetching`), and on standard error.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress

from millpond.agent.beneath import open_root
from millpond.agent.bring import FetchError
from millpond.agent.fetch import fetch
from millpond.agent.lastword import TERMINATION_LOG, leave
from millpond.agent.secrets import WAIT_SECONDS, Secrets
from millpond.agent.wanted import wishes
from millpond.api.reasons import FailureCode
from millpond.storage.store import PATIENT, Patience

LONGEST_MESSAGE, LONGEST_PATH = 600, 256
"""Characters: the kubelet cuts termination messages at 4,096 bytes, which would leave broken JSON."""
STOPPED = 143
_UNFINISHED = "The download of the resource files did not come to an end."


def run(
    environment: Mapping[str, str],
    credentials: str,
    failed: str = "",
    *,
    termination_log: str = TERMINATION_LOG,
    patience: Patience = PATIENT,
    wait: float = WAIT_SECONDS,
) -> int:
    """Fetch what the environment names; the exit code.

    With `failed`, a file that is there unless all has come, a failure is no failure of the container: the code is 0.
    """
    # Process 1 of a container ignores what it does not catch.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(STOPPED))
    if failed:
        _mark(failed, _UNFINISHED)
    try:
        _fetch(environment, credentials, patience, wait)
    except FetchError as error:
        print(error.message, file=sys.stderr, flush=True)  # noqa: T201 - the container's log
        leave(_word(error), termination_log)
        if failed:
            _mark(failed, error.message)
        return 0 if failed else 1
    if failed:
        os.unlink(failed)
    return 0


def _fetch(environment: Mapping[str, str], credentials: str, patience: Patience, wait: float) -> None:
    base = open_root(".")
    try:
        fetch(wishes(environment), base, Secrets(credentials, _say, wait).get, _say, patience)
    except FetchError:
        raise
    except Exception as error:  # noqa: BLE001 - its words could hold a secret: its kind must do
        text = f"The download of the resource files broke off ({type(error).__name__})."
        raise FetchError(FailureCode.BLOB_DOWNLOAD_MISC_ERROR, text) from None
    finally:
        os.close(base)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the container's log


def _word(error: FetchError) -> bytes:
    told = {"code": error.code.value, "message": error.message[:LONGEST_MESSAGE], "file": error.file[:LONGEST_PATH]}
    return json.dumps({"fetch": told}, ensure_ascii=False).encode()


def _mark(path: str, text: str) -> None:
    """Write the file anew: an earlier one may be a link."""
    with suppress(FileNotFoundError):
        os.unlink(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(path, flags, 0o644), "w", encoding="utf-8") as file:
        file.write(text + "\n")
