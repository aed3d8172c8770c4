"""Judge what a text orders by which classes of words meet, not by phrases."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tidegate.registry.scan.found import Found, found
from tidegate.registry.scan.markdown import Context
from tidegate.registry.scan.pattern import pattern
from tidegate.registry.scan.rule import Rule
from tidegate.registry.scan.rules import intent as rules
from tidegate.registry.scan.rules.acts import Act
from tidegate.registry.scan.rules.binaries import WORN_OUT
from tidegate.registry.scan.schemes import judge_scheme
from tidegate.registry.scan.sentences import Sentences, read_sentences

_DATA = Act.TALK | Act.PERSONAL | Act.WHOLE
_SENDS = Act.SEND | Act.SENDS_TOO
_MOVES = Act.SEND | Act.PLACE | Act.VISIT
_MAX = 2
_BRAND = 4
_TO_BE_SET = frozenset(
    {"your-company", "yourcompany", "your-domain", "yourdomain", "your-org", "your-server"}
)
"""What templates have in the place of a host."""
_NO_BRANDS = frozenset(
    {"api", "example", "cloud", "data", "files", "upload", "uploads", "mail", "service", "backup"}
)
_DECLARES = pattern(
    r"(?i)\b(?:uploads?|sends?|posts?|syncs?|synchroni[sz]\w*|in step|publish\w*|deploys?|notif\w*|back(?:s|"
    r"ing)?[ -]?ups?|submit\w*|"
    r"shares?|apis?|webhooks?|telemetry|e-?mails?|mails?|slack|monitor\w*|loads?|import\w*|integrat\w*|"
    r"clients?|migrat\w*|export\w*|"
    r"transfer\w*|mirror\w*|archiv\w*|forward\w*|push\w*|crm|tickets?|releases?|report\w* to|alert\w*|"
    r"stores?)\b"
)


_TEACHES = pattern(
    r"(?i)\b(?:injections?|attacks?|phish\w*|social engineering|malware|yara|sigma|hostile|adversar\w*|"
    r"jailbreaks?|"
    r"red[- ]?team\w*|threat (?:model\w*|intel\w*|actors?|hunt\w*|reports?)|"
    r"(?:security|cyber\w*|insider) threats?|"
    r"(?:security|software|code|web|known) vulnerabilit\w+|"
    r"vulnerability (?:reports?|scan\w*|assess\w*|disclos\w*|manag\w*)|scams?|"
    r"(?:payment|invoice|card|ceo) fraud|fraud (?:detection|prevention|awareness|attempts?)|"
    r"incident response|security (?:review|awareness|"
    r"guide|documentation|"
    r"training|audit|tests?)|secure coding|privacy polic\w+|(?:narrow|least) (?:permissions|privilege)|"
    r"permission "
    r"settings|secret scann\w+|committed by mistake|Angriff\w*|hame[çc]onnage|estafas?)\b|钓鱼|攻击|"
    r"フィッシング|фишинг"
)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What the frontmatter says that the skill is for; `native`: a provider gets every file of it."""

    text: str = ""
    native: bool = False

    @property
    def teaches(self) -> bool:
        """Whether it is about attacks, so that its texts quote them."""
        return _TEACHES.search(self.text) is not None

    @property
    def sends(self) -> bool:
        """Whether data that leaves is part of it."""
        return _DECLARES.search(self.text) is not None

    def names(self, host: str) -> bool:
        """Whether the description names whose host it is: `Acme` for `crm.acme.example`, or it is to be "
        "set."""
        labels = host.split(".")
        return not _TO_BE_SET.isdisjoint(labels) or any(
            len(label) >= _BRAND and re.search(rf"(?<=[a-z,] ){re.escape(label.capitalize())}\b", self.text)
            for label in labels[:-1]
            if label not in _NO_BRANDS
        )


def judge_intent(path: str, context: Context, purpose: Purpose) -> Iterator[Found]:
    """Findings on what the sentences of a text order."""
    read = read_sentences(context)
    told: dict[str, int] = {}
    for number, bits in enumerate(read.bits):
        if not bits:
            continue
        own = Act(bits)
        if purpose.teaches and b'"' in context.text.flowing[read.starts[number] : _end(read, number)]:
            continue  # what it says about attacks stands beside the attack in quotation marks
        rule = _rule(read, number, own) or judge_scheme(read, number) or _carried(read, number, own, purpose)
        if rule is None or told.get(rule.id, 0) >= _MAX:
            continue
        told[rule.id] = told.get(rule.id, 0) + 1
        at = read.starts[number]
        seen = context.text.flowing[at : at + 400].decode(errors="replace")
        yield found(rule, path, context.text.line(at), seen)
    if read.exhausted:
        yield found(WORN_OUT, path, 0, "more verbs than a text has")


def _end(read: Sentences, number: int) -> int | None:
    return read.starts[number + 1] if number + 1 < len(read.starts) else None


def _carried(read: Sentences, number: int, own: Act, purpose: Purpose) -> Rule | None:
    return _undeclared(own, read.near(number, 1), read.near(number, 2), purpose)


def _rule(read: Sentences, number: int, own: Act) -> Rule | None:
    """The worst that a sentence does, with those around it."""
    close, near = read.near(number, 1), read.near(number, 2)
    return (
        _leak(own, close, near)
        or _covert(own, near)
        or _mastery(own, close, near)
        or _rewiring(own, close, near)
    )


def _leak(own: Act, close: Act, near: Act) -> Rule | None:
    if not own & (Act.SLOT | Act.LINK_SLOT):
        return None
    if near & Act.IMAGE and near & (Act.TALK | Act.PERSONAL):
        return rules.LEAKING_ADDRESS
    if own & Act.LINK_SLOT and near & Act.FILL:
        return rules.LEAKING_ADDRESS
    filled = near & Act.FILL and close & Act.TALK and not near & Act.CONSENT
    return rules.LEAKING_ADDRESS if filled else None


def _covert(own: Act, near: Act) -> Rule | None:
    """Moves to an address, or of data, and silence about it."""
    if not near & Act.CONCEAL:
        return None
    if own & (_MOVES | Act.NET_TOOL) and own & Act.SINK:
        return rules.COVERT
    if own & Act.WAY and near & (Act.TALK | Act.PERSONAL):
        return rules.COVERT
    if own & Act.SEND and own & (Act.TALK | Act.PERSONAL) and near & Act.SINK:
        return rules.COVERT
    return rules.COVERT_STEP if own & Act.RUN else None


def _mastery(own: Act, close: Act, near: Act) -> Rule | None:
    """Who gives orders, and to whom."""
    above = own & Act.SELF and own & Act.PRECEDE
    if own & Act.PRIOR and (above or (own & Act.VOID and near & Act.SELF)):
        return rules.AUTHORITY
    if above and close & Act.PRIOR and close & Act.VOID:
        return rules.AUTHORITY
    if own & Act.EXEMPT and near & (Act.SELF | Act.PRIOR | Act.PERSONAL | Act.TALK):
        return rules.AUTHORITY
    if own & Act.OBEY_IT and near & Act.FETCH and near & Act.ADDRESS:
        return rules.FOLLOWS_REMOTE
    if own & (Act.ROLE | Act.ORDER_BY | Act.UNLOCK) or (own & Act.LASTING and near & Act.TRUST):
        return rules.NEW_MASTER
    return rules.PRESUMED if own & Act.PRESUME else None


def _rewiring(own: Act, close: Act, near: Act) -> Rule | None:
    """Which tools and skills are changed, or pushed aside."""
    if own & Act.OTHERS_FILES and near & (Act.RIVAL | Act.CONCEAL | Act.OBEY_IT | Act.TRUST | Act.DISMISS):
        return rules.REWIRES_TOOLS
    if own & Act.TOOL and own & Act.ARGUMENT and (close & Act.TALK or own & Act.PERSONAL):
        return rules.REWIRES_TOOLS
    return rules.REWIRES_TOOLS if own & Act.RIVAL and own & Act.DISMISS else None


def _undeclared(own: Act, close: Act, near: Act, purpose: Purpose) -> Rule | None:
    """Data, a verb that moves it, an address, and neither consent nor a purpose that says so."""
    if near & (Act.CONSENT | Act.HOME) or not own & (Act.WAY | Act.ADDRESS) or not own & (_SENDS | Act.ENTER):
        return None
    named = own & Act.WAY
    if named and own & Act.TALK:
        return rules.UNDECLARED
    if purpose.sends or not own & (Act.SEND | Act.ENTER | Act.ADDRESS):
        return None
    of_users = close & Act.TALK or near & Act.PERSONAL
    if named and ((of_users and own & (Act.SEND | Act.ENTER)) or (own & Act.SEND and own & _DATA)):
        return rules.UNDECLARED
    if near & Act.TEACHES or not own & Act.PLAIN_ADDRESS or own & Act.USER_ACTS:
        return None
    matter = own & _SENDS and own & (Act.MATTER | Act.THINGS) and not own & Act.INBOUND
    return rules.UNDECLARED if matter or (named and own & _SENDS and own & Act.MATTER) else None
