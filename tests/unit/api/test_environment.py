"""Environment settings: what is a name, and where values come from."""

import pytest
from millpond.api.environment import EnvironmentSetting
from pydantic import ValidationError


@pytest.mark.parametrize("name", ["A", "_a", "PATH", "a.b-c", "AZ_BATCH_POOL_ID"])
def test_names(name: str) -> None:
    assert EnvironmentSetting(name=name).value is None


@pytest.mark.parametrize("name", ["", "1A", "A B", "A=B", "-A", "é"])
def test_other_words_are_no_names(name: str) -> None:
    with pytest.raises(ValidationError):
        EnvironmentSetting(name=name)


def test_values_are_kept_as_written() -> None:
    text = "$(HOME) $HOME %PATH% \n\t\"'\\"
    assert EnvironmentSetting(name="A", value=text).value == text
