"""The catalogue has an attack for each of its lines, and each attack says what it is about."""

from tidegate.harness.audit.catalogue import attacks
from tidegate.harness.audit.coverage import COVERAGE
from tidegate.registry.scan.taxonomy import RISKS

CATALOGUE = """
zip-slip: ../, absolute, backslash, drive; symlink and hardlink, also SKILL.md itself; bomb by
ratio; nested bomb; overlapping entries; lying sizes; central/local header mismatch; duplicate
entries; case-fold and NFC collisions; SKILL.md + skill.md; device names; trailing dot/space;
FIFO/device/setuid entries; NUL/control/overlong names; several top folders; several SKILL.md; YAML
anchors/depth/5,000 keys/tags/duplicate keys; --- inside a value; BOM; non-UTF-8; homoglyph and
reserved names; XML breakout in the description; bidi/zero-width/tag-block Unicode; .pyc-only; ELF;
polyglot; embedded secrets; typosquatted or index-overriding dependencies; allowed-tools: Bash(*);
ReDoS against the rules; version mutation and digest swap; environment exfiltration, also
/proc/1/environ; /proc/sys write; TCP/UDP/DNS/abstract-socket egress; metadata-service and localhost
access; reading another skill or tenant; self-mutation; work-folder poisoning;
fork/memory/disk/fd/stdout bombs; daemonising and ignoring SIGTERM;
ptrace/userns/mount/io_uring/keyctl; output symlinks; sitecustomize/PYTHONPATH/LD_PRELOAD; argument
injection; hidden HTML comments; padding; do not tell the user; soft backup instructions that call a
script; remote instructions; trigger-greedy descriptions; tool and skill shadowing; script output
forging tool results or system tags; markdown-image exfiltration; client-forged skill and container
ids; container reuse across tenants; header smuggling; oversized and slow requests; key guessing;
cross-tenant reads on every route
"""


def test_each_line_of_the_catalogue_is_tried_by_an_attack_that_there_is() -> None:
    lines = {" ".join(line.split()) for line in CATALOGUE.split(";")}
    assert set(COVERAGE) == lines
    known = attacks()
    assert {name for names in COVERAGE.values() for name in names} <= set(known)
    assert all(COVERAGE.values())


def test_attacks_say_what_they_try_and_are_tagged_by_known_risks() -> None:
    for name, attack in attacks().items():
        assert attack.tried, name
        assert attack.expected, name
        assert set(attack.tags) <= set(RISKS), name
