"""Upload a version to a provider that serves skills itself, and remember what it is called there."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from tidegate.control.archives import intact_archive
from tidegate.control.reason import require_reason
from tidegate.control.services import Services
from tidegate.domain.errors import Conflict, InvalidInput, NotFound, ProviderUnavailable
from tidegate.domain.skill import NATIVE, ProviderVersion, SkillVersion, SyncedVersion, VersionState
from tidegate.ports import SkillHost

SECONDS = 55.0
"""For all of it: a command waits for a minute."""

_LABEL = 64
_SUFFIX = " (tidegate)"


@dataclass(frozen=True, slots=True)
class Sync:
    """What a sync came to; `uploaded` is False where the provider had the version already."""

    synced: SyncedVersion
    version: SkillVersion
    uploaded: bool
    revision: int


async def sync_skill(
    services: Services,
    name: str,
    number: int | None,
    upstream: str,
    *,
    tenant: str = "",
    actor: str,
    reason: str,
) -> Sync:
    """Bring a version to an upstream's provider, unless it is there; `tenant`: into its own workspace.

    It becomes a further version of the skill that the provider knows by this name, or a new skill. Cut off in
    the middle it may be run again: what the provider has by then is used, an upload nobody knows of stays
    there unused. A dry run tells by what is on record whether it would be uploaded. Raises InvalidInput,
    NotFound, Conflict, TooLarge, ProviderUnavailable.
    """
    why = require_reason(reason)
    version = await _native_version(services, name, number)
    known = await _known(services, upstream, tenant)
    mine = next((each for each in known if each.digest == version.digest), None)
    if services.dry:
        return await _tried(services, version, mine, (upstream, tenant), actor)
    before = [each.there.skill_id for each in reversed(known) if each.name == name]
    try:
        async with asyncio.timeout(SECONDS), services.hosts.open(upstream, tenant) as host:
            found = await _still_there(host, mine.there) if mine else None
            there = found or await _upload(services, host, version, before)
    except TimeoutError:
        raise _late(upstream) from None
    if mine and there == mine.there:
        return Sync(mine, version, False, await services.store.routing.revision())
    synced = _synced(services, version, (upstream, tenant), there, actor)
    return Sync(synced, version, found is None, await services.store.syncs.put(synced, reason=why))


async def _tried(
    services: Services,
    version: SkillVersion,
    mine: SyncedVersion | None,
    place: tuple[str, str],
    actor: str,
) -> Sync:
    """No provider is asked; raises InvalidInput for a place that there is not."""
    if place not in services.hosts.places:
        named = ", ".join(
            f"{each}{f' of the tenant {whose}' if whose else ''}" for each, whose in services.hosts.places
        )
        raise InvalidInput(
            f"there is no workspace of the tenant {place[1]!r} at the upstream {place[0]!r}; skills may be "
            f"synced to: {named or 'none'}"
        )
    nowhere = _synced(services, version, place, ProviderVersion(skill_id=""), actor)
    return Sync(mine or nowhere, version, mine is None, await services.store.routing.revision())


def _synced(
    services: Services, version: SkillVersion, place: tuple[str, str], there: ProviderVersion, actor: str
) -> SyncedVersion:
    return SyncedVersion(
        name=version.name,
        digest=version.digest,
        upstream=place[0],
        tenant=place[1],
        there=there,
        at=services.clock.now(),
        by=actor,
    )


def _late(upstream: str) -> ProviderUnavailable:
    return ProviderUnavailable(
        f"the upstream {upstream!r} took over {SECONDS:.0f} s; run the same command again later"
    )


async def _known(services: Services, upstream: str, tenant: str) -> list[SyncedVersion]:
    """What is in that workspace already."""
    synced = await services.store.syncs.list()
    return [each for each in synced if (each.upstream, each.tenant) == (upstream, tenant)]


async def _native_version(services: Services, name: str, number: int | None) -> SkillVersion:
    version = await services.store.skills.get(name, number)
    if version is None:
        what = f"skill {name!r}" if number is None else f"version {number} of skill {name!r}"
        raise NotFound(f"there is no {what}; `tidegate skill list` shows what there is")
    if version.state is VersionState.REVOKED:
        raise Conflict(f"version {version.number} of skill {name!r} was revoked and is never served again")
    if version.manifest.mode != NATIVE:
        raise InvalidInput(
            f"version {version.number} of skill {name!r} is served {version.manifest.mode}: no provider "
            f"needs it; set `tidegate.mode: {NATIVE}` in its metadata and publish that"
        )
    return version


async def _still_there(host: SkillHost, known: ProviderVersion) -> ProviderVersion | None:
    """The version as its provider names it now, and as it was named before; None where it is gone."""
    try:
        versions = await host.versions(known.skill_id)
    except NotFound:
        return None
    for version in versions:
        if version.version_id == known.version_id or (version.epoch and version.epoch == known.epoch):
            return ProviderVersion(
                skill_id=known.skill_id,
                version_id=version.version_id or known.version_id,
                epoch=version.epoch or known.epoch,
            )
    return None


async def _upload(
    services: Services, host: SkillHost, version: SkillVersion, before: list[str]
) -> ProviderVersion:
    """As a further version of a skill that is ours or bears its name, else as a new skill."""
    archive = await intact_archive(services, version)
    name = version.name
    async for skill_id, ours in _candidates(host, name, before):
        try:
            return await host.add_version(skill_id, name, archive)
        except NotFound:
            continue  # deleted there since
        except InvalidInput:
            if ours:
                raise  # the provider does not want this package
    return await _created(host, name, archive)


async def _candidates(host: SkillHost, name: str, before: list[str]) -> AsyncIterator[tuple[str, bool]]:
    """Skills at the provider that may be this one: remembered ones, then those labelled like it."""
    for skill_id in dict.fromkeys(before):
        yield skill_id, True
    for label in _labels(name):
        for skill_id in await host.labelled(label):
            if skill_id not in before:
                yield skill_id, False


async def _created(host: SkillHost, name: str, archive: bytes) -> ProviderVersion:
    """A new skill; where its label is taken by another one, under a second label."""
    first, second = _labels(name)
    try:
        return await host.create(first, name, archive)
    except InvalidInput as refused:
        if "display_title" not in str(refused):
            raise
    return await host.create(second, name, archive)


def _labels(name: str) -> tuple[str, str]:
    return name, name[: _LABEL - len(_SUFFIX)] + _SUFFIX
