"""The skills as they stand, and changes of what is said of one beside its versions."""

import asyncio
import re
from collections.abc import Mapping

import msgspec
from msgspec import UNSET, UnsetType

from tidegate.control.reason import require_reason
from tidegate.control.services import Services
from tidegate.domain.errors import InvalidInput, NotFound
from tidegate.domain.skill_card import ShelfSkill, SkillCard, shelve

DISPLAY_NAME = 255
LABELS = 32

_LINE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9._/-]{0,61}[a-z0-9])?")
_LABEL_VALUE = 128


class CardChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change; `labels` are merged, one of None is taken off; `default` None: the latest again."""

    display_name: str | UnsetType = UNSET
    labels: dict[str, str | None] | UnsetType = UNSET
    default: int | UnsetType | None = UNSET


async def shelf(services: Services, name: str | None = None) -> Mapping[str, ShelfSkill]:
    """Every skill that has a version to serve, or the one of that name; by name, the oldest first."""
    cards = {card.name: card for card in await services.store.skill_cards.list(name)}
    versions = await services.store.skills.listed(name)
    return await asyncio.to_thread(shelve, versions, cards)


async def find_skill(services: Services, name: str) -> ShelfSkill:
    """The skill of that name; raises NotFound where it has no version to serve."""
    found = (await shelf(services, name)).get(name)
    if found is None:
        raise NotFound(f"there is no skill {name!r} to serve; `tidegate skill list` shows what there is")
    return found


async def change_card(
    services: Services, name: str, change: CardChange, *, actor: str, reason: str
) -> tuple[SkillCard, int]:
    """Change what is said of a skill; the card and the revision that carries it.

    Raises NotFound, and InvalidInput for a name, label or version that cannot be.
    """
    why = require_reason(reason)
    skill = await find_skill(services, name)
    _check(skill, change)
    return await services.store.skill_cards.change(
        name, lambda card: _changed(card, change), by=actor, reason=why, at=services.clock.now()
    )


def _changed(card: SkillCard, change: CardChange) -> SkillCard:
    labels = card.labels
    if change.labels is not UNSET:
        merged = {**labels, **change.labels}
        labels = {key: value for key, value in sorted(merged.items()) if value is not None}
        if len(labels) > LABELS:
            raise InvalidInput(f"labels: {len(labels)} of them; a skill has at most {LABELS}, take some off")
    return msgspec.structs.replace(
        card,
        labels=labels,
        display_name=card.display_name if change.display_name is UNSET else change.display_name,
        default=card.default if change.default is UNSET else change.default,
    )


def _check(skill: ShelfSkill, change: CardChange) -> None:
    if change.display_name is not UNSET:
        check_display_name("display_name", change.display_name, DISPLAY_NAME)
    for key, value in ({} if change.labels is UNSET else change.labels).items():
        _check_label(key, value)
    numbers = [each.number for each in skill.versions]
    if change.default is not UNSET and change.default is not None and change.default not in numbers:
        raise InvalidInput(
            f"default: version {change.default} of {skill.name} is not there to be served; there are "
            f"{', '.join(map(str, numbers))}"
        )


def check_display_name(field: str, value: str, most: int) -> None:
    """Raises InvalidInput for what is no single line of 1 to `most` characters."""
    if not 1 <= len(value) <= most or not value.strip() or not _LINE.fullmatch(value):
        raise InvalidInput(f"{field}: {len(value)} characters; give one line of 1 to {most} printable ones")


def _check_label(key: str, value: str | None) -> None:
    if not _LABEL.fullmatch(key):
        raise InvalidInput(
            f"labels: {key[:80]!r} is no label; use 1 to 63 of a-z, 0-9, '.', '_', '/', '-', those not at "
            "an end"
        )
    if value is not None and (len(value) > _LABEL_VALUE or not _LINE.fullmatch(value)):
        raise InvalidInput(f"labels: the value of {key} is over {_LABEL_VALUE} characters or not one line")
