"""The Skills API of an Anthropic provider (`/v1/skills`), asked through the upstream client.

Two dialects: `ga` without any header, and `beta` under `skills-2025-10-02`, where labels are titles and
versions go by microseconds (source: the API's migration guide for skills).
"""

import asyncio
import secrets
from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import quote

import msgspec

from tidegate.domain.betas import SKILLS_BETA
from tidegate.domain.credential import without_keys
from tidegate.domain.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    ProviderUnavailable,
    TidegateError,
    TooLarge,
)
from tidegate.domain.skill import ProviderVersion
from tidegate.ports import Header, Upstream, UpstreamFailure

T = TypeVar("T")

_ANSWER_LIMIT = 4_000_000
_SAID_AT_MOST = 500
_PAGE = 100
_PAGES_AT_MOST = 100


class _Skill(msgspec.Struct):
    id: str
    display_name: str | None = None
    display_title: str | None = None
    latest_version_id: str | None = None
    latest_version: str | None = None


class _Version(msgspec.Struct):
    id: str = ""
    version: str = ""


class _Page(msgspec.Struct):
    data: list[msgspec.Raw]
    next_page: str | None = None


class _Said(msgspec.Struct):
    message: str = ""


class _Error(msgspec.Struct):
    error: _Said = msgspec.field(default_factory=_Said)


class AnthropicSkillHost:
    """`ports.SkillHost` over `/v1/skills`; `place` names the upstream in messages."""

    def __init__(
        self, upstream: Upstream, credentials: Sequence[Header], *, place: str, beta: bool, seconds: float
    ) -> None:
        self._upstream = upstream
        self._headers = [
            *credentials,
            (b"anthropic-version", b"2023-06-01"),
            (b"accept", b"application/json"),
        ]
        if beta:
            self._headers.append((b"anthropic-beta", SKILLS_BETA))
        self._keys = [value for _, value in credentials]
        self._place = place
        self._beta = beta
        self._seconds = seconds

    async def labelled(self, label: str) -> Sequence[str]:
        """The ids of custom skills that are labelled so, newest first."""
        skills = [
            msgspec.json.decode(raw, type=_Skill) for raw in await self._all("/v1/skills?source=custom&")
        ]
        return [skill.id for skill in skills if label in (skill.display_name, skill.display_title)]

    async def create(self, label: str, name: str, archive: bytes) -> ProviderVersion:
        """A new skill with its first version."""
        field = "display_title" if self._beta else "display_name"
        kind, body = _form({field: label}, f"{name}.zip", archive)
        skill = self._read(await self._call("POST", "/v1/skills", kind, body), _Skill)
        if not self._beta:
            return ProviderVersion(skill_id=skill.id, version_id=skill.latest_version_id or "")
        return (await self.versions(skill.id))[-1]

    async def add_version(self, skill_id: str, name: str, archive: bytes) -> ProviderVersion:
        """A further version of the skill."""
        kind, body = _form({}, f"{name}.zip", archive)
        answer = await self._call("POST", f"/v1/skills/{quote(skill_id, safe='')}/versions", kind, body)
        return self._version(skill_id, answer)

    async def versions(self, skill_id: str) -> Sequence[ProviderVersion]:
        """Every version of the skill."""
        found = await self._all(f"/v1/skills/{quote(skill_id, safe='')}/versions?")
        return [self._version(skill_id, raw) for raw in found]

    def _version(self, skill_id: str, raw: bytes | msgspec.Raw) -> ProviderVersion:
        version = self._read(raw, _Version)
        return ProviderVersion(skill_id=skill_id, version_id=version.id, epoch=version.version)

    async def _all(self, target: str) -> list[msgspec.Raw]:
        """The items of every page."""
        items: list[msgspec.Raw] = []
        following = ""
        for _ in range(_PAGES_AT_MOST):
            page = self._read(await self._call("GET", f"{target}limit={_PAGE}{following}"), _Page)
            items += page.data
            if not page.next_page:
                return items
            following = f"&page={quote(page.next_page, safe='')}"
        raise InvalidInput(
            f"{self._place}: {target} has over {_PAGE * _PAGES_AT_MOST} entries; remove some there"
        )

    def _read(self, raw: bytes | msgspec.Raw, shape: type[T]) -> T:
        try:
            return msgspec.json.decode(raw, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ProviderUnavailable(
                f"{self._place} answered something that is none of the Skills API's ({error}); is it an "
                "Anthropic API, and native.dialect the one it speaks?"
            ) from error

    async def _call(self, method: str, target: str, kind: bytes = b"", body: bytes = b"") -> bytes:
        headers = [*self._headers, (b"content-type", kind)] if kind else self._headers
        deadline = asyncio.get_running_loop().time() + self._seconds
        try:
            response = await self._upstream.send(method, target, headers, body, deadline=deadline)
            try:
                answer = await response.read(_ANSWER_LIMIT)
            finally:
                response.close()
        except UpstreamFailure as failure:
            raise ProviderUnavailable(
                f"{self._place} gave no answer to {method} {target} ({failure.kind}: {failure}); run the "
                "same command again: an upload that did arrive stays there unused"
            ) from failure
        if response.status >= 300:
            raise self._refusal(response.status, answer)
        return answer

    def _refusal(self, status: int, answer: bytes) -> TidegateError:
        """The error for it: with what was said, but for a 401, and without the key."""
        message = f"{self._place} answered {status}"
        if status != 401:
            message = f"{message}: {self._said(answer)}"
        if status in (401, 403):
            return Conflict(f"{message}; check the credential of this upstream")
        if status == 413:
            return TooLarge(f"{message}; take files out of the package, or serve the skill hosted")
        if status == 404:
            return NotFound(message)
        if status in (408, 409, 429) or status >= 500:
            return ProviderUnavailable(f"{message}; run the same command again later")
        return InvalidInput(message)

    def _said(self, answer: bytes) -> str:
        try:
            said = msgspec.json.decode(answer, type=_Error).error.message
        except (msgspec.DecodeError, UnicodeDecodeError):
            said = answer.decode(errors="replace")
        return without_keys(said, self._keys)[:_SAID_AT_MOST]


def _form(fields: dict[str, str], filename: str, content: bytes) -> tuple[bytes, bytes]:
    """A multipart form (RFC 7578) with one file: its content type and body."""
    boundary = b"tidegate-" + secrets.token_hex(16).encode()  # 128 random bits: in no content
    parts = [
        b'--%s\r\ncontent-disposition: form-data; name="%s"\r\n\r\n%s\r\n'
        % (boundary, name.encode(), text.encode())
        for name, text in fields.items()
    ]
    parts.append(
        b'--%s\r\ncontent-disposition: form-data; name="files[]"; filename="%s"\r\n'
        b"content-type: application/zip\r\n\r\n%s\r\n--%s--\r\n"
        % (boundary, filename.encode(), content, boundary)
    )
    return b"multipart/form-data; boundary=" + boundary, b"".join(parts)
