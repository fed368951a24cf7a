"""The names written on objects are legal and lie in Millpond's own domain or Kubernetes' recommended one."""

import re

import pytest
from millpond.api import labels

_NAMES = {name: value for name, value in vars(labels).items() if name.isupper() and "/" in value}


@pytest.mark.parametrize("name", sorted(_NAMES))
def test_names_are_legal(name: str) -> None:
    domain, _, word = _NAMES[name].partition("/")
    assert domain in ("millpond.dev", "app.kubernetes.io")
    assert re.fullmatch(r"[a-z]([-a-z]*[a-z])?", word)


def test_roles_are_label_values() -> None:
    assert [role.value for role in labels.Role] == ["node", "task", "manager", "member", "eraser", "prep", "release"]
