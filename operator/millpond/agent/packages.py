"""Installing application packages beneath a node directory, each once for all tasks (azure-batch-semantics §7.6).

    applications/<id>/<version>@<tag>/    an installation, never changed once it is there
    applications/<id>/<version>           a link to the one that is current
    applications/<id>/.default            a link to the one that is the default version's

The tag is made from the store's own word for the archive's content: another archive under the same version becomes
another installation, and tasks that run go on with theirs. Who installs holds a lock on `<id>`; whoever else needs it
waits, and finds it there. Only the user of these containers may write here: what a package is, no task decides.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO

import msgspec
from obstore.store import ObjectStore

from millpond.agent.arrive import DiskFullError, Room
from millpond.agent.beneath import MissingFileError, RefusedPathError, directory, exists, make_directory
from millpond.agent.unpack import EXECUTABLE, unpack
from millpond.api.naming import digest
from millpond.api.reasons import FailureCode
from millpond.lifecycle.disk import FULL
from millpond.packages.catalog import CatalogError, default_version, package_name
from millpond.packages.zipformat import ArchiveError
from millpond.storage.objects import Found, find
from millpond.storage.problems import Problem, StoreError, sentence
from millpond.storage.reading import read_object

DIRECTORY = "applications"
DEFAULT = ".default"
"""No version is called so: none begins with a dot."""
_ARCHIVE = ".archive.part"


class Reference(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """An application in a version, or in its default one."""

    application_id: str
    version: str = ""

    @property
    def text(self) -> str:
        """As in messages and details."""
        return f"{self.application_id}:{self.version}" if self.version else self.application_id


class PackageError(Exception):
    """A package that cannot be installed: the code, a sentence that names package and store, and which it is."""

    def __init__(self, code: FailureCode, message: str, reference: str) -> None:
        super().__init__(message)
        self.code, self.message, self.reference = code, message, reference


@dataclass(frozen=True)
class Catalogue:
    """The opened store of packages; `text` is its URL without secrets."""

    store: ObjectStore
    text: str


def install(
    reference: Reference, base: int, catalogue: Catalogue, say: Callable[[str], None], most_used: float = FULL
) -> None:
    """See to it that the package is there and current, in the open node directory `base`. Raises PackageError.

    Of the room of its file system no more is taken than the part `most_used`.
    """

    def error(why: str, code: FailureCode = FailureCode.APPLICATION_PACKAGE_ERROR) -> PackageError:
        text = f"The application package {reference.text} of {catalogue.text} cannot be installed: {why}."
        return PackageError(code, text, reference.text)

    try:
        with directory(base, (DIRECTORY,)) as applications:
            inner = make_directory(applications, reference.application_id, EXECUTABLE, (os.geteuid(), os.getegid()))
            with _locked(inner, reference, say):
                _install(reference, inner, catalogue, say, Room(inner, most_used))
    except MissingFileError:
        raise error("its node was made without a place for it: reboot the node") from None
    except (CatalogError, ArchiveError, RefusedPathError) as refusal:
        raise error(str(refusal)) from None
    except StoreError as refusal:
        raise error(_in_store(refusal)) from None
    except DiskFullError as full:
        raise error(str(full), FailureCode.DISK_FULL) from None
    except OSError as refusal:
        if refusal.errno in (errno.ENOSPC, errno.EDQUOT):
            raise error("the node's disk is full: free space on it", FailureCode.DISK_FULL) from None
        raise error(refusal.strerror or type(refusal).__name__) from None


def _in_store(refusal: StoreError) -> str:
    """What is the matter with the archive, and the remedy where it is not there; without a full stop."""
    text = sentence(refusal.trouble, "its archive").removesuffix(".")
    missing = refusal.trouble.problem is Problem.FILE_NOT_FOUND
    return f"{text}: push it with `millpond app push`, or name a version of `millpond app list`" if missing else text


def _install(reference: Reference, base: int, catalogue: Catalogue, say: Callable[[str], None], room: Room) -> None:
    version = reference.version or default_version(catalogue.store, reference.application_id)
    name = package_name(reference.application_id, version)
    found = find(catalogue.store, name)
    installation = f"{version}@{digest(found.tag, length=12)}"
    if exists(installation, base):
        say(f"{reference.text} is there as {installation}")
    else:
        room.check(found.size)
        with _downloaded(base, catalogue, name, found) as archive:
            contents = unpack(archive, base, installation, room.check)
        say(f"{reference.text} installed as {installation}: {len(contents.files)} files, {contents.size} bytes")
    _point(base, version, installation)
    if not reference.version:
        _point(base, DEFAULT, installation)


@contextmanager
def _locked(inner: int, reference: Reference, say: Callable[[str], None]) -> Iterator[None]:
    """Alone among those who install this application on the node; the lock goes with the process that has it."""
    try:
        try:
            fcntl.flock(inner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another one who installs {reference.application_id}")
            fcntl.flock(inner, fcntl.LOCK_EX)
        yield
    finally:
        os.close(inner)


@contextmanager
def _downloaded(base: int, catalogue: Catalogue, name: str, found: Found) -> Iterator[BinaryIO]:
    """The archive, in a file without a name: it takes no room when this process is gone, however it went."""
    reading = read_object(catalogue.store, name)
    with suppress(FileNotFoundError):
        os.unlink(_ARCHIVE, dir_fd=base)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(_ARCHIVE, flags, 0o600, dir_fd=base), "w+b") as file:
        os.unlink(_ARCHIVE, dir_fd=base)
        for piece in reading.pieces:
            file.write(piece)
        file.flush()
        if os.fstat(file.fileno()).st_size != found.size:
            raise ArchiveError(f"{found.size} bytes were announced, and {file.tell()} came: transfer it again")
        yield file


def _point(base: int, name: str, target: str) -> None:
    """Make `name` a link to `target`, in one step for those who follow it."""
    with suppress(OSError):
        if os.readlink(name, dir_fd=base) == target:
            return
    temporary = f".{name}.link"
    with suppress(FileNotFoundError):
        os.unlink(temporary, dir_fd=base)
    os.symlink(target, temporary, dir_fd=base)
    os.rename(temporary, name, src_dir_fd=base, dst_dir_fd=base)
