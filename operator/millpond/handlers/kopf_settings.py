"""How Kopf is set up: own names on objects, no storage on them, no peering, no posting, no scanning."""

from __future__ import annotations

import logging
from typing import Any

import kopf

from millpond.api import labels

PAGE = 500


class NoProgress(kopf.ProgressStorage):
    """Keeps nothing: a daemon that starts anew after a restart is what we want."""

    def fetch(self, **_: Any) -> None:
        return None

    def store(self, **_: Any) -> None:
        return None

    def purge(self, **_: Any) -> None:
        return None

    def touch(self, **_: Any) -> None:
        return None

    def clear(self, *, essence: Any, **_: Any) -> Any:
        return essence


class NoDiffBase(kopf.DiffBaseStorage):
    """Keeps nothing: we are level-triggered and never ask what changed."""

    def fetch(self, **_: Any) -> None:
        return None

    def store(self, **_: Any) -> None:
        return None


def configure(settings: kopf.OperatorSettings) -> None:
    """Set Kopf up for an operator that does its many objects elsewhere."""
    settings.persistence.finalizer = labels.POOL_FINALIZER
    settings.persistence.progress_storage = NoProgress()
    settings.persistence.diffbase_storage = NoDiffBase()
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.peering.standalone = True
    settings.watching.chunk_size = PAGE
    settings.queueing.idle_timeout = 0.1
    settings.networking.error_backoffs = (1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 60, 60, 60, 60, 60, 60)
    settings.process.ultimate_exiting_timeout = 20
    logging.getLogger("kopf.objects").setLevel(logging.ERROR)
    logging.getLogger("kopf").setLevel(logging.WARNING)
