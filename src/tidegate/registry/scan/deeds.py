"""Judge a script of any language by which classes of words are in it."""

import re
from collections.abc import Iterator
from itertools import islice

from tidegate.registry.scan.found import Found, found
from tidegate.registry.scan.left_out import without_left_out
from tidegate.registry.scan.pattern import pattern
from tidegate.registry.scan.rules.script_words import WORDS
from tidegate.registry.scan.rules.scripts import DEEDS
from tidegate.registry.scan.traits import KNOWN_SERVICES, Traits, hosts_in

_CLASSES = {name: pattern(f"(?m){words}") for name, words in WORDS.items()}
_READS = pattern(
    r"(?i)\b(?:file_get_contents|File\.(?:read|open)|ReadFile|Get-Content|ReadAll\w*|os\.Open|slurp|fopen|"
    r"readlines|innerText|innerHTML|localStorage|FormData|document\.cookie|read_to_string|Files\.read\w*|"
    r"ARGF|argv|args\b|STDIN)"
)


_LOADED = pattern(
    r"(?m)^[^\n=]{0,40}?\$?\b([A-Za-z_]\w{0,40})\s*:?=[^=\n][^\n]{0,200}?(?:\.Download(?:String|Data)\b|"
    r"(?i:invoke-webrequest|invoke-restmethod)\b|\b(?:iwr|irm)\b|file_get_contents\s*\(\s*[\"']https?|"
    r"\bcurl_exec\b|\b(?:URI|Kernel)\.open\b|\bNet::HTTP\.get|\bLWP::|\bHTTParty\.get|\bhttp\.request\b)"
)
_MOST_LOADED = 16


def judge_deeds(path: str, text: str) -> Iterator[Found]:
    """Each rule once, at the first word that makes it."""
    taken = without_left_out(text)
    seen = {name: match.start() for name, words in _CLASSES.items() if (match := words.search(taken))}
    if (at := _runs_what_it_loads(text)) >= 0:
        seen |= {"evaluates": at, "loads": at}
    if not seen:
        return
    hosts = hosts_in(text)
    known = bool(hosts) and hosts <= KNOWN_SERVICES
    told: set[str] = set()
    for deed in DEEDS:
        if deed.rule.id in told or (deed.abroad and known) or not seen.keys() >= set(deed.words):
            continue
        told.add(deed.rule.id)
        at = seen[deed.words[0]]
        begin = text.rfind("\n", 0, at) + 1
        yield found(
            deed.rule, path, text.count("\n", 0, at) + 1, text[begin : begin + 200].split("\n", maxsplit=1)[0]
        )


def _runs_what_it_loads(text: str) -> int:
    """Where a name that stands for what an address answered is evaluated; -1 where none is."""
    for match in islice(_LOADED.finditer(text), _MOST_LOADED):
        name = re.escape(match[1])
        runs = pattern(
            rf"\b(?:(?:instance_|class_|module_)?eval|loadstring|Function|runIn\w+Context|exec)\b\s*[( "
            rf"][^\n]{{0,40}}?"
            rf"\$?\b{name}\b|(?i:\biex\b|invoke-expression|scriptblock\]::create|"
            rf"assembly\]::load)[^\n]{{0,40}}?"
            rf"\$?\b{name}\b"
        )
        if (run := runs.search(text)) is not None:
            return run.start()
    return -1


def traits_of(text: str) -> Traits:
    """Whether a script in a language that is not parsed talks, sends, and what it read."""
    talks = _CLASSES["talks"].search(text) is not None
    sends = talks and _CLASSES["sends"].search(text) is not None
    data = sends and _READS.search(text) is not None
    return Traits(network=talks, sends=sends, sends_data=data, hosts=hosts_in(text))
