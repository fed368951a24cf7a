"""The mirror check: every module has its test file, and no exception outlives its reason."""

from pathlib import Path

import pytest
from checks.mirror import faults

MODULE = "operator/millpond/room/subject.py"
UNIT, COMPONENT = "tests/unit/room/test_subject.py", "tests/component/room/test_subject.py"


@pytest.mark.parametrize(
    ("modules", "tests", "exceptions", "words"),
    [
        ([MODULE], [UNIT], {}, None),
        ([MODULE], [COMPONENT], {}, None),
        ([MODULE], [], {}, f"write {UNIT}"),
        ([MODULE], ["tests/unit/test_subject.py"], {}, f"write {UNIT}"),
        (["operator/millpond/room/__init__.py"], [], {}, None),
        (["operator/millpond/top.py"], ["tests/unit/test_top.py"], {}, None),
        ([MODULE], [], {"room/subject.py": "words alone"}, None),
        ([MODULE], [], {"room/*.py": "words alone"}, None),
        ([MODULE], [UNIT], {"room/subject.py": "words alone"}, "take its exception off"),
        ([MODULE], [UNIT], {"room/gone.py": "words alone"}, "excuses no module"),
    ],
)
def test_modules_and_tests_mirror_each_other(
    modules: list[str], tests: list[str], exceptions: dict[str, str], words: str | None
) -> None:
    found = list(faults([Path(m) for m in modules], {Path(t) for t in tests}, exceptions))
    assert (words is None) == (found == [])
    assert words is None or words in found[0]
