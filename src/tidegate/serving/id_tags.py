"""Ids of what a provider keeps in the gateway's workspace, as the tenant gets them that they were given to.

Without memory: an id goes to a client with a tag under the home's secret, bound to its tenant, and comes back
with it.
"""

from base64 import urlsafe_b64encode
from hashlib import blake2b
from hmac import compare_digest
from typing import ClassVar

from tidegate.domain.errors import NotFound


class IdTags:
    """Tags ids, and takes tags off; alike on every replica with the same secret. One kind of id each."""

    person: ClassVar[bytes]
    """Keeps the tags of one kind from opening another."""
    kind: ClassVar[str]
    instead: ClassVar[str]
    """What to do beside sending the id as it was said."""

    def __init__(self, secret: bytes) -> None:
        self._keyed = blake2b(digest_size=16, key=secret[:64], person=self.person)

    def tagged(self, tenant: str, given: str) -> str:
        """The id as this tenant gets it."""
        return f"{given}.{self._tag(tenant, given)}"

    def opened(self, tenant: str, named: str) -> str:
        """The provider's id behind what a client sent; raises NotFound for one that is not this tenant's."""
        given, _, tag = named.rpartition(".")
        if not compare_digest(tag.encode("utf-8", "surrogatepass"), self._tag(tenant, given).encode()):
            raise NotFound(
                f"{self.kind}: this gateway gave no {self.kind} {named[:80]!r} to your tenant; send the id "
                f"as an answer said it, or {self.instead}"
            )
        return given

    def _tag(self, tenant: str, given: str) -> str:
        digest = self._keyed.copy()
        digest.update(f"{len(tenant)}:{tenant}:{given}".encode("utf-8", "surrogatepass"))
        return urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
