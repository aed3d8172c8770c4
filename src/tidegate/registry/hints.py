"""The metadata keys that Tidegate reads: `tidegate.*`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tidegate.domain.skill import HOSTED, NATIVE
from tidegate.registry.finding import Finding
from tidegate.registry.frontmatter import Text, unlike
from tidegate.registry.names import name_problem
from tidegate.registry.pattern import pattern_problem

PREFIX = "tidegate."
MATCH = "tidegate.match"
KEYWORDS = "tidegate.keywords"
EXAMPLES = "tidegate.examples"
REQUIRES = "tidegate.requires"
EXCLUDES = "tidegate.excludes"
MODE = "tidegate.mode"
TIMEOUT = "tidegate.timeout"
CACHE = "tidegate.cache"
KEYS = (MATCH, KEYWORDS, EXAMPLES, REQUIRES, EXCLUDES, MODE, TIMEOUT, CACHE)

MODES = (HOSTED, NATIVE)
CACHE_RULES = ("always", "deterministic", "never")
MAX_PATTERNS = 64
MAX_WORDS = 64
MAX_WORD = 64
MAX_EXAMPLES = 128
MAX_EXAMPLE = 300
MAX_TIMEOUT_SECONDS = 600.0

_DURATION = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)(ms|s|m)")
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_BETWEEN_WORDS = re.compile(r"[,\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """How the gateway is to select and serve the skill; the defaults are for one that does not say."""

    match: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    mode: str = HOSTED
    timeout_seconds: float | None = None


def read_hints(metadata: Mapping[str, Text], own_name: str, findings: list[Finding]) -> Hints:
    """Read the `tidegate.*` keys of the skill `own_name`; what is wrong is added to `findings`."""
    for key, text in metadata.items():
        if key.lower().startswith(PREFIX) and key not in KEYS:
            findings.append(
                text.wrong(f"metadata {key[:80]!r} is not a key Tidegate reads; {unlike(key, KEYS)}")
            )
    _choice(CACHE, metadata, CACHE_RULES, findings)
    requires = _skills(REQUIRES, metadata, own_name, findings)
    excludes = _skills(EXCLUDES, metadata, own_name, findings)
    findings.extend(
        metadata[EXCLUDES].wrong(
            f"{EXCLUDES} names {name!r}, which {REQUIRES} names too; keep one of the two"
        )
        for name in sorted({*requires} & {*excludes})
    )
    return Hints(
        match=_patterns(metadata, findings),
        keywords=_keywords(metadata, findings),
        examples=_examples(metadata, findings),
        requires=requires,
        excludes=excludes,
        mode=_choice(MODE, metadata, MODES, findings) or HOSTED,
        timeout_seconds=_timeout(metadata, findings),
    )


def _patterns(metadata: Mapping[str, Text], findings: list[Finding]) -> tuple[str, ...]:
    """One pattern a line; blank lines are none."""
    text = metadata.get(MATCH)
    if text is None:
        return ()
    lines = enumerate(line.strip() for line in text.value.split("\n"))
    patterns = [(offset, pattern) for offset, pattern in lines if pattern]
    for offset, pattern in patterns[:MAX_PATTERNS]:
        problem = pattern_problem(pattern)
        if problem:
            findings.append(text.wrong_in(offset, f"{MATCH} pattern {_short(pattern)} {problem}"))
    if not 1 <= len(patterns) <= MAX_PATTERNS:
        findings.append(text.wrong(f"{MATCH} has {len(patterns)} patterns; 1 to {MAX_PATTERNS} are allowed"))
    return tuple(dict.fromkeys(pattern for _, pattern in patterns))


def _examples(metadata: Mapping[str, Text], findings: list[Finding]) -> tuple[str, ...]:
    """One request a line; blank lines are none."""
    text = metadata.get(EXAMPLES)
    if text is None:
        return ()
    lines = enumerate(" ".join(line.split()) for line in text.value.split("\n"))
    examples = [(offset, example) for offset, example in lines if example]
    for offset, example in examples[:MAX_EXAMPLES]:
        if len(example) > MAX_EXAMPLE:
            message = (
                f"{EXAMPLES} has {_short(example)} of {len(example)} characters; at most {MAX_EXAMPLE} are "
                "allowed: write one request a line, in a literal block (`|`)"
            )
            findings.append(text.wrong_in(offset, message))
    if not 1 <= len(examples) <= MAX_EXAMPLES:
        message = f"{EXAMPLES} has {len(examples)} requests; 1 to {MAX_EXAMPLES} are allowed, one a line"
        findings.append(text.wrong(message))
    return tuple(dict.fromkeys(example for _, example in examples))


def _keywords(metadata: Mapping[str, Text], findings: list[Finding]) -> tuple[str, ...]:
    words = _words(KEYWORDS, metadata, findings)
    for word in words:
        if len(word) > MAX_WORD:
            message = (
                f"{KEYWORDS} has {_short(word)} of {len(word)} characters; at most {MAX_WORD} are allowed"
            )
            findings.append(metadata[KEYWORDS].wrong(message))
    return tuple(dict.fromkeys(word.lower() for word in words))


def _skills(
    key: str, metadata: Mapping[str, Text], own_name: str, findings: list[Finding]
) -> tuple[str, ...]:
    names = _words(key, metadata, findings)
    for name in names[:MAX_WORDS]:
        problem = "is the skill itself; remove it" if name == own_name else name_problem(name)
        if problem:
            findings.append(metadata[key].wrong(f"{key}: {_short(name)} {problem}"))
    return names


def _words(key: str, metadata: Mapping[str, Text], findings: list[Finding]) -> tuple[str, ...]:
    """The distinct words of a value, separated by commas or white space."""
    text = metadata.get(key)
    if text is None:
        return ()
    words = tuple(dict.fromkeys(word for word in _BETWEEN_WORDS.split(text.value) if word))
    if not 1 <= len(words) <= MAX_WORDS:
        message = f"{key} has {len(words)} words; 1 to {MAX_WORDS} are allowed, separated by commas or spaces"
        findings.append(text.wrong(message))
    return words


def _choice(
    key: str, metadata: Mapping[str, Text], allowed: tuple[str, ...], findings: list[Finding]
) -> str | None:
    text = metadata.get(key)
    if text is not None and text.value not in allowed:
        findings.append(text.wrong(f"{key} is {_short(text.value)}; {unlike(text.value, allowed)}"))
    return None if text is None else text.value


def _timeout(metadata: Mapping[str, Text], findings: list[Finding]) -> float | None:
    """Seconds of a value such as `5s` or `500ms`."""
    text = metadata.get(TIMEOUT)
    if text is None:
        return None
    found = _DURATION.fullmatch(text.value)
    seconds = float(found[1]) * _UNIT_SECONDS[found[2]] if found else 0.0
    if not 0 < seconds <= MAX_TIMEOUT_SECONDS:
        message = f"{TIMEOUT} is {_short(text.value)}; write a time such as '5s' or '500ms', at most '10m'"
        findings.append(text.wrong(message))
    return seconds


def _short(value: str) -> str:
    return repr(value if len(value) <= 60 else f"{value[:60]}…")
