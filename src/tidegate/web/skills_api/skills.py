"""`/v1/skills` and `/v1/skills/{skill_id}`."""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, UnsetType
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tidegate.control.skill_cards import CardChange, change_card, shelf
from tidegate.control.skill_moves import withdraw
from tidegate.domain.errors import Conflict, InvalidInput
from tidegate.domain.lexical import Description, LexicalIndex
from tidegate.domain.skill_card import ShelfSkill
from tidegate.domain.skill_id import named, skill_id
from tidegate.registry.publish import publish
from tidegate.web.skills_api.answers import answer, carried
from tidegate.web.skills_api.asked import Asked
from tidegate.web.skills_api.bodies import read_body
from tidegate.web.skills_api.pages import Place, page_of
from tidegate.web.skills_api.shapes import deleted_skill, shown_skill, with_opinion
from tidegate.web.skills_api.upload import Upload, read_upload

_SOURCES = ("custom", "anthropic")


class _SkillChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    display_name: str | UnsetType = UNSET
    labels: dict[str, str | None] | UnsetType = UNSET
    default_version: str | UnsetType | None = UNSET


async def create_skill(request: Request) -> Response:
    """A new skill with its first version; the same content again is the skill it is."""
    asked = Asked.by(request)
    reason = asked.reason
    upload = await read_upload(request, asked.limits)
    name = upload.package.manifest.name
    _refuse_taken((await shelf(asked.services, name)).get(name), upload)
    services = asked.services
    _, _, opinion = await publish(
        services.store.skills,
        asked.scan,
        upload.package,
        by=asked.actor,
        reason=reason,
        at=services.clock.now(),
        first=True,
    )
    if upload.display_name:
        change = CardChange(display_name=upload.display_name)
        await change_card(services, name, change, actor=asked.actor, reason=reason)
    skill = (await shelf(services, name))[name]
    shown = with_opinion(shown_skill(skill, beta=asked.beta), opinion)
    return await carried(asked, await services.store.routing.revision(), shown)


async def list_skills(request: Request) -> Response:
    """Skills in pages: the newest first, or those that share words with `query`, the nearest first."""
    asked = Asked.by(request)
    source = request.query_params.get("source")
    if source and source not in _SOURCES:
        raise InvalidInput(f"source: {source[:40]!r}; input should be 'custom' or 'anthropic'")
    skills = () if source == "anthropic" else tuple((await shelf(asked.services)).values())
    return await run_in_threadpool(_listing, asked, skills)


def _listing(asked: Asked, skills: Sequence[ShelfSkill]) -> Response:
    """One page of what is asked for; with many skills that takes longer than the event loop may be held."""
    query = asked.request.query_params
    labelled = [each for each in skills if _has_labels(each, query.getlist("label"))]
    placed = _found(labelled, query["query"]) if query.get("query") else _newest_first(labelled)
    items = [(place, shown_skill(skill, beta=asked.beta)) for place, skill in placed]
    return answer(asked, page_of(items, query, beta=asked.beta))


async def retrieve_skill(request: Request) -> Response:
    """One skill."""
    asked = Asked.by(request)
    return answer(asked, shown_skill(await asked.skill(), beta=asked.beta))


async def change_skill(request: Request) -> Response:
    """Change how a skill is shown, its labels, or its default version."""
    asked = Asked.by(request)
    body = read_body(await request.body(), _SkillChange)
    skill = await asked.skill()
    change = CardChange(
        display_name=body.display_name, labels=body.labels, default=_number(skill, body.default_version)
    )
    _, revision = await change_card(
        asked.services, skill.name, change, actor=asked.actor, reason=asked.reason
    )
    return await carried(asked, revision, shown_skill(await asked.skill(), beta=asked.beta))


async def delete_skill(request: Request) -> Response:
    """Revoke every version of a skill, so that it is seen no more; in the beta it must have none left."""
    asked = Asked.by(request)
    name = asked.name
    if asked.beta and await asked.services.store.skills.listed(name):
        if name in await shelf(asked.services, name):
            raise InvalidInput("Cannot delete skill with existing versions. Delete all versions first.")
        return answer(asked, deleted_skill(name))
    skill = await asked.skill()
    revision = await withdraw(asked.services, skill.versions, actor=asked.actor, reason=asked.reason)
    return await carried(asked, revision, deleted_skill(name))


def _refuse_taken(known: ShelfSkill | None, upload: Upload) -> None:
    """A skill's name is what selects and rolls it out: two of one name cannot be."""
    if known and all(each.digest != upload.package.digest for each in known.versions):
        raise Conflict(
            f"the skill {known.name} is there already; create a version of it by "
            f"POST /v1/skills/{skill_id(known.name)}/versions, or give SKILL.md another name"
        )


def _number(skill: ShelfSkill, given: str | UnsetType | None) -> int | UnsetType | None:
    if given is None or isinstance(given, UnsetType):
        return given
    found = named(skill.versions, given)
    if found is None:
        raise InvalidInput(f"default_version: {given[:100]!r} is no version of {skill.name}")
    return found.number


def _has_labels(skill: ShelfSkill, wanted: Sequence[str]) -> bool:
    """Whether it has every label that is named as `key` or `key:value`."""
    for each in wanted:
        key, colon, value = each.partition(":")
        if key not in skill.card.labels or (colon and skill.card.labels[key] != value):
            return False
    return True


def _newest_first(skills: Sequence[ShelfSkill]) -> list[tuple[Place, ShelfSkill]]:
    placed = [((-each.created_at, each.name), each) for each in skills]
    return sorted(placed, key=lambda item: item[0])


def _found(skills: Sequence[ShelfSkill], text: str) -> list[tuple[Place, ShelfSkill]]:
    """By the words that select skills (BM25), and by parts of the name."""
    by_name = {each.name: each for each in skills}
    described = [
        Description(each.name, each.latest.manifest.description, each.latest.manifest.keywords)
        for each in skills
    ]
    scores = {ranked.name: ranked.score for ranked in LexicalIndex(described).rank(text)} if described else {}
    for each in skills:
        if text.strip().lower() in f"{each.name}\n{each.card.display_name.lower()}":
            scores[each.name] = scores.get(each.name, 0.0) + 1.0
    placed: list[tuple[Place, ShelfSkill]] = [
        ((-score, name), by_name[name]) for name, score in scores.items()
    ]
    return sorted(placed, key=lambda item: item[0])
