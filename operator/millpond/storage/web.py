"""Reading files that plain HTTP serves, also those of unknown length, which obstore refuses.

Redirects are followed, but not from https to http. A transfer that breaks is resumed where it broke, if the file is
still the same by its ETag or date; refused connections, 5xx, 429 and timeouts are tried again after a pause.
"""

from __future__ import annotations

import base64
import binascii
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import Message
from typing import IO, Any

from millpond.storage.address import WebFile
from millpond.storage.problems import Problem, StoreError, Trouble
from millpond.storage.reading import PIECE, Reading
from millpond.storage.store import PATIENT, Patience

_PASSING = (408, 429, 500, 502, 503, 504)
_REFUSED = (401, 403, 407)
_MISSING = (404, 410)
_PARTIAL = 206


class _NoDowngrade(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but for those that would send what was asked for in the open."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise StoreError(Trouble(Problem.OTHER, "it redirects from https to http"))
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    """One that knows http and https only: redirects lead nowhere else."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _NoDowngrade(),
    ):
        opener.add_handler(handler)
    return opener


@dataclass
class _Transfer:
    """The course of one file: how often it may still be asked for, and where it is."""

    file: WebFile
    patience: Patience
    sleep: Callable[[float], None]
    tries: int = 0
    place: int = 0
    headers: Message | None = None
    answer: http.client.HTTPResponse | None = None

    def close(self) -> None:
        """Want no more."""
        if self.answer is not None:
            self.answer.close()

    def open(self) -> http.client.HTTPResponse:
        """An answer that goes on at `place`."""
        while True:
            request = urllib.request.Request(self.file.url)  # noqa: S310 - the opener knows http and https only
            if self.place:
                request.add_header("Range", f"bytes={self.place}-")
            try:
                answer: http.client.HTTPResponse = _opener().open(request, timeout=self.patience.silence)
            except urllib.error.HTTPError as error:
                error.close()
                self.pause(_of_status(error.code), passes=error.code in _PASSING)
                continue
            except (OSError, http.client.HTTPException) as error:
                self.pause(_of_error(error), passes=True)
                continue
            self.answer = answer
            if self.headers is None:
                self.headers = answer.headers
            elif _marks(answer.headers) != _marks(self.headers):
                self.close()
                raise StoreError(Trouble(Problem.OTHER, "it changed while it was read"))
            return answer

    def pause(self, trouble: Trouble, *, passes: bool) -> None:
        """Wait before the next try, or raise the trouble where there is none."""
        self.tries += 1
        if not passes or self.tries > self.patience.retries:
            raise StoreError(trouble)
        self.sleep(min(self.patience.first_pause * 2 ** (self.tries - 1), self.patience.longest_pause))

    def pieces(self, answer: http.client.HTTPResponse) -> Iterator[memoryview]:
        """What is left of the file, over as many answers as it takes."""
        while True:
            skipped = 0 if answer.status == _PARTIAL else self.place
            try:
                with answer:
                    while piece := answer.read1(PIECE):
                        new = memoryview(piece)[min(skipped, len(piece)) :]
                        skipped -= len(piece) - len(new)
                        self.place += len(new)
                        if new:
                            yield new
                    if answer.length:  # read1 takes an early end for an end
                        raise http.client.IncompleteRead(b"", answer.length)
                return
            except (OSError, http.client.HTTPException) as error:
                self.pause(_of_error(error), passes=True)
                answer = self.open()


def read_web_file(file: WebFile, patience: Patience = PATIENT, sleep: Callable[[float], None] = time.sleep) -> Reading:
    """The file. Raises StoreError, now or as it is read."""
    transfer = _Transfer(file, patience, sleep)
    answer = transfer.open()
    size = answer.length if answer.length is not None else -1
    return Reading(transfer.pieces(answer), size, _md5(answer.headers), transfer.close)


def _marks(headers: Message) -> tuple[str | None, str | None]:
    """By what a file is known again."""
    return headers.get("ETag"), headers.get("Last-Modified")


def _md5(headers: Message) -> bytes:
    try:
        return base64.b64decode(headers.get("Content-MD5", ""), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _of_status(status: int) -> Trouble:
    details = f"HTTP {status}"
    if status in _REFUSED:
        return Trouble(Problem.ACCESS_DENIED, details)
    if status in _MISSING:
        return Trouble(Problem.FILE_NOT_FOUND, details)
    return Trouble(Problem.TIMED_OUT if status in (408, 504) else Problem.OTHER, details)


def _of_error(error: Exception) -> Trouble:
    """What an error of the network is, in harmless words."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return Trouble(Problem.TIMED_OUT, "")
    if isinstance(cause, http.client.IncompleteRead):
        return Trouble(Problem.OTHER, "the answer ended early")
    words = {
        "ConnectionRefusedError": "the connection was refused",
        "ConnectionResetError": "the connection broke",
        "RemoteDisconnected": "the connection broke",
        "gaierror": "the host's name is not known",
        "SSLCertVerificationError": "the host's certificate is not trusted",
    }
    return Trouble(Problem.OTHER, words.get(type(cause).__name__, "no connection"))
