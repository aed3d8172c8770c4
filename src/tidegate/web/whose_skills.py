"""`/v1/skills` has two owners: the registry for its managers' keys, a tenant's own provider for clients'."""

from collections.abc import Callable, Mapping

from tidegate.domain.access import KeyRecord, Role, hash_secret
from tidegate.web.asgi import App, Message, Receive, Send


class WhoseSkills:
    """Sends a call to the registry's Skills API where its key is no client's, else to the gateway.

    The gateway knows clients: it passes them on where their tenant has a credential of its own, and refuses
    all others, as it does keys that nobody knows.
    """

    def __init__(self, gateway: App, registry: App, keys: Callable[[], Mapping[str, KeyRecord]]) -> None:
        self._gateway = gateway
        self._registry = registry
        self._keys = keys

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        known = self._keys()
        key = next((known[hashed] for hashed in hashes_of(scope) if hashed in known), None)
        app = self._gateway if key is None or key.role is Role.CLIENT else self._registry
        await app(scope, receive, send)


def hashes_of(scope: Message) -> list[str]:
    """The hashes of the secrets that the headers carry, as the gateway reads them: `x-api-key` first."""
    headers: dict[bytes, bytes] = {bytes(name): bytes(value) for name, value in scope["headers"]}
    scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
    bearer = token if scheme.lower() == b"bearer" else b""
    secrets = (headers.get(b"x-api-key", b""), bearer)
    return [hash_secret(secret.decode("latin-1").strip()) for secret in secrets if secret.strip()]
