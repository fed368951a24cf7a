"""Why an image does not come: the name of the image itself must not decide it."""

from __future__ import annotations

import pytest
from millpond.api.reasons import FailureCode
from millpond.api.views.pod import Waiting
from millpond.lifecycle.pulls import DENIED, MISSING, NEVER, PERHAPS, UNREACHED, pull_failure

NAMED = "registry.example/denied/x509/503/401/tls/toomanyrequests:not-found"


@pytest.mark.parametrize("reason", [*NEVER, *PERHAPS])
def test_the_reason_and_the_words_are_handed_on(reason: str) -> None:
    failure = pull_failure(Waiting(reason, "some  words\nof the runtime"))
    assert f"({reason}): some words of the runtime." in failure.message


@pytest.mark.parametrize("words", [*MISSING, *DENIED, *UNREACHED])
def test_no_image_name_can_be_taken_for_the_runtime_s_words(words: str) -> None:
    assert " " in words


def test_the_image_s_name_decides_nothing() -> None:
    failure = pull_failure(Waiting("ImagePullBackOff", f'Back-off pulling image "{NAMED}"'))
    assert failure.code is FailureCode.CONTAINER_INVALID_IMAGE
