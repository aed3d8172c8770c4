"""Judge what a skill has installed: requirements, pyproject, package.json, and `pip install` in its words."""

import json
import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import accumulate, islice
from typing import cast

from tidegate.registry.scan.found import Found, found
from tidegate.registry.scan.markdown import Context
from tidegate.registry.scan.pattern import pattern
from tidegate.registry.scan.popular import NPM, NPM_OTHERS, PYPI, PYPI_OTHERS
from tidegate.registry.scan.rules import dependencies as rules
from tidegate.registry.scan.rules.binaries import TOO_LONG
from tidegate.registry.scan.source import Source

_REQUIREMENTS = pattern(r"^(?:requirements|constraints|reqs)[\w.-]*\.(?:txt|in)$|^[\w.-]*requirements\.txt$")
_NAME = pattern(r"^([A-Za-z0-9][A-Za-z0-9._-]*)")
_OWN_INDEX = pattern(r"^\s*(?:-i|--index-url|--extra-index-url|-f|--find-links|--trusted-host)[ =]\s*(\S+)")
_KNOWN_INDEX = pattern(
    r"^https://(?:pypi\.org|download\.pytorch\.org|registry\.npmjs\.org|registry\.yarnpkg\.com|"
    r"pypi\.nvidia\.com)(?:/|$)"
)
_URL = pattern(r"(?:git|hg|svn)\+\w+://|https?://|git@")
_PINNED = pattern(r"@[0-9a-f]{40}\b|#[0-9a-f]{40}\b|sha(?:256|512)[=-]|--hash=")
_INSTALLS = pattern(r"(?i)\b(pip[0-9.]*|pipx|uv|poetry|npm|pnpm|yarn|bun)\s+(?:install|add|i)\s+")
_END_OF_COMMAND = pattern(r"[|;&`\"')\n]| (?:and|then|or|to|in|from) ")
_COMMAND = 240
_HOOKS = ("preinstall", "install", "postinstall", "prepublish", "preprepare", "postprepare")
_HARMLESS_HOOK = pattern(
    r"^(?:husky(?: install)?|npm run build|tsc(?: -b)?|patch-package|node-gyp rebuild|"
    r"npx husky(?: install)?|simple-git-hooks|true|exit 0)$"
)
_LEAST, _LONGEST = 5, 40
_MOST = 500
"""Commands of a text, and a tenth of what a file lists, that are looked at; the rest is told as too long."""


def judge_dependencies(source: Source, context: Context) -> Iterator[Found]:
    """Findings on the packages that a file names."""
    if _REQUIREMENTS.search(source.name):
        yield from _requirements(source)
    elif source.name in ("pyproject.toml", "pipfile"):
        yield from _toml(source)
    elif source.name == "package.json":
        yield from _package_json(source)
    elif source.name in (".npmrc", "pip.conf", ".yarnrc", ".yarnrc.yml", "uv.toml"):
        yield from _settings(source)
    else:
        yield from _installs(source, context)


def _requirements(source: Source) -> Iterator[Found]:
    unpinned = 0
    lines = source.text.split("\n")
    if len(lines) > 10 * _MOST:
        yield found(TOO_LONG, source.path, 10 * _MOST, f"{len(lines):,} lines")
    for number, raw in enumerate(lines[: 10 * _MOST], 1):
        line = raw.split(" #")[0].strip()
        own = _OWN_INDEX.search(line)
        if own and not _KNOWN_INDEX.search(own[1]):
            yield found(rules.INDEX, source.path, number, line)
        if not line or line.startswith(("#", "-")):
            continue
        yield from _requirement(source, number, line)
        unpinned += not any(mark in line for mark in ("==", "===", "@", "<", "~=", "--hash"))
        if unpinned == 1 and "==" not in line and "@" not in line and "<" not in line and "~=" not in line:
            yield found(rules.UNPINNED, source.path, number, line)
            unpinned += 1


def _requirement(source: Source, number: int, line: str) -> Iterator[Found]:
    """One requirement of PEP 508, wherever it stands."""
    if _URL.search(line) and not _PINNED.search(line):
        yield found(rules.FROM_URL, source.path, number, line)
    name = _NAME.search(line)
    if name and (meant := squatted(name[1], npm=False)):
        yield found(rules.TYPOSQUAT, source.path, number, f"{name[1]} (meant: {meant}?)")


def _toml(source: Source) -> Iterator[Found]:
    try:
        document = cast("Mapping[str, object]", tomllib.loads(source.text))
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    places = _Places(source.text)
    strings = list(_strings(document))
    if len(strings) > 10 * _MOST:
        yield found(TOO_LONG, source.path, places.line_of(strings[10 * _MOST]), f"{len(strings):,} strings")
    for text in strings[: 10 * _MOST]:
        number = places.line_of(text)
        if text.startswith(("http://", "https://")) and "index" in places.lines(number - 2, number):
            if not _KNOWN_INDEX.search(text):
                yield found(rules.INDEX, source.path, number, text)
        elif "@" in text or _NAME.search(text):
            yield from _named(source, number, text)


def _named(source: Source, number: int, text: str) -> Iterator[Found]:
    name = _NAME.search(text)
    if name and " @ " in text and _URL.search(text) and not _PINNED.search(text):
        yield found(rules.FROM_URL, source.path, number, text)
    rest = text[len(name[1]) :].lstrip() if name else ""
    if name and (not rest or rest[0] in "=<>~![@;") and (meant := squatted(name[1], npm=False)):
        yield found(rules.TYPOSQUAT, source.path, number, f"{name[1]} (meant: {meant}?)")


def _package_json(source: Source) -> Iterator[Found]:
    document = _json(source.text)
    scripts, groups = (
        document.get("scripts"),
        ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies"),
    )
    places = _Places(source.text)
    for name, command in _pairs(scripts):
        if name in _HOOKS and not _HARMLESS_HOOK.search(command.strip()):
            yield found(rules.INSTALL_HOOK, source.path, places.line_of(f'"{name}"'), f"{name}: {command}")
    pairs = [pair for group in groups for pair in _pairs(document.get(group))]
    if len(pairs) > 10 * _MOST:
        yield found(TOO_LONG, source.path, 0, f"{len(pairs):,} dependencies")
    for name, version in pairs[: 10 * _MOST]:
        number = places.line_of(f'"{name}"')
        if (_URL.search(version) or version.startswith("github:")) and not _PINNED.search(version):
            yield found(rules.FROM_URL, source.path, number, f"{name}: {version}")
        if meant := squatted(name, npm=True):
            yield found(rules.TYPOSQUAT, source.path, number, f"{name} (meant: {meant}?)")


def _settings(source: Source) -> Iterator[Found]:
    for number, line in enumerate(source.text.split("\n"), 1):
        at = line.find("http")
        if (
            at >= 0
            and not _KNOWN_INDEX.search(line[at:].strip(" \"'"))
            and not line.lstrip().startswith(("#", ";"))
        ):
            yield found(rules.INDEX, source.path, number, line)


def _installs(source: Source, context: Context) -> Iterator[Found]:
    """Names after `pip install` and the like in instructions and scripts."""
    text = context.text
    for match in islice(_INSTALLS.finditer(text.plain), _MOST):
        rest = text.plain[match.end() : match.end() + _COMMAND]
        stop = _END_OF_COMMAND.search(rest)
        npm = match[1].lower() in (b"npm", b"pnpm", b"yarn", b"bun")
        for word in (rest[: stop.start()] if stop else rest).decode(errors="replace").split():
            name = word.rpartition("@")[0] if npm and word.rfind("@") > 0 else (_NAME.search(word) or " ")[0]
            if meant := squatted(name, npm=npm):
                quoted = context.quoted(*match.span()) or context.negated(match.start())
                seen = f"{name} (meant: {meant}?)"
                yield found(rules.TYPOSQUAT, source.path, text.line(match.start()), seen, quoted=quoted)


@lru_cache(4_096)
def squatted(name: str, *, npm: bool) -> str | None:
    """The well-known name that this one differs from by one letter, or by two that are swapped."""
    known, others = (NPM, NPM_OTHERS) if npm else (PYPI, PYPI_OTHERS)
    plain = name.lower() if npm else re.sub(r"[-_.]+", "-", name.lower())
    if not _LEAST <= len(plain) <= _LONGEST or plain in known or plain in others:
        return None
    near = _neighbours(npm=npm)
    candidates = {each for key in (plain, *_shorter(plain)) for each in near.get(key, ())}
    return next((each for each in sorted(candidates) if _near(plain, each)), None)


@cache
def _neighbours(*, npm: bool) -> Mapping[str, Sequence[str]]:
    """The known names by what is left of each without one of its letters, and by themselves."""
    found_by: dict[str, list[str]] = {}
    for name in NPM if npm else PYPI:
        for key in (name, *_shorter(name)):
            found_by.setdefault(key, []).append(name)
    return found_by


def _shorter(name: str) -> set[str]:
    return {name[:at] + name[at + 1 :] for at in range(len(name))}


def _near(one: str, other: str) -> bool:
    """Damerau-Levenshtein distance 1."""
    if len(one) == len(other):
        differing = [at for at, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1]]
        if len(differing) == 1:
            return True
        first = differing[0] if len(differing) == 2 else -1
        return (
            first >= 0
            and differing[1] == first + 1
            and one[first : first + 2] == other[first + 1] + other[first]
        )
    short, long = sorted((one, other), key=len)
    return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))


def _json(text: str) -> Mapping[str, object]:
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return cast("Mapping[str, object]", document) if isinstance(document, dict) else {}


def _pairs(value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in cast("Mapping[str, object]", value).items():
            if isinstance(each, str):
                yield key, each


def _strings(value: object, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and depth < 8:
        for key, each in cast("Mapping[str, object]", value).items():
            if depth and key != "python":
                yield key
            yield from _strings(each, depth + 1)
    elif isinstance(value, list) and depth < 8:
        for each in cast("list[object]", value):
            yield from _strings(each, depth + 1)


class _Places:
    """Where texts stand in a file: its lines are split once, and each text is looked for from the last on."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = text.split("\n")
        self._starts = [0, *accumulate(len(line) + 1 for line in self._lines)]
        self._last = 0

    def line_of(self, text: str) -> int:
        """The line, from 1, in which the text stands next, or else first."""
        at = self._text.find(text, self._last)
        if at < 0:
            at = max(0, self._text.find(text))
        self._last = at
        return bisect_right(self._starts, at)

    def lines(self, first: int, last: int) -> str:
        """These lines, from 1, the last one included."""
        return "\n".join(self._lines[max(0, first - 1) : last])
