"""What the benchmarks share: clusters of their own, the operator as a process, load, and figures.

Importing it chooses the project's own Python and puts the package under test on the path.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
OPERATOR = ROOT / "operator"
_VENV = ROOT / ".venv"
if _VENV.exists() and Path(sys.prefix).resolve() != _VENV.resolve():
    os.execv(_VENV / "bin" / "python", [str(_VENV / "bin" / "python"), *sys.argv])
sys.path[:0] = [str(OPERATOR), str(ROOT / "tests")]
