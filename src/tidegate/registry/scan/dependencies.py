"""Judge what a skill has installed: requirements, pyproject, package.json, and `pip install` in its words."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from typing import cast

from tidegate.registry.scan.found import Found, found
from tidegate.registry.scan.markdown import Context
from tidegate.registry.scan.pattern import pattern
from tidegate.registry.scan.popular import NPM, NPM_OTHERS, PYPI, PYPI_OTHERS
from tidegate.registry.scan.rules import dependencies as rules
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
_INSTALLS = pattern(
    r"(?i)\b(pip[0-9.]*|pipx|uv pip|uv tool|uv|poetry|npm|pnpm|yarn|bun)\s+(?:install|add|"
    r"i)\s+((?:-{1,2}[\w-]+(?:[= ](?:\d|https?:)\S*)?\s+)*)([A-Za-z@][\w.@/\[\],=<>~^!-]*(?:[ "
    r"\t]+[A-Za-z@][\w.@/\[\],=<>~^!-]*){0,12})"
)
_HOOKS = ("preinstall", "install", "postinstall", "prepublish", "preprepare", "postprepare")
_HARMLESS_HOOK = pattern(
    r"^(?:husky(?: install)?|npm run build|tsc(?: -b)?|patch-package|node-gyp rebuild|"
    r"npx husky(?: install)?|simple-git-hooks|true|exit 0)$"
)
_LEAST = 5
_MAX = 5


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
    for number, raw in enumerate(source.text.split("\n"), 1):
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
    for text in _strings(document):
        number = _line_of(source, text)
        if text.startswith(("http://", "https://")) and "index" in _line_text(source, number - 2, number):
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
    for name, command in _pairs(scripts):
        if name in _HOOKS and not _HARMLESS_HOOK.search(command.strip()):
            yield found(rules.INSTALL_HOOK, source.path, _line_of(source, f'"{name}"'), f"{name}: {command}")
    for group in groups:
        for name, version in _pairs(document.get(group)):
            number = _line_of(source, f'"{name}"')
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
    told = 0
    for match in _INSTALLS.finditer(context.text.plain):
        tool = match[1].decode().lower()
        npm = tool in ("npm", "pnpm", "yarn", "bun")
        for word in match[3].decode(errors="replace").split():
            name = (
                word.rpartition("@")[0]
                if npm and word.rfind("@") > 0
                else (_NAME.search(word) or ["", ""])[1]
            )
            meant = squatted(name, npm=npm)
            if meant and told < _MAX:
                told += 1
                quoted = context.quoted(*match.span()) or context.negated(match.start())
                line = context.text.line(match.start())
                yield found(rules.TYPOSQUAT, source.path, line, f"{name} (meant: {meant}?)", quoted=quoted)


def squatted(name: str, *, npm: bool) -> str | None:
    """The well-known name that this one differs from by one letter, or by two that are swapped."""
    known, others = (NPM, NPM_OTHERS) if npm else (PYPI, PYPI_OTHERS)
    plain = (
        name.lower()
        if npm
        else "-".join(part for part in name.lower().replace("_", "-").replace(".", "-").split("-") if part)
    )
    if len(plain) < _LEAST or plain in known or plain in others or plain.startswith("@"):
        return None
    return next(
        (each for each in sorted(known) if abs(len(each) - len(plain)) <= 1 and _near(plain, each)), None
    )


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


def _line_of(source: Source, text: str) -> int:
    return source.text.count("\n", 0, max(0, source.text.find(text))) + 1


def _line_text(source: Source, first: int, last: int) -> str:
    return "\n".join(source.text.split("\n")[max(0, first - 1) : last])
