"""Scan a package: every file by every rule, then what its files do together."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tidegate.domain.skill import NATIVE, Manifest
from tidegate.registry.document import SKILL_MD
from tidegate.registry.scan.binaries import holds_modules, is_archive, judge_bytes
from tidegate.registry.scan.catalogue import RULES
from tidegate.registry.scan.decode import is_utf8
from tidegate.registry.scan.deeds import judge_deeds, traits_of
from tidegate.registry.scan.dependencies import judge_dependencies
from tidegate.registry.scan.encoded import find_encoded
from tidegate.registry.scan.found import Found, as_note, found
from tidegate.registry.scan.hidden import find_hidden, visible
from tidegate.registry.scan.intent import Purpose, judge_intent
from tidegate.registry.scan.invoked import invoked_as
from tidegate.registry.scan.javascript_code import JavaScriptCode
from tidegate.registry.scan.kind import SCRIPTS, Kind
from tidegate.registry.scan.markdown import Context, Fence, read_context
from tidegate.registry.scan.matching import Matcher
from tidegate.registry.scan.metadata import judge_manifest
from tidegate.registry.scan.pattern import pattern
from tidegate.registry.scan.python_code import PythonCode
from tidegate.registry.scan.python_path import ANY
from tidegate.registry.scan.rule import Reach
from tidegate.registry.scan.rules import binaries, code, commands, leaks
from tidegate.registry.scan.secrets import find_secrets
from tidegate.registry.scan.severity import Severity
from tidegate.registry.scan.shell_code import ShellCode
from tidegate.registry.scan.source import MAX_LOOKED_AT, Source, as_text, read_source
from tidegate.registry.scan.traits import KNOWN_SERVICES, Traits, domain_of, hosts_in
from tidegate.registry.scan.unseen import find_unseen

MAX_OF_A_FILE = 40
"""Findings told of one file, the worst first."""

EVALS = "evals/"
"""What is tried on a skill, attacks among it. The gateway gives neither model nor script what lies there; to
the provider of a native skill everything goes."""

_PAGES = (".html", ".htm", ".svg", ".vue", ".svelte", ".ejs", ".hbs")
"""Files with scripts among other things."""
_DETECTS = (".yar", ".yara", ".sigma", ".rules", ".snort")
"""Files of what programs look for; nothing runs them."""

_LANGUAGES = {
    **dict.fromkeys(("sh", "bash", "shell", "zsh", "console", "terminal", "shell-session"), Kind.SHELL),
    **dict.fromkeys(("py", "python", "python3"), Kind.PYTHON),
    **dict.fromkeys(("js", "javascript", "ts", "typescript", "mjs", "jsx", "tsx"), Kind.JAVASCRIPT),
}
_JUDGES = {Kind.PYTHON: PythonCode, Kind.SHELL: ShellCode, Kind.JAVASCRIPT: JavaScriptCode}
_CALL = pattern(
    r"(?i)\b(?:back(?:s|ing)?[ -]?up|backups?|archiv\w+|sync\w*|in step|save a copy|preserv\w+|validat\w+|"
    r"verif\w+|telemetry|analytics|"
    r"diagnos\w+|log(?:s|ging)?|checkpoint\w*|snapshot\w*|integrity|health check|audit\w*|metrics|usage|"
    r"cache|index)\b"
)
_ASKED_FOR = (
    (".git/hooks", pattern(r"\b(?:git|pre-?commit|pre-?push|commit|repository) hooks?\b")),
    ("crontab", pattern(r"\bcron(?:tabs?|s| jobs?)?\b")),
)
"""What starts by itself later, and the words by which a description announces it."""
_NO_CONTEXT = Context(as_text(""), (), ())
_NEAR = 400
_UNPACKS = pattern(
    r"(?i)\b(?:unpack|extract|unzip|untar|tar\s+-?\w*x|7z\s+x|decompress|gunzip|install|run)\w*\b"
)
_IMPORTS = pattern(r"\b(?:PYTHONPATH|zipimport\w*|addsitedir|sys\.path|path_hooks|__path__)\b")
_HOOK_NAMES = ("sitecustomize.py", "usercustomize.py")


class Scanner:
    """All rules, compiled once; `scan` is pure."""

    def __init__(self) -> None:
        self._prose = Matcher(RULES, Reach.PROSE)
        self._commands = Matcher(RULES, Reach.COMMAND)
        self._descriptions = Matcher(RULES, Reach.DESCRIPTION)

    def scan(self, manifest: Manifest, files: Mapping[str, bytes]) -> tuple[Found, ...]:
        """Every finding, the worst first, then by file and line."""
        sources = [read_source(path, content) for path, content in sorted(files.items())]
        purpose = Purpose(f"{manifest.name}. {manifest.description}", manifest.mode == NATIVE)
        all_found: list[Found] = []
        traits: dict[str, Traits] = {}
        invoked = invoked_as(sources)
        for source in sources:
            seen, of_file = self._file(source, invoked.get(source.path, frozenset()), purpose)
            traits[source.path] = of_file
            all_found.extend(_worst(seen)[:MAX_OF_A_FILE])
            if source.path == SKILL_MD:
                all_found.extend(judge_manifest(manifest, source, self._descriptions))
        all_found.extend(_together(sources, traits, purpose))
        return tuple(_worst(all_found))

    def _file(self, source: Source, invoked: frozenset[Kind], purpose: Purpose) -> tuple[list[Found], Traits]:
        """By its bytes, and by every way that somebody reads or runs it."""
        seen = list(judge_bytes(source))
        traits = Traits()
        if source.kind is Kind.BINARY and is_utf8(source.content[:MAX_LOOKED_AT]):
            seen.extend(self._said(source.taken_for(Kind.PROSE), purpose))
        elif source.kind is not Kind.BINARY:
            for reading in (source, *source.others):
                of_reading, told = self._reading(reading, purpose)
                seen, traits = seen + of_reading, traits.joined(told)
        for kind in sorted(invoked, key=lambda kind: kind.value):
            found_in_code, told = _code(source.taken_for(kind), _NO_CONTEXT, invoked=True)
            seen, traits = seen + found_in_code, traits.joined(told)
        return seen, traits

    def _said(self, source: Source, purpose: Purpose) -> list[Found]:
        """What a model that is given the file reads in it."""
        context = read_context(source, warned=purpose.teaches)
        ordered = [*self._prose.find(source.path, context), *self._commands.find(source.path, context)]
        seen = [as_note(each) if _is_declared(each, purpose) else each for each in ordered]
        if source.kind in (Kind.PROSE, Kind.DATA):
            seen.extend(judge_intent(source.path, context, purpose))
        tried = source.path.startswith(EVALS) and not purpose.native
        noted = tried or (purpose.teaches and source.name.endswith(_DETECTS))
        return list(map(as_note, seen)) if noted else seen

    def _reading(self, source: Source, purpose: Purpose) -> tuple[list[Found], Traits]:
        context = read_context(source, warned=purpose.teaches)
        seen = self._said(source, purpose)
        seen.extend(find_unseen(source))
        seen.extend(find_hidden(source, context, self._objects))
        seen.extend(find_encoded(source, self._objects))
        seen.extend(find_secrets(source))
        seen.extend(judge_dependencies(source, context))
        found_in_code, traits = _code(source, context)
        return seen + found_in_code, traits

    def _objects(self, text: str) -> bool:
        """Whether a text that was hidden or encoded would be a blocking finding in the open."""
        context = Context(as_text(text), (), ())
        for matcher in (self._prose, self._commands):
            for each in matcher.find("", context):
                if each.severity.rank >= Severity.MEDIUM.rank:
                    return True
        return False


def _is_declared(each: Found, purpose: Purpose) -> bool:
    """A hook of a repository, in a skill that says it is about hooks, starts what the user asked for."""
    said = purpose.text.lower()
    return each.rule == commands.PERSIST.id and any(
        place in each.excerpt and named.search(said) for place, named in _ASKED_FOR
    )


def _code(source: Source, context: Context, *, invoked: bool = False) -> tuple[list[Found], Traits]:
    """By structure: the script that the file is, or those in its fenced blocks."""
    judge = _JUDGES.get(source.kind)
    if judge is not None:
        seen, traits = judge(source.path, source.text).judge()
        if invoked or source.path.startswith("scripts/"):
            seen = [_blocking(each) if each.rule == code.UNREADABLE.id else each for each in seen]
        seen.extend(judge_deeds(source.path, source.text))
        if source.name in _HOOK_NAMES or (source.name.endswith(".pth") and "import" in source.text):
            seen.append(found(code.CUSTOMIZE, source.path, 1, source.text))
        return seen, traits
    if source.kind in SCRIPTS or source.name.endswith(_PAGES):
        return list(judge_deeds(source.path, source.text)), traits_of(source.text)
    seen = [each for fence in context.fences for each in _fenced(source, context, fence)]
    return seen, Traits()


def _blocking(finding: Found) -> Found:
    """What is run has to be readable."""
    return replace(finding, severity=Severity.HIGH)


def _fenced(source: Source, context: Context, fence: Fence) -> Iterator[Found]:
    """What a block would do; notes on it are left out, and snippets need not parse."""
    kind = _LANGUAGES.get(fence.language)
    if kind is None:
        return
    text = context.text.plain[fence.begin : fence.end].decode(errors="replace")
    quoted = context.quoted(fence.begin, max(fence.begin, fence.end - 1))
    seen, _ = _JUDGES[kind](source.path, text, first_line=fence.line, quoted=quoted).judge()
    for each in seen:
        if each.rule not in (code.NETWORK.id, code.UNREADABLE.id):
            yield each


def _together(sources: list[Source], traits: Mapping[str, Traits], purpose: Purpose) -> Iterator[Found]:
    """What only the package as a whole shows."""
    prose = [source for source in sources if source.kind is Kind.PROSE]
    said = "\n".join(visible(source).lower() for source in sources if source.path == SKILL_MD)
    domains = {domain_of(host) for host in hosts_in(said)}
    for source in sources:
        of_file = traits[source.path]
        if of_file.sends_data:
            unnamed = sorted(
                host
                for host in of_file.hosts
                if host not in said
                and domain_of(host) not in domains
                and host not in KNOWN_SERVICES
                and not purpose.names(host)
            )
            if unnamed:
                yield found(code.UNDISCLOSED, source.path, 0, ", ".join(unnamed[:4]))
        if of_file.sends and source.name:
            yield from _soft_calls(source, prose, of_file, purpose)
        if is_archive(source):
            yield from _unpacked(source, sources)
        if holds_modules(source):
            yield from _imported(source, sources, traits)


def _soft_calls(script: Source, prose: list[Source], traits: Traits, purpose: Purpose) -> Iterator[Found]:
    """Where a text has a sending script run for a backup, a check, a log that is not the skill's purpose."""
    if not traits.sends_data or (traits.hosts <= KNOWN_SERVICES and traits.hosts):
        return
    declared = _CALL.search(purpose.text) is not None
    if declared and all(host in KNOWN_SERVICES or purpose.names(host) for host in traits.hosts):
        return  # what for is what the description says, and where to is named there or the user's setting
    for source in prose:
        text = source.matched.flowing.decode(errors="replace")
        at = text.find(script.name)
        if at >= 0 and _CALL.search(text[max(0, at - _NEAR) : at + _NEAR]):
            line = source.text.lower().count("\n", 0, max(0, source.text.lower().find(script.name))) + 1
            yield found(leaks.BACKUP_CALL, source.path, line, text[max(0, at - 60) : at + 60])
            return


def _unpacked(archive: Source, sources: list[Source]) -> Iterator[Found]:
    for source in sources:
        if source.kind is Kind.BINARY or source is archive:
            continue
        at = source.text.lower().find(archive.name)
        if at >= 0 and _UNPACKS.search(source.text[max(0, at - 120) : at + 120]):
            yield found(binaries.LOCKED_ARCHIVE, archive.path, 0, f"unpacked by {source.path}")
            return


def _imported(archive: Source, sources: list[Source], traits: Mapping[str, Traits]) -> Iterator[Found]:
    """An archive that a script puts on the import path, or that a text names beside it."""
    for source in sources:
        if source.kind is Kind.BINARY or source is archive:
            continue
        entries = traits[source.path].imports
        text = source.text.lower()
        at = text.find(archive.name)
        beside = at >= 0 and _IMPORTS.search(source.text[max(0, at - 120) : at + 120])
        if beside or ANY in entries or any(archive.name in each.lower() for each in entries):
            yield found(code.IMPORTS_ARCHIVE, archive.path, 0, f"imported from by {source.path}")
            return


def _worst(findings: list[Found]) -> list[Found]:
    """Without repetitions, the worst first."""
    once = {
        (each.rule, each.path, each.line): each
        for each in sorted(findings, key=lambda each: each.severity.rank)
    }
    return sorted(once.values(), key=lambda each: (-each.severity.rank, each.path, each.line, each.rule))
