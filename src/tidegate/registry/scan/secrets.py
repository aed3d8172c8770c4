"""Find keys by the detectors of detect-secrets, line by line.

Its detectors alone: no settings, baselines or verification of its own, so nothing global and no network.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from math import log2
from typing import Protocol

from tidegate.registry.scan.found import Found, found
from tidegate.registry.scan.pattern import pattern
from tidegate.registry.scan.rules import secrets as rules
from tidegate.registry.scan.source import Source

_MAX = 5
_KINDS = 3
_HERE = ("localhost", "127.", "0.0.0.0", "db", "postgres", "redis", "mysql", "host")
"""Where an address is of the reader's own machine or an example's."""
_LINE = 1_000
_LAP = 200
_WORTH_A_LOOK = pattern(
    r"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}|(?i:aws.{0,40}['\"][0-9a-z/+]{40}['\"])|"
    r"(?i:(?:secret|access).{0,30}['\"= ][0-9a-z/+]{40}(?:['\"]|$))|gh[pousr]_\w{30}|github_pat_\w{20}|"
    r"gl[a-z]{2,5}-[\w-]{20}|xox[abposre]-\d|hooks\.slack\.com/services/T|[rs]k_live_\w{20}|sk-[\w-]{20}|"
    r"_authToken=|"
    r"pypi-Ag|[MNO][\w-]{23,25}\.[\w-]{6}\.|\d{8,10}:[\w-]{35}|(?:AC|SK)[a-z0-9]{32}|SG\.[\w-]{22}\.|"
    r"AccountKey=|sq0csp-|[0-9a-z]{32}-us[0-9]|AIza[\w-]{35}|npm_\w{36}|hf_[A-Za-z]{34}|"
    r"dop_v1_[a-f0-9]{64}|ya29\.[\w-]{40}"
)
_OURS = pattern(
    r"github_pat_\w{40,}|sk-ant-[\w-]{40,}|sk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{40,}|AIza[\w-]{35}|"
    r"npm_\w{36}|hf_[A-Za-z]{34}|"
    r"dop_v1_[a-f0-9]{64}|ya29\.[\w-]{40,}|glpat-[\w-]{20,}"
)
_PRIVATE_KEY = pattern(
    r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----\s*(?:[\w-]+: [^\n]*\s*)"
    r"{0,4}[A-Za-z0-9+/=\\]{32}"
)
_ASSIGNED = pattern(
    r"(?i)\b\w*(?:secret|token|passw(?:or)?d|passwd|api_?key|auth_?key|private_?key|"
    r"credential)\w*[\"']?\s*(?:=|:|=>)\s*[\"']([^\s\"'$<>{}]{20,100})[\"']"
)
_PLACEHOLDER = pattern(
    r"(?i)example|sample|your|placeholder|change|dummy|fake|test|redacted|insert|xxxx|0000|1234567|"
    r"abcdef|<|\.\.\.|\*\*\*|todo|foobar|mock|demo|secret_here"
)
_RANDOM_BITS = 3.8
_LIVE = pattern(r"\b[a-z]{2,10}_(?:live|prod|production)_[A-Za-z0-9]{20,80}\b")
_IN_ADDRESS = pattern(
    r"\b(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|redis|rediss|amqps?|mssql|oracle|ldaps?|ftps?|"
    r"sftp|https?)"
    r"://([\w.+-]{1,60}):([^\s:@/\"'`<>{}$\[\]]{6,80})@([\w.-]{3,200})"
)
_BARE = pattern(
    r"(?m)^\s*(?:export\s+|set\s+)?[A-Z][A-Z0-9_]{0,40}(?:SECRET|TOKEN|PASSW(?:OR)?D|PASSWD|API_?KEY|"
    r"CREDENTIAL)"
    r"[A-Z0-9_]{0,20}=([^\s\"'`$<>{}()]{12,100})\s*$"
)
_NO_VALUE = pattern(r"(?:_UR[LI]|_FILE|_PATH|_DIR|_ARN|_NAME|_ID|_ENDPOINT|_HOST)=|=(?:[a-z]{2,10}:|/|~)")
"""Names of where a key is, not what it is."""
_CLASSES_OF_SIGNS = (pattern(r"[a-z]"), pattern(r"[A-Z]"), pattern(r"[0-9]"), pattern(r"[^A-Za-z0-9_-]"))


class _Detector(Protocol):
    @property
    def secret_type(self) -> object: ...

    def analyze_string(self, string: str) -> Iterable[str]: ...


def find_secrets(source: Source) -> Iterator[Found]:
    """The first keys in a text, and what is likely one; those that say they are examples are none."""
    told = Counter[str]()
    for finding in _keys(source):
        told[finding.rule] += 1
        if told[finding.rule] <= _MAX:
            yield finding
        if told[rules.SECRET.id] >= _MAX:
            return


def _keys(source: Source) -> Iterator[Found]:
    for match in _PRIVATE_KEY.finditer(source.text):
        line = source.text.count("\n", 0, match.start()) + 1
        yield found(rules.SECRET, source.path, line, f"{match[0][:40]} …")
    for number, line in _worth_a_look(source.text):
        yield from _in_line(source.path, number, line)


def _worth_a_look(text: str) -> Iterator[tuple[int, str]]:
    """Lines, with their numbers, that could have a key; one pass tells them from all others."""
    number, at, last = 1, 0, -1
    signs = (_WORTH_A_LOOK, _ASSIGNED, _LIVE, _IN_ADDRESS, _BARE)
    for begin in sorted({m.start() for each in signs for m in each.finditer(text)}):
        if begin < last and begin < at + _LINE:
            continue
        number += text.count("\n", at, begin)
        start, stop = text.rfind("\n", 0, begin) + 1, text.find("\n", begin)
        at, last = begin, len(text) if stop < 0 else stop
        yield number, text[max(start, begin - _LAP) : min(last, begin + _LINE)]


def _in_line(path: str, number: int, piece: str) -> Iterator[Found]:
    if _WORTH_A_LOOK.search(piece):
        for part, kind in _detected(piece):
            secret = _whole(piece, part)
            if not _PLACEHOLDER.search(secret):
                yield found(rules.SECRET, path, number, f"{kind}: {_masked(secret)}")
                return
    if (secret := _spelled_out(piece)) is not None and not _PLACEHOLDER.search(secret):
        yield found(rules.SECRET, path, number, _masked(secret))
        return
    match = _ASSIGNED.search(piece)
    if match and not _PLACEHOLDER.search(match[1]) and _bits(match[1]) >= _RANDOM_BITS:
        yield found(rules.LIKELY_SECRET, path, number, _masked(match[1]))


def _spelled_out(piece: str) -> str | None:
    """A key that says it is of production, or a password as people and generators make them."""
    if live := _LIVE.search(piece):
        return live[0]
    in_address = _IN_ADDRESS.search(piece)
    if in_address and _mixed(in_address[2]) and not in_address[3].startswith(_HERE):
        return in_address[2]
    bare = _BARE.search(piece)
    told = bare and not _NO_VALUE.search(piece[bare.start() : bare.end()])
    return bare[1] if bare and told and _mixed(bare[1]) else None


def _mixed(value: str) -> bool:
    """Of three kinds of signs at least, as no placeholder is."""
    return sum(signs.search(value) is not None for signs in _CLASSES_OF_SIGNS) >= _KINDS


def _whole(piece: str, part: str) -> str:
    """The word that a detector, which may tell only the key's first letters, found a part of."""
    begin = end = max(0, piece.find(part))
    while begin and (piece[begin - 1].isalnum() or piece[begin - 1] in "_-"):
        begin -= 1
    while end < len(piece) and (end < begin + len(part) or piece[end].isalnum() or piece[end] in "_-"):
        end += 1
    return piece[begin:end]


def _detected(piece: str) -> Iterator[tuple[str, str]]:
    for match in _OURS.finditer(piece):
        yield match[0], "API key"
    for detector in _detectors():
        for secret in detector.analyze_string(piece):
            yield secret, str(detector.secret_type)


@cache
def _detectors() -> Sequence[_Detector]:
    """The detectors of keys with a form of their own; those by entropy or keyword alone cry wolf."""
    from detect_secrets.plugins import (  # noqa: PLC0415 -- takes half a second, and most texts need none of it
        aws,
        azure_storage_key,
        discord,
        github_token,
        gitlab_token,
        mailchimp,
        npm,
        openai,
        pypi_token,
        sendgrid,
        slack,
        square_oauth,
        stripe,
        telegram_token,
        twilio,
    )

    return (
        aws.AWSKeyDetector(), azure_storage_key.AzureStorageKeyDetector(), discord.DiscordBotTokenDetector(),
        github_token.GitHubTokenDetector(), gitlab_token.GitLabTokenDetector(), mailchimp.MailchimpDetector(),
        npm.NpmDetector(), openai.OpenAIDetector(), pypi_token.PypiTokenDetector(),
        sendgrid.SendGridDetector(), slack.SlackDetector(), square_oauth.SquareOAuthDetector(),
        stripe.StripeDetector(),
        telegram_token.TelegramBotTokenDetector(), twilio.TwilioKeyDetector(),
    )  # fmt: skip


def _bits(value: str) -> float:
    """Shannon entropy a character."""
    counts = Counter(value).values()
    return -sum(n / len(value) * log2(n / len(value)) for n in counts)


def _masked(secret: str) -> str:
    """Enough to find it by, too little to use it."""
    return f"{secret[:6]}…({len(secret)} characters)"
