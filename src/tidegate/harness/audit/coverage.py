"""Which attack stands for which line of the catalogue, in the catalogue's own words."""

from collections.abc import Mapping
from types import MappingProxyType

_UPLOAD: Mapping[str, tuple[str, ...]] = {
    "zip-slip: ../, absolute, backslash, drive": (
        "upload/zip-slip", "upload/absolute-path", "upload/backslash-path", "upload/drive-path",
    ),
    "symlink and hardlink, also SKILL.md itself": (
        "upload/symlink", "upload/symlink-skill-md", "upload/hardlink",
    ),
    "bomb by ratio": ("upload/bomb-ratio",),
    "nested bomb": ("scan/nested-bomb",),
    "overlapping entries": ("upload/bomb-overlap", "upload/hidden-entry"),
    "lying sizes": ("upload/lying-size",),
    "central/local header mismatch": ("upload/header-mismatch",),
    "duplicate entries": ("upload/duplicate-entries",),
    "case-fold and NFC collisions": ("upload/case-collision", "upload/nfc-collision"),
    "SKILL.md + skill.md": ("upload/skill-md-twin",),
    "device names": ("upload/device-name",),
    "trailing dot/space": ("upload/trailing-dot", "upload/trailing-space"),
    "FIFO/device/setuid entries": ("upload/fifo", "upload/device", "upload/setuid"),
    "NUL/control/overlong names": ("upload/nul-in-name", "upload/control-in-name", "upload/overlong-name"),
    "several top folders": ("upload/several-folders",),
    "several SKILL.md": ("upload/several-skill-md",),
    "YAML anchors/depth/5,000 keys/tags/duplicate keys": (
        "upload/yaml-anchors", "upload/yaml-depth", "upload/yaml-keys", "upload/yaml-tags",
        "upload/yaml-duplicate-keys",
    ),
    "--- inside a value": ("upload/yaml-fence",),
    "BOM": ("upload/bom",),
    "non-UTF-8": ("upload/non-utf-8",),
    "homoglyph and reserved names": ("upload/homoglyph-name", "upload/reserved-name"),
    "XML breakout in the description": ("upload/xml-breakout",),
    "bidi/zero-width/tag-block Unicode": ("scan/bidi", "scan/zero-width", "scan/tag-block"),
    ".pyc-only": ("scan/pyc-only",),
    "ELF": ("scan/elf",),
    "polyglot": ("scan/polyglot",),
    "embedded secrets": ("scan/secret",),
    "typosquatted or index-overriding dependencies": ("scan/typosquat", "scan/index-override"),
    "allowed-tools: Bash(*)": ("scan/bash-star",),
    "ReDoS against the rules": ("scan/redos",),
    "version mutation and digest swap": ("gateway/changed-version",),
}  # fmt: skip

_EXECUTION: Mapping[str, tuple[str, ...]] = {
    "environment exfiltration, also /proc/1/environ": ("execution/environment",),
    "/proc/sys write": ("execution/kernel_settings",),
    "TCP/UDP/DNS/abstract-socket egress": (
        "execution/tcp", "execution/udp", "execution/dns", "execution/abstract_socket", "execution/vsock",
    ),
    "metadata-service and localhost access": ("execution/metadata", "execution/tcp"),
    "reading another skill or tenant": ("execution/other_skill",),
    "self-mutation": ("execution/self_mutation",),
    "work-folder poisoning": ("execution/poisoned",),
    "fork/memory/disk/fd/stdout bombs": (
        "execution/fork_bomb", "execution/memory_bomb", "execution/memory_family", "execution/disk_bomb",
        "execution/descriptor_bomb", "execution/output_bomb",
    ),
    "daemonising and ignoring SIGTERM": ("execution/daemon", "execution/stubborn", "execution/parent_death"),
    "ptrace/userns/mount/io_uring/keyctl": (
        "execution/ptrace", "execution/user_namespace", "execution/mount", "execution/io_uring",
        "execution/keyctl", "execution/userfaultfd",
    ),
    "output symlinks": ("execution/output_links",),
    "sitecustomize/PYTHONPATH/LD_PRELOAD": ("execution/startup_files", "execution/loader"),
    "argument injection": ("execution/argument_injection",),
}  # fmt: skip

_INJECTION: Mapping[str, tuple[str, ...]] = {
    "hidden HTML comments": ("scan/hidden-comment",),
    "padding": ("scan/padding",),
    "do not tell the user": ("scan/secrecy",),
    "soft backup instructions that call a script": ("scan/soft-backup",),
    "remote instructions": ("scan/remote-instructions",),
    "trigger-greedy descriptions": ("scan/greedy-description",),
    "tool and skill shadowing": ("scan/shadowing", "gateway/shadowed-tool", "gateway/posing-skill"),
    "script output forging tool results or system tags": ("scan/forged-result", "gateway/forged-result"),
    "markdown-image exfiltration": ("scan/image-leak",),
    "client-forged skill and container ids": ("gateway/forged-skill-id", "gateway/forged-container"),
    "container reuse across tenants": ("gateway/reused-container",),
    "header smuggling": (
        "gateway/smuggling-cl-te", "gateway/smuggling-two-lengths", "gateway/smuggling-odd-te",
        "gateway/smuggling-space-te", "gateway/smuggling-signed-length",
    ),
    "oversized and slow requests": (
        "gateway/large-body", "gateway/large-head", "gateway/many-headers", "gateway/slow-head",
        "gateway/slow-body",
    ),
    "key guessing": ("gateway/key-guessing", "gateway/keys-at-rest"),
    "cross-tenant reads on every route": (
        "gateway/wrong-key", "gateway/cross-tenant-lists", "gateway/cross-tenant-switch",
        "gateway/cross-tenant-vote", "gateway/other-skill", "gateway/workspace", "gateway/cached-answer",
        "gateway/sealed-result",
    ),
}  # fmt: skip

COVERAGE: Mapping[str, tuple[str, ...]] = MappingProxyType({**_UPLOAD, **_EXECUTION, **_INJECTION})
"""Lines of the catalogue, and the ids of the attacks that try them."""
