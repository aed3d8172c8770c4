"""What a script sees of the machine for the sake of its interpreter."""

from pathlib import Path

import pytest

from tidegate.adapters.sandbox.runtime import _own

SYSTEM = [Path("/usr/bin"), Path("/usr/lib"), Path("/usr/share")]


@pytest.mark.parametrize("prefix", ["/usr/local", "/usr/local/python", "/opt/python", "/usr/libexotic"])
def test_a_python_beside_the_systems_folders_is_bound(prefix: str) -> None:
    assert _own(Path(prefix), SYSTEM) == [Path(prefix, part) for part in ("bin", "lib", "lib64")]


@pytest.mark.parametrize("prefix", ["/usr", "/usr/lib/python"])
def test_a_python_within_them_is_there_already(prefix: str) -> None:
    assert _own(Path(prefix), SYSTEM) == ()
