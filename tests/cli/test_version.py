"""`tidegate --version` is the first thing asked in a bug report."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path


def test_the_version_is_the_packages() -> None:
    tidegate = Path(sys.executable).with_name("tidegate")
    done = subprocess.run([tidegate, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"tidegate {version('tidegate')}\n"
