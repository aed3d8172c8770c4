"""Two hundred packages to publish at once, over both APIs."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO

import aiohttp

from tidegate.registry.archive import canonical_archive, digest_of

_UPLOADS, _BUSY, _VERSIONS = 40, 32, 5
_LARGE = 1_200_000
"""Bytes of a picture that the parser of forms puts on disk while it arrives: over 1 MiB."""

_LARGE_SHARE = 0.05

ANYTHING = aiohttp.ClientTimeout(total=90)


@dataclass(frozen=True, slots=True)
class Publication:
    """One package and the API that it goes in by; `digest` is what a calm publish of it gives."""

    name: str
    files: dict[str, bytes]
    form: bool

    @property
    def digest(self) -> str:
        return digest_of(canonical_archive(self.name, self.files))

    async def send(self, session: aiohttp.ClientSession, url: str) -> int:
        """The status, as soon as it is there, whatever becomes of the rest of the answer."""
        if self.form:
            form = aiohttp.FormData(quote_fields=False)
            form.add_field("display_name", self.title)
            for path, content in self.files.items():
                form.add_field("files[]", BytesIO(content), filename=f"{self.name}/{path}")
            request = session.post(f"{url}/v1/skills", data=form)
        else:
            data = canonical_archive(self.name, self.files)
            request = session.post(f"{url}/api/skills", params={"reason": "test"}, data=data)
        async with request as response:
            if response.status >= 300:
                raise AssertionError(f"{self.name}: {response.status} {await response.text()}")
            return response.status

    @property
    def title(self) -> str:
        """What it is shown as, in the Skills API."""
        return f"Tables of {self.name}"


def publications(seed: int) -> list[Publication]:
    """Forty skills for the Skills API, five versions each of thirty-two for ours, in any order."""
    draw = random.Random(seed)
    uploads = [_publication(draw, f"upload-{seed}-{number}", 0, form=True) for number in range(_UPLOADS)]
    versions = [
        _publication(draw, f"busy-{seed}-{number}", version, form=False)
        for number in range(_BUSY)
        for version in range(_VERSIONS)
    ]
    return draw.sample(uploads + versions, k=len(uploads) + len(versions))


def _publication(draw: random.Random, name: str, version: int, *, form: bool) -> Publication:
    text = f"---\nname: {name}\ndescription: Reads tide tables, in way {version}.\n---\n# Tides\n\nLook.\n"
    table = "".join(f"{draw.random():.5f}\n" for _ in range(10))
    files = {"SKILL.md": text.encode(), "references/table.md": table.encode()}
    if form and draw.random() < _LARGE_SHARE:
        files["assets/chart.png"] = b"\x89PNG\r\n\x1a\n" + draw.randbytes(_LARGE)
    return Publication(name, files, form)


@dataclass(slots=True)
class Sending:
    """Publications under way, all at once; `answered` are those of a 2xx, in their order."""

    url: str
    key: str
    answered: list[Publication] = field(default_factory=list[Publication])
    unanswered: int = 0

    async def all(self, wanted: Sequence[Publication]) -> None:
        """Send all at once, until each is answered or its connection breaks."""
        connector = aiohttp.TCPConnector(limit=0)
        headers = {"x-api-key": self.key, "anthropic-version": "2023-06-01"}
        async with (
            aiohttp.ClientSession(connector=connector, headers=headers, timeout=ANYTHING) as session,
            asyncio.TaskGroup() as group,
        ):
            for each in wanted:
                group.create_task(self._one(session, each))

    async def _one(self, session: aiohttp.ClientSession, each: Publication) -> None:
        try:
            await each.send(session, self.url)
        except aiohttp.ClientError:
            self.unanswered += 1
        else:
            self.answered.append(each)
