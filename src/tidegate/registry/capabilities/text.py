"""What shell and JavaScript use, line by line: by the programs and modules that they name."""

from collections.abc import Iterator, Sequence

from tidegate.domain.capability import Capability, Use
from tidegate.registry.scan.pattern import Pattern, pattern
from tidegate.registry.scan.rules.words import NETWORK_TOOL

MAX_LINE = 2_000
"""Characters of a line that are looked at."""

_AROUND = " \t;&|`(\"'"
_BEGIN = r"(?:^|[\s;&|`(])"
_SHELL = (
    (
        Capability.NETWORK,
        pattern(
            rf"{_BEGIN}({NETWORK_TOOL}|ssh|git (?:clone|fetch|pull|push)|gh|aws|gsutil|az|kubectl|docker|"
            r"pip3? install|npm (?:i|install|ci)|npx|uvx|dig|nslookup|ping)(?:\s|$)|(/dev/(?:tcp|udp))/"
        ),
    ),
    (
        Capability.FILES,
        pattern(
            rf"{_BEGIN}(cat|cp|mv|rm|mkdir|rmdir|touch|tee|ln|chmod|chown|find|tar|unzip|zip|dd|ls|head|tail|"
            r"sed|grep|truncate|mktemp)(?:\s|$)|>>?\s*[^&\s>]\S*"
        ),
    ),
    (
        Capability.ENVIRONMENT,
        pattern(
            rf"{_BEGIN}(env|printenv|export -p|whoami|hostname|id|uname)(?:\s|$)|(\$\{{?[A-Z][A-Z0-9_]+|~/)"
        ),
    ),
    (Capability.CODE, pattern(rf"{_BEGIN}(eval|source|(?:ba|z|da)?sh -c|python3? -c|node -e|perl -e)\s")),
)
_JAVASCRIPT = (
    (
        Capability.NETWORK,
        pattern(
            r"\b(fetch|XMLHttpRequest|WebSocket|EventSource)\s*\(|[\"'](?:node:)?(https?|http2|net|dgram|dns|tls|"
            r"axios|node-fetch|got|undici|ws|superagent|ssh2|nodemailer)[\"']|\b(Deno\.(?:connect|listen)|Bun\.serve)"
        ),
    ),
    (
        Capability.FILES,
        pattern(
            r"[\"'](?:node:)?(fs|fs/promises|fs-extra|graceful-fs)[\"']|\b(Deno\.(?:read|write|open|remove|mkdir)\w*|"
            r"Bun\.(?:file|write))\b"
        ),
    ),
    (
        Capability.PROCESSES,
        pattern(
            r"[\"'](?:node:)?(child_process|worker_threads|cluster|execa|shelljs|zx)[\"']|\b(Deno\.Command|Bun\.spawn)\b"
        ),
    ),
    (
        Capability.ENVIRONMENT,
        pattern(
            r"\b(process\.env|Deno\.env|Bun\.env|os\.(?:homedir|userInfo|hostname|networkInterfaces))\b|"
            r"[\"'](dotenv)[\"'/]"
        ),
    ),
    (Capability.CODE, pattern(r"\b(eval|new Function|import)\s*\(|[\"'](?:node:)?(vm|module)[\"']")),
)


def shell_uses(path: str, text: str) -> Iterator[Use]:
    """A shell starts programs: that is what it is for."""
    yield Use(Capability.PROCESSES, path, 1, "a shell script")
    yield from _lines(path, text, _SHELL, comment="#")


def javascript_uses(path: str, text: str) -> Iterator[Use]:
    """By the modules that it requires or imports, and by what its runtimes offer of themselves."""
    yield from _lines(path, text, _JAVASCRIPT, comment="//")


def _lines(
    path: str, text: str, table: Sequence[tuple[Capability, Pattern]], *, comment: str
) -> Iterator[Use]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith(comment):
            continue
        for capability, of_it in table:
            for match in of_it.finditer(line[:MAX_LINE]):
                yield Use(capability, path, number, match[0].strip(_AROUND))
