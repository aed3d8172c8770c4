"""Which files of a package something runs by an interpreter that their names do not tell."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from tidegate.registry.scan.kind import SCRIPTS, Kind, by_interpreter, by_name
from tidegate.registry.scan.pattern import pattern
from tidegate.registry.scan.source import Source

_PROGRAM = (
    r"(?:python|pypy|node|deno|bun|npx|tsx|bash|zsh|dash|ksh|ash|sh)[\d.]{0,6}(?:\.exe)?|sys\.executable|"
    r"process\.execPath"
)
_FILE = r"[^\s\"'`;|&<>(),\[\]]"
_IN_TEXT = pattern(rf"(?:^|[^\w.-])({_PROGRAM})((?:[ \t]+-\w[\w:=]*|[ \t]+run)*[ \t]+[\"']?{_FILE}+)")
_IN_SCRIPT = pattern(rf"(?:^|[^\w.-])({_PROGRAM})([\"']?[\s,<\[(])")
_ENDS = pattern(r"[^\\]\n|[;|&]")
_LOOKED_AT = 300
"""Characters of a command in which its file is looked for."""
_NO_FILE = pattern(r"^[\s,\"']*(?:-\w+[\s,\"']+)*-\w*[mc][\s,\"']")
_WORDS = pattern(rf"{_FILE}+")
_SOURCED = pattern(rf"(?m)(?:^|[;&|]\s*)(?:source|\.)\s+[\"']?({_FILE}+)")
_PIPED = pattern(rf"({_FILE}+)[\"']?\s*\|\s*(?:sudo\s+)?(?:\S*/)?({_PROGRAM})(?:$|[^\w.])")
_LOADED = pattern(
    r"(?:run_path|spec_from_file_location|SourceFileLoader|(?:exec|compile)\s*\(\s*(?:compile\s*\(\s*)?"
    r"(?:io\.)?(?:open|(?:pathlib\.)?Path))\s*\([^)\n]*?[\"']([^\"'\n]+)[\"']\s*[),]"
)
_MOST = 50_000
_PROGRAMS = {"sys.executable": Kind.PYTHON, "process.execpath": Kind.JAVASCRIPT}


def invoked_as(sources: Sequence[Source]) -> Mapping[str, frozenset[Kind]]:
    """The kinds, beside their own, that files are run as by what the package's texts and scripts say."""
    by_last: dict[str, list[Source]] = defaultdict(list)
    for source in sources:
        by_last[source.name].append(source)
    kinds: dict[str, set[Kind]] = defaultdict(set)
    for teller in sources:
        for words, kind in _told(teller):
            for source in _first_named(words, by_last):
                if source is not teller and kind is not source.kind:
                    kinds[source.path].add(kind)
    return {path: frozenset(told) for path, told in kinds.items()}


def _told(teller: Source) -> Iterator[tuple[str, Kind]]:
    """What follows an interpreter, or is handed to one, and the kind that it runs."""
    text, script = teller.text, teller.kind in SCRIPTS
    done = 0
    for match in islice((_IN_SCRIPT if script else _IN_TEXT).finditer(text), _MOST):
        if match.start() < done:
            continue
        words = _command(text, match.end() - 1) if script else match[2]
        done = match.end() - 1 + len(words) if script else 0
        if not _NO_FILE.search(words):
            yield words, _kind(match[1])
    for match in islice(_PIPED.finditer(text), _MOST):
        yield match[1], _kind(match[2])
    if script:
        for match in islice(_SOURCED.finditer(text), _MOST):
            yield match[1], Kind.SHELL
        for match in islice(_LOADED.finditer(text), _MOST):
            yield match[1], Kind.PYTHON


def _command(text: str, begin: int) -> str:
    """From there to where the line or the command ends."""
    words = text[begin : begin + _LOOKED_AT]
    end = _ENDS.search(words)
    return words[: end.start() + 1] if end else words


def _first_named(words: str, by_last: Mapping[str, Sequence[Source]]) -> Sequence[Source]:
    """The package's file among the words; what comes after a script is the script's to read."""
    for match in _WORDS.finditer(words.replace("\\", "/")):
        last = match[0].lower().rstrip(".:").rpartition("/")[2]
        if last in by_last:
            return by_last[last]
        if by_name(last) in SCRIPTS:
            return ()
    return ()


def _kind(program: str) -> Kind:
    return _PROGRAMS.get(program.lower()) or by_interpreter(program)
