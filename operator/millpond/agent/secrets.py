"""Secrets of a container that transfers files: each in a directory of its own, where the kubelet has put it.

One that is missing when the container starts may come: the kubelet brings it within two minutes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from millpond.storage.credentials import Credentials, CredentialsError, read_credentials

WAIT_SECONDS = 120.0
"""How long a Secret is waited for: a little longer than a kubelet takes to look again."""
_LOOK_SECONDS = 1.0


class Secrets:
    """The Secrets below a directory, each read once."""

    def __init__(self, directory: str, say: Callable[[str], None], wait: float = WAIT_SECONDS) -> None:
        self._directory = directory
        self._say = say
        self._until = time.monotonic() + wait
        self._read: dict[str, Credentials] = {}

    def get(self, name: str) -> Credentials:
        """The credentials in the Secret of that name. Raises CredentialsError, which names it."""
        if name not in self._read:
            self._await(name)
            try:
                self._read[name] = read_credentials(f"{self._directory}/{name}")
            except CredentialsError as error:
                raise CredentialsError(f"the Secret {name} opens nothing: {error}") from None
            except OSError as error:
                raise CredentialsError(f"the Secret {name} cannot be read: {error.strerror}") from None
        return self._read[name]

    def _await(self, name: str) -> None:
        said = False
        while not self._is_there(name):
            if time.monotonic() >= self._until:
                raise CredentialsError(
                    f"there is no Secret {name}, or nothing is in it: create it with the store's keys"
                )
            if not said:
                self._say(f"waiting for the Secret {name}, which is not there")
                said = True
            time.sleep(_LOOK_SECONDS)

    def _is_there(self, name: str) -> bool:
        try:
            return any(not key.startswith("..") for key in os.listdir(f"{self._directory}/{name}"))
        except OSError:
            return False
