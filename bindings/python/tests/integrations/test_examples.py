"""That the extras can be imported one by one and load nothing that nobody asked for."""

from __future__ import annotations

import subprocess
import sys


def test_the_package_itself_needs_nothing() -> None:
    program = "import sys, bailiwick; print(sorted({'fastapi', 'starlette', 'django', 'flask', 'pydantic'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
