"""The words of the API are spelled as Kubernetes spells words."""

import enum
import re

import pytest
from millpond.api import reasons

_ENUMS = [each for each in vars(reasons).values() if isinstance(each, enum.EnumType) and each is not enum.StrEnum]


@pytest.mark.parametrize("words", _ENUMS)
def test_words_are_camel_case(words: type[enum.StrEnum]) -> None:
    for word in words:
        assert re.fullmatch(r"([A-Z][a-z]*)+", word.value), word


@pytest.mark.parametrize("words", _ENUMS)
def test_members_are_named_after_their_word(words: type[enum.StrEnum]) -> None:
    for word in words:
        assert word.value.upper().endswith(word.name.replace("_", "")), word
