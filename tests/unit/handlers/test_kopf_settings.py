"""Kopf keeps nothing on objects but our finalizer, and does nothing that was not asked for."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import kopf
import pytest
from millpond.handlers.kopf_settings import NoDiffBase, NoProgress, configure


@pytest.fixture
def settings() -> Iterator[kopf.OperatorSettings]:
    loggers = [logging.getLogger(name) for name in ("kopf", "kopf.objects")]
    levels = [logger.level for logger in loggers]
    settings = kopf.OperatorSettings()
    configure(settings)
    yield settings
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def test_the_finalizer_is_our_own(settings: kopf.OperatorSettings) -> None:
    assert settings.persistence.finalizer == "millpond.dev/pool"


def test_kopf_neither_posts_nor_peers_nor_scans(settings: kopf.OperatorSettings) -> None:
    assert settings.posting.enabled is False
    assert settings.peering.standalone is True
    assert settings.scanning.disabled is True


def test_lists_come_in_pages(settings: kopf.OperatorSettings) -> None:
    assert settings.watching.chunk_size == 500


def test_outages_of_the_control_plane_are_sat_out_for_minutes(settings: kopf.OperatorSettings) -> None:
    pauses = settings.networking.error_backoffs
    assert not isinstance(pauses, int | float)
    assert pauses is not None
    assert sum(pauses) > 300


def test_leaving_takes_less_than_a_pods_grace(settings: kopf.OperatorSettings) -> None:
    assert settings.process.ultimate_exiting_timeout is not None
    assert settings.process.ultimate_exiting_timeout < 30


def test_nothing_is_stored_on_objects(settings: kopf.OperatorSettings) -> None:
    progress, base = settings.persistence.progress_storage, settings.persistence.diffbase_storage
    assert isinstance(progress, NoProgress)
    assert isinstance(base, NoDiffBase)
    body, patch = kopf.Body({"metadata": {"annotations": {"a": "b"}}}), kopf.Patch()
    record = kopf.ProgressRecord(
        started=None, stopped=None, delayed=None, purpose=None, retries=None, success=None, failure=None,
        message=None, subrefs=None,
    )  # fmt: skip
    key = kopf.HandlerId("drive_pool")
    progress.store(key=key, record=record, body=body, patch=patch)
    progress.touch(body=body, patch=patch, value="now")
    progress.purge(key=key, body=body, patch=patch)
    base.store(body=body, patch=patch, essence=kopf.BodyEssence({}))
    assert dict(patch) == {}
    assert progress.fetch(key=key, body=body) is None
    assert base.fetch(body=body) is None
    essence = kopf.BodyEssence({"spec": {"poolName": "farm"}})
    assert progress.clear(essence=essence) == essence
