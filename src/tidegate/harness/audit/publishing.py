"""Hostile packages sent to the gateway as a publisher sends one: by either API, as a zip and as files."""

import re
import zipfile
from collections.abc import AsyncIterator, Sequence
from io import BytesIO

import httpx2
import msgspec

from tidegate.harness.audit.judgement import Outcome, failed, held, not_shown
from tidegate.harness.audit.scanning import PackageAttack
from tidegate.harness.audit.target import Target
from tidegate.harness.audit.uploads import Refusal, UploadAttack, judged_refusal, zipped

_KEY = "publisher"
_ONLY_ZIPS = frozenset({
    "symlink", "symlink-skill-md", "hardlink", "fifo", "device", "setuid", "bomb-ratio", "bomb-overlap",
    "hidden-entry", "lying-size", "header-mismatch", "nul-in-name", "control-in-name",
})  # fmt: skip
"""What a form's files cannot be: they have a name, which a form spells without controls, and a content."""
_NO_ZIP = {"hardlink": "lies outside a folder"}
"""What the Skills API says of what is no zip: to it that is a file of the skill, as it is named."""
_BLOCKED = "of the scanner; "
_RULE = re.compile(r": (?:low|medium|high|critical) ([\w-]+): ")


async def attempt_upload(target: Target, attack: UploadAttack) -> Outcome:
    """Publish it each way; each must be refused, and for the reason expected."""
    content = attack.build()
    name = attack.attack.id.partition("/")[2]
    files = [] if name in _ONLY_ZIPS else _files_of(content)
    outcomes: list[tuple[str, Outcome]] = []
    async for way, answer in _sent(target, content, files):
        meant = attack
        if way == _AS_ZIP and name in _NO_ZIP:
            meant = msgspec.structs.replace(attack, reason=_NO_ZIP[name], at="attack.zip")
        outcomes.append((way, judged_refusal(meant, _refusal(answer), sent_as_zip=way != _AS_FILES)))
    return _together(outcomes)


async def attempt_scan(target: Target, attack: PackageAttack) -> Outcome:
    """Publish it each way; each must be blocked by the rule that is there for it."""
    name = f"attack-{attack.name.replace('_', '-')}"
    skill = attack.files["SKILL.md"].replace(b"name: attack\n", f"name: {name}\n".encode(), 1)
    others = [(f"{name}/{path}", content) for path, content in attack.files.items() if path != "SKILL.md"]
    content = zipped(*others, skill=skill, folder=name)
    outcomes: list[tuple[str, Outcome]] = []
    async for way, answer in _sent(target, content, [(f"{name}/SKILL.md", skill), *others]):
        outcomes.append((way, judged_block(attack, _refusal(answer))))
    return _together(outcomes)


_AS_ZIP, _AS_FILES = "POST /v1/skills as a zip", "POST /v1/skills as files[]"


async def _sent(
    target: Target, content: bytes, files: Sequence[tuple[str, bytes]]
) -> AsyncIterator[tuple[str, httpx2.Response]]:
    """The answer of each way in its turn."""
    zip_type = {"content-type": "application/zip"}
    path = "/api/skills?reason=audit"
    yield "POST /api/skills", await target.call(_KEY, "POST", path, content=content, headers=zip_type)
    yield _AS_ZIP, await target.send(_KEY, "/v1/skills", [("attack.zip", content)])
    if files:
        yield _AS_FILES, await target.send(_KEY, "/v1/skills", files)


def _files_of(content: bytes) -> list[tuple[str, bytes]]:
    """A zip's entries as they are named and stored there, whatever they are."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return [(entry.filename, archive.read(entry)) for entry in archive.infolist()]


def _refusal(answer: httpx2.Response) -> Refusal | None:
    """What a refusal says, a line a finding; None where the package was taken."""
    if answer.status_code < 300:
        return None
    said = str(answer.json()["error"]["message"])
    return Refusal(tuple(said.splitlines()), answer.status_code)


def judged_block(attack: PackageAttack, refusal: Refusal | None) -> Outcome:
    """A package that the validator refuses does not come to the scanner, which so shows nothing."""
    if refusal is None:
        return failed("let through: nothing that was found blocks")
    said = "; ".join(refusal.lines)
    if refusal.status not in (400, 413):
        return failed(f"answered {refusal.status}: {said[:200]}")
    if _BLOCKED not in refusal.lines[0]:
        return not_shown(f"refused before the scanner: {said}"[:200])
    rules = sorted({match[1] for line in refusal.lines[1:] if (match := _RULE.search(line))})
    seen = f"blocked by {', '.join(rules)}"
    if attack.expected not in rules:
        return failed(f"{seen}, and not by {attack.expected}")
    return held(seen)


def _together(outcomes: Sequence[tuple[str, Outcome]]) -> Outcome:
    """The worst of them, and by which way it came."""
    for bad in ("failed", "not-shown"):
        for way, outcome in outcomes:
            if outcome.verdict == bad:
                return Outcome(outcome.verdict, f"{way}: {outcome.seen}")
    return held(f"{outcomes[0][1].seen}; so by {len(outcomes)} ways")
