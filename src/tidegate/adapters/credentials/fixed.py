"""Keys that stay what they are while the process runs: from the configuration, or the environment."""

from collections.abc import Mapping

from tidegate.adapters.credentials.secret import secret_of
from tidegate.domain.errors import InvalidInput


class GivenKey:
    """`ports.CredentialSource` of a key that is written in the configuration."""

    fixed = True
    refresh: float | None = None

    def __init__(self, key: str) -> None:
        self._key = key

    async def changed(self) -> bool:
        """Never."""
        return False

    async def read(self) -> str:
        """The key; raises InvalidInput."""
        return secret_of(self._key.encode("utf-8", "replace"), of="its value", mend="write the key there")


class VariableKey:
    """`ports.CredentialSource` of a key in an environment variable."""

    fixed = True
    refresh: float | None = None

    def __init__(self, name: str, environ: Mapping[str, str]) -> None:
        self._name = name
        self._environ = environ

    async def changed(self) -> bool:
        """Never: nobody else can change this process's environment."""
        return False

    async def read(self) -> str:
        """The key; raises InvalidInput."""
        key = self._environ.get(self._name)
        if key is None:
            raise InvalidInput(
                f"the environment variable {self._name} is not set: set it for the gateway's process"
            )
        return secret_of(
            key.encode("utf-8", "replace"),
            of=f"the environment variable {self._name}",
            mend="set it to the key",
        )
