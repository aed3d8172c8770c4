"""A variant ready to serve: its live skills with their encoded blocks, and one pattern set over them all."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from types import MappingProxyType

import msgspec
import re2

from tidegate.domain.exchange import SkillUse
from tidegate.domain.lexical import Description, looked_at
from tidegate.domain.ranking import Ranking
from tidegate.domain.rollout import CachePolicy, SkillRef, Variant
from tidegate.domain.routing import Route
from tidegate.domain.selection import Match, Rank, Selectable
from tidegate.domain.skill import (
    NATIVE,
    FileEntry,
    Manifest,
    ProviderVersion,
    SkillVersion,
    SyncedVersion,
    VersionState,
)
from tidegate.serving.memo import Memo
from tidegate.serving.skill_text import is_script, skill_text

_log = logging.getLogger("tidegate.routing")

LIVE = frozenset({VersionState.PUBLISHED, VersionState.DEPRECATED})


@dataclass(frozen=True, slots=True)
class ServedSkill:
    """A skill version ready to be spliced in.

    `block` is the JSON of its system text block without the closing brace, so that a `cache_control` may
    still be put in; its bytes are the same on every turn. `native`: where the version is at the providers,
    by upstream and by the tenant whose workspace it is (empty: the gateway's).
    """

    name: str
    version: int
    digest: str
    block: bytes
    timeout_seconds: float | None
    native: Mapping[tuple[str, str], ProviderVersion] = field(default_factory=lambda: MappingProxyType({}))
    files: tuple[FileEntry, ...] = ()
    """What a model may read beside the body."""
    scripts: tuple[str, ...] = field(init=False)
    """The paths of its scripts."""

    def __post_init__(self) -> None:
        scripts = tuple(entry.path for entry in self.files if is_script(entry.path))
        object.__setattr__(self, "scripts", scripts)

    def has(self, path: str) -> bool:
        """Whether a model may read that file."""
        return any(entry.path == path for entry in self.files)


_MEMORY_OF_A_PATTERN = 1 << 19
"""Bytes, used as states come up: far more than publishing allows one to compile to, since matching without a
state cache takes ten times as long."""


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY_OF_A_PATTERN
    return options


_OPTIONS = _options()


class PatternSet:
    """Which skills' patterns match a text, in linear time (RE2).

    One pass finds the literals that patterns need (of `review.{0,40}contract` both); only patterns whose
    literals are there are matched, each by itself. One automaton of all patterns would build its states as it
    meets new text, and with counted repetitions in 500 patterns that takes milliseconds.
    """

    def __init__(self, patterns: Mapping[str, tuple[str, ...]]) -> None:
        self._owners: list[tuple[str, str]] = []
        self._filter = re2.Filter()
        for name, each in patterns.items():
            for pattern in each:
                self._add(name, pattern)
        if self._owners:
            self._compile()

    def _add(self, name: str, pattern: str) -> None:
        """Publishing refuses a bad pattern; one that is here must not keep a switch from taking effect."""
        try:
            self._filter.Add(pattern, _OPTIONS)
        except re2.error:
            _log.exception(
                "a pattern does not compile and selects nothing", extra={"skill": name, "pattern": pattern}
            )
        else:
            self._owners.append((name, pattern))

    def _compile(self) -> None:
        """As with a bad pattern: one beyond its memory selects nothing, and the snapshot takes effect."""
        try:
            self._filter.Compile()
        except re2.error:
            skills = sorted({owner for owner, _ in self._owners})
            _log.exception(
                "these skills' patterns do not compile together and select nothing", extra={"skills": skills}
            )
            self._owners.clear()

    def rehearse(self, texts: Iterable[str]) -> None:
        """Match texts like those to come, so that automata have most of their states before a request."""
        for text in texts:
            self._matching(looked_at(text))

    def match(self, text: str) -> Mapping[str, int]:
        """The skills with a matching pattern, and how many of theirs match."""
        counts: dict[str, int] = {}
        for index in self._matching(text):
            owner, _ = self._owners[index]
            counts[owner] = counts.get(owner, 0) + 1
        return MappingProxyType(counts)

    def matching(self, text: str) -> Mapping[str, Sequence[str]]:
        """The skills with a matching pattern, each with those that match."""
        found: dict[str, list[str]] = {}
        for index in sorted(self._matching(text)):
            owner, pattern = self._owners[index]
            found.setdefault(owner, []).append(pattern)
        return found

    def _matching(self, text: str) -> Sequence[int]:
        if not self._owners:
            return ()
        return self._filter.Match(text.encode("utf-8", "replace")) or ()


def _nothing(_: str) -> Mapping[str, int]:
    return MappingProxyType({})


NOTHING_MATCHES: Match = _nothing


@dataclass(frozen=True, slots=True)
class ServedVariant:
    """A serving policy compiled; `names_skills` says that the plan names some, live or not; `natives` are
    those that providers serve themselves where they can.
    """

    patterns: PatternSet
    skills: Mapping[str, ServedSkill] = field(default_factory=lambda: MappingProxyType({}))
    catalogue: Mapping[str, Selectable] = field(default_factory=lambda: MappingProxyType({}))
    lexical: Ranking | None = None
    """None: words choose nothing."""
    match: Match = NOTHING_MATCHES
    """What `patterns` match in a text, and `rank` what `lexical` chooses: with a memory of earlier texts."""
    rank: Rank | None = None
    names_skills: bool = False
    natives: frozenset[str] = frozenset()
    model: str | None = None
    route: Route | None = None
    replace_system: bool = False
    timeout_seconds: float = 5.0
    deadline_seconds: float | None = None
    """None: the gateway's own setting."""
    cache: CachePolicy | None = None
    identity: bytes = b""
    """What the plan says, hashed: of two variants that say the same, one's answers do for the other."""

    @property
    def models(self) -> frozenset[str]:
        """What it may serve instead of the model that was asked for."""
        routed = (self.route.small, self.route.middle) if self.route else ()
        return frozenset(each for each in (self.model, *routed) if each is not None)

    def timeout_for(self, uses: Sequence[SkillUse]) -> float:
        """Seconds to the first content byte with these skills: the variant's, or a skill's shorter one."""
        seconds = self.timeout_seconds
        for use in uses:
            own = self.skills[use.name].timeout_seconds
            if own is not None and own < seconds:
                seconds = own
        return seconds


Synced = Mapping[str, tuple[SyncedVersion, ...]]
"""Where versions are at the providers, by digest."""

_Key = tuple[Variant, tuple[SkillRef, ...], tuple[tuple[SyncedVersion, ...], ...]]


class VariantCache:
    """Compiled variants from one snapshot to the next, since compiling 500 patterns takes milliseconds."""

    def __init__(self) -> None:
        self._kept: dict[_Key, ServedVariant] = {}
        self._used: dict[_Key, ServedVariant] = {}

    def served(
        self,
        variant: Variant,
        versions: Mapping[str, SkillVersion],
        synced: Synced = MappingProxyType({}),
    ) -> ServedVariant:
        """The variant with those of its skills that are live: known by digest and not revoked."""
        live = tuple(
            ref for ref in variant.skills if (found := versions.get(ref.digest)) and found.state in LIVE
        )
        key = (variant, live, tuple(synced.get(ref.digest, ()) for ref in live))
        compiled = self._kept.get(key) or self._used.get(key)
        if compiled is None:
            compiled = _compile(variant, {ref.name: versions[ref.digest] for ref in live}, synced)
        self._used[key] = compiled
        return compiled

    def settle(self) -> None:
        """Forget what the snapshot just compiled no longer uses."""
        self._kept, self._used = self._used, {}


def _compile(variant: Variant, live: Mapping[str, SkillVersion], synced: Synced) -> ServedVariant:
    patterns = PatternSet({name: version.manifest.match for name, version in live.items()})
    patterns.rehearse(text for version in live.values() for text in _like_requests(version.manifest))
    lexical = ranking(live.values(), variant.threshold) if variant.lexical else None
    return ServedVariant(
        patterns=patterns,
        match=Memo(patterns.match),
        skills={name: _skill(version, synced) for name, version in live.items()},
        catalogue={
            name: Selectable(name, version.number, version.manifest.requires, version.manifest.excludes)
            for name, version in live.items()
        },
        lexical=lexical,
        rank=Memo(lexical.choose) if lexical else None,
        names_skills=bool(variant.skills),
        natives=frozenset(name for name, version in live.items() if version.manifest.mode == NATIVE),
        model=variant.model,
        route=variant.route,
        replace_system=variant.system == "replace",
        timeout_seconds=variant.timeout_seconds,
        deadline_seconds=variant.deadline_seconds,
        cache=variant.cache,
        identity=blake2b(msgspec.json.encode(variant), digest_size=16).hexdigest().encode(),
    )


def _like_requests(manifest: Manifest) -> Iterable[str]:
    """Texts with a skill's words: what it says of itself, and what it is asked."""
    yield " ".join([manifest.description, *manifest.keywords])
    yield "\n".join(manifest.examples)


def ranking(versions: Iterable[SkillVersion], threshold: float) -> Ranking:
    """The ranking of these versions by names, descriptions, keywords and example requests."""
    manifests = (version.manifest for version in versions)
    return Ranking(
        (Description(each.name, each.description, each.keywords, each.examples) for each in manifests),
        threshold=threshold,
    )


def _skill(version: SkillVersion, synced: Synced) -> ServedSkill:
    files = tuple(entry for entry in version.files if _is_readable(entry.path))
    text = skill_text(version.name, version.number, version.body, files)
    return ServedSkill(
        version.name,
        version.number,
        version.digest,
        b'{"type":"text","text":' + msgspec.json.encode(text),
        version.manifest.timeout_seconds,
        {(each.upstream, each.tenant): each.there for each in synced.get(version.digest, ())},
        files,
    )


def _is_readable(path: str) -> bool:
    """Not the body, which a request has already, and not the skill's tests, which hold their own answers."""
    return path != "SKILL.md" and not path.startswith("evals/")


PLAIN = ServedVariant(PatternSet({}))
"""No skill, no change: the client's request as it is."""
