"""A skill, its immutable versions, and what the gateway needs of one to serve it."""

from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType

import msgspec

HOSTED, NATIVE = "hosted", "native"
"""How a skill is served: by the gateway, with any provider, or by the provider's own skills."""


class VersionState(StrEnum):
    """Life of a version; a revoked one is never served again."""

    SCANNED = "scanned"
    PUBLISHED = "published"
    DEPRECATED = "deprecated"
    REVOKED = "revoked"


VERSION_MOVES: Mapping[VersionState, frozenset[VersionState]] = MappingProxyType(
    {
        VersionState.SCANNED: frozenset({VersionState.PUBLISHED, VersionState.REVOKED}),
        VersionState.PUBLISHED: frozenset({VersionState.DEPRECATED, VersionState.REVOKED}),
        VersionState.DEPRECATED: frozenset({VersionState.PUBLISHED, VersionState.REVOKED}),
        VersionState.REVOKED: frozenset(),
    }
)
"""Where a version may go from each state: only `revoked` has no way back."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The frontmatter of `SKILL.md` (agentskills.io) with Tidegate's optional metadata keys read out."""

    name: str
    description: str
    license: str | None = None
    compatibility: str | None = None
    allowed_tools: tuple[str, ...] = ()
    metadata: dict[str, str] = {}
    match: tuple[str, ...] = ()
    """`tidegate.match`: patterns in RE2 syntax that select the skill."""
    keywords: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    """`tidegate.examples`: requests for the skill in users' words, which selection learns from."""
    requires: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    mode: str = HOSTED
    timeout_seconds: float | None = None


class FileEntry(msgspec.Struct, frozen=True):
    """One file of a package: path relative to the skill's folder, size in bytes, sha256 hex."""

    path: str
    size: int
    sha256: str


class ListedVersion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a version beside its text; `digest` is `sha256:…` of the canonical archive."""

    name: str
    number: int
    digest: str
    state: VersionState
    manifest: Manifest
    files: tuple[FileEntry, ...] = ()
    created_at: float
    created_by: str


class SkillVersion(ListedVersion, frozen=True, kw_only=True, omit_defaults=True):
    """An immutable, content-addressed upload of a skill."""

    body: str
    """The Markdown of SKILL.md after the frontmatter: what a model reads."""


class ProviderVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a skill as its provider names it: by `version_id`, in the API's beta by `epoch`."""

    skill_id: str
    version_id: str = ""
    epoch: str = ""


class SyncedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """Which version at an upstream's provider is the upload of this digest.

    `tenant` is whose workspace it is in: empty for the gateway's own credential.
    """

    name: str
    digest: str
    upstream: str
    there: ProviderVersion
    at: float
    by: str
    tenant: str = ""


class SkillPackage(msgspec.Struct, frozen=True, kw_only=True):
    """A validated package before it has a number: what `registry/validate` returns."""

    manifest: Manifest
    body: str
    files: tuple[FileEntry, ...]
    archive: bytes
    digest: str


def intact(archive: bytes, digest: str) -> bool:
    """Whether these are the bytes that the digest is of, as they were published."""
    return f"sha256:{sha256(archive).hexdigest()}" == digest
