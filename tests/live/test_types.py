"""Types are strict. Checked last in its lane: pyright takes a minute of a core that then mostly waits."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYRIGHT = str(Path(sys.executable).with_name("pyright"))


@pytest.mark.paced("kills")
@pytest.mark.timeout(400)  # beside a soak, to which it gives way
async def test_the_types_are_strict() -> None:
    offline = {**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}  # else it asks the net for a newer one
    process = await asyncio.create_subprocess_exec(
        *("nice", "-n", "19", PYRIGHT), cwd=ROOT, env=offline, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
