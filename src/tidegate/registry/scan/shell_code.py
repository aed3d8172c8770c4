"""Judge a shell script as a whole: what single lines do not show."""

from collections.abc import Iterator

from tidegate.registry.scan.found import Found, found
from tidegate.registry.scan.left_out import without_left_out
from tidegate.registry.scan.pattern import pattern
from tidegate.registry.scan.rules import code as rules
from tidegate.registry.scan.rules.words import KEY_FILE, NETWORK_TOOL
from tidegate.registry.scan.traits import Traits, hosts_in

_SAVES = pattern(
    r"(?i)\b(?:curl|wget|aria2c)\b[^\n|;&]*(?:\s-\w*o\w*\s*\S|\s-O\s*\S|--output[ =]|"
    r"--output-document|>\s*\S)|\bwget\s+(?:-\w+\s+)*[\"']?(?:http|\$)"
)
_RUNS_SAVED = pattern(r"(?m)(?:^|[;&|]\s*)(?:sudo\s+)?(?:ba|z|da)?sh\s+[\"']?(?:\$\{?[A-Za-z_]|/tmp/)")
_EXECUTABLE = pattern(r"\bchmod\s+(?:-\w+\s+)*(?:[ugoa]*\+\w*x|[0-7]?[1357][0-7]{2}|[0-7]?7[0-7]{2})")
_CHECKED = pattern(
    r"\b(?:sha(?:256|512|1)sum|shasum|gpgv?|cosign|minisign)\b[^\n]*(?:-c\b|--check|--verify|verify)"
)
_DECODES = pattern(
    r"\b(?:base64\s+(?:-\w*d|-D|--decode)|xxd\s+-r|openssl\s+(?:enc|base64)\s+[^\n]*-d|base32\s+-d|"
    r"rev\b|tr\s+'[^']{20,}'|printf\s+[\"']?(?:\\x[0-9a-f]{2}){4,})"
)
_EVALUATES = pattern(
    r"(?m)(?:^|[;&|]\s*|\b(?:then|do|else)\s+)(?:eval\b|(?:ba|z|da)?sh\s+-c\s+[\"']?\$|source\s+<\(|"
    r"exec\s+\$|\$\{?\w+\}?\s*(?:$|;|&))"
)
_FETCHES_INTO = pattern(r"(?i)\b(\w+)=[\"']?(?:\$\(|`)\s*(?:curl|wget)\b")
_READS_SECRET = pattern(
    rf"(?i)(?:\b(?:cat|tar|zip|cp|base64|gzip|head|tail|xxd|strings|find|grep|openssl|sed|"
    rf"awk)\b[^\n]{{0,120}}|<\s*|\$\(<\s*|\bfor\s+\w+\s+in\b[^\n]{{0,120}})[\"']?(?:~|\$\{{?HOME\}}?|"
    rf"/root|/home|/var/run/secrets/kubernetes\.io|/etc)[^\s]{{0,40}}?/?{KEY_FILE}|"
    rf"/var/run/secrets/kubernetes\.io/serviceaccount/token"
)
_ENVIRONMENT = pattern(
    r"(?m)(?:^|[\s;&|`($])(?:env|printenv|export -p|declare -x|set)\s*(?:$|[|>;)`&])|/proc/(?:self|"
    r"\$\$|1)/environ"
)
_TALKS = pattern(rf"(?i)(?:^|[\s;&|`(]){NETWORK_TOOL}\s|\b(?:nslookup|dig|ping|host)\s+[^\n]*\$|/dev/tcp/")
_SENDS = pattern(
    r"(?i)\b(?:curl|wget|http|xh)\b[^\n]*(?:\s-d\b|\s-F\b|\s-T\b|--data|--form|--upload-file|"
    r"--post-(?:data|file)|--body-(?:data|file)|-X\s*(?:POST|PUT)|--request\s+(?:POST|PUT)|--json)|"
    r"\b(?:scp|rsync|sftp|ftp)\b[^\n]*\S+:|\|\s*(?:nc|ncat|netcat|socat)\b|\b(?:nc|ncat)\b[^\n]*<|"
    r"\b(?:aws s3 (?:cp|sync|mv)|gsutil (?:-m )?(?:cp|rsync)|rclone (?:copy|sync|move)\w*|"
    r"az storage blob upload|"
    r"azcopy|s5cmd|lftp|openssl s_client)\b|\bgit\s+push\s[^\n]*(?:://|git@)|\b(?:mail|mutt|"
    r"sendmail)\s+[^\n]*@"
)
_SENDS_FILE = pattern(
    r"(?i)(?:@[\"']?(?:-|\$|[\w./~])|--post-file|--body-file|--upload-file|\s-T\s|\$\(cat|`cat|\$\(<|"
    r"[^<]<\s*[\"']?\$|\|\s*(?:curl|nc|ncat|netcat|socat)\b|\b(?:scp|rsync|sftp|aws s3 (?:cp|sync|mv)|"
    r"gsutil (?:-m )?(?:cp|rsync)|"
    r"rclone (?:copy|sync|move)\w*|azcopy|s5cmd|lftp)\b|\bgit\s+push\s[^\n]*(?:://|git@)|\$\(base64)"
)
_SECRET_VALUE = pattern(
    r"(?i)(?:-d|--data[\w-]*|-F|--form|--post-data|--json|\?)[^\n]{0,120}\$\{?\w*(?:TOKEN|SECRET|"
    r"PASSWORD|PASSWD|API_?KEY|ACCESS_KEY|CREDENTIAL|PRIVATE_KEY)\w*"
)
_SECRET_IN_ADDRESS = pattern(
    r"(?i)https?://[^\s\"']*[?/&=][^\s\"']*\$[\{(]?\w*(?:TOKEN|SECRET|PASSWORD|PASSWD|KEY|CREDENTIAL|COOKIE)"
)
_DNS = pattern(r"(?i)\b(?:nslookup|dig|host|ping)\b[^\n]*[\"'\s]\$[\w{(][^\n\s]*\.[a-z]")
_ASSEMBLED = pattern(r"(?m)(?:^|[;&|(]\s*)\$\{?\w{1,16}\}?\$\{?\w{1,16}\}?\s+[-\"'$\w]")
"""A command whose name is put together from variables."""
_SIGNS_IN = pattern(
    r"(?m)^[^\n@]*\bcurl\b[^\n@]*(?:\bclient_id=|\bgrant_type=|\btoken@\$|"
    r"--data-urlencode \"token@\$\w+\")[^\n@]*$"
)
"""Steps of OAuth: what they send is the login's own, to whoever gave it."""
_INPUT = pattern(r"\beval\s+[\"']?\$(?:\{?[1-9@*]|\{?REPLY)|\b(?:ba|z)?sh\s+-c\s+[\"']?\$(?:\{?[1-9@*])")


class ShellCode:
    """One script, without its comments and with its continued lines joined."""

    def __init__(self, path: str, text: str, *, first_line: int = 1, quoted: bool = False) -> None:
        self._path, self._first, self._quoted = path, first_line, quoted
        self._text = without_left_out(_without_comments(text).replace("\\\n", "  "))

    def judge(self) -> tuple[list[Found], Traits]:
        """Findings, and what the package as a whole has to know."""
        text = self._text
        sends, network = bool(_SENDS.search(text)), bool(_TALKS.search(text))
        beyond = _SIGNS_IN.sub("", text)
        with_data = sends and bool(_SENDS_FILE.search(beyond) or _SECRET_VALUE.search(beyond))
        with_data = with_data or bool(_SECRET_IN_ADDRESS.search(text))
        traits = Traits(network=network, sends=sends, sends_data=with_data, hosts=hosts_in(text))
        return list(self._findings(network=network)), traits

    def _findings(self, *, network: bool) -> Iterator[Found]:
        text = self._text
        saves, executable = _SAVES.search(text), _EXECUTABLE.search(text) or _RUNS_SAVED.search(text)
        if saves and executable and not _CHECKED.search(text):
            yield self._found(rules.DROPPER, executable.start())
        decodes, evaluates = _DECODES.search(text), _EVALUATES.search(text)
        if decodes and evaluates:
            yield self._found(rules.DYNAMIC_CODE, evaluates.start())
        fetched = _FETCHES_INTO.search(text)
        if fetched and evaluates:
            yield self._found(rules.FETCHED_COMMAND, evaluates.start())
        secret = _READS_SECRET.search(text)
        if secret:
            leaves = network or _DNS.search(text)
            yield self._found(rules.SENDS_SECRETS if leaves else rules.READS_SECRETS, secret.start())
        environment = _ENVIRONMENT.search(text)
        if environment and network:
            yield self._found(rules.SENDS_SECRETS, environment.start())
        assembled = _ASSEMBLED.search(text)
        if assembled:
            yield self._found(rules.OBFUSCATED, assembled.start())
        given = _INPUT.search(text)
        if given:
            yield self._found(rules.EVAL_INPUT, given.start())
        if network:
            yield self._found(rules.NETWORK, 0)

    def _found(self, rule: rules.Rule, at: int) -> Found:
        line = self._text.count("\n", 0, at + 1)
        begin = self._text.rfind("\n", 0, at + 1) + 1
        seen = self._text[begin : begin + 300].split("\n")[0]
        return found(rule, self._path, line + self._first, seen, quoted=self._quoted)


def _without_comments(text: str) -> str:
    """The text with as many lines; a `#` begins a comment at a line's begin or after a blank."""
    return "\n".join(
        line if "#" not in line or line.startswith("#!") else _before_comment(line)
        for line in text.split("\n")
    )


def _before_comment(line: str) -> str:
    if line.lstrip().startswith("#"):
        return ""
    at = line.find(" #")
    return line if at < 0 or line.count("'", 0, at) % 2 or line.count('"', 0, at) % 2 else line[:at]
