"""Judge JavaScript by patterns, and by which of them come together."""

from collections.abc import Iterator

from tidegate.registry.scan.found import Found, found
from tidegate.registry.scan.javascript_eval import eval_as_value
from tidegate.registry.scan.pattern import pattern
from tidegate.registry.scan.rule import Rule
from tidegate.registry.scan.rules import code as rules
from tidegate.registry.scan.rules.words import CREDENTIAL_NAME, KEY_FILE
from tidegate.registry.scan.severity import Severity
from tidegate.registry.scan.traits import Traits, hosts_in

_EVALUATES = pattern(
    r"(?:^|[^.\w$])(?:eval|execScript)\s*\(|new\s+Function\s*\(|(?:^|[^.\w$])Function\s*\([\"'`]|"
    r"\)\s*\.constructor\s*\(|\bimport\s*\(\s*[\"'`]data:|"
    r"\bvm\.(?:run|compile)\w*\(|new\s+vm\.Script|\bsetTimeout\s*\(\s*[\"'`]|\[[\"']constructor[\"']\]\s*\(|"
    r"\.constructor\.constructor\s*\(|_compile\s*\("
)
_DECODES = pattern(
    r"[\"'](?:base64|hex)[\"']|\batob\s*\(|\bunescape\s*\(|decodeURIComponent\s*\(\s*escape|"
    r"fromCharCode|fromCodePoint|\binflate\w*\(|\bgunzip\w*\(|\bcreateDecipher"
)
_FETCHES = pattern(
    r"\bfetch\s*\(|\bhttps?\.(?:get|request)\s*\(|\baxios\b|\bgot\s*\(|XMLHttpRequest|"
    r"\bnet\.(?:connect|createConnection|Socket)|node-fetch|\bundici\b|WebSocket\s*\(|sendBeacon\s*\("
)
_SENDS = pattern(
    r"(?i)method\s*:\s*[\"'`](?:POST|PUT|PATCH)|\b(?:axios|got|ky)\.(?:post|put|patch)\s*\(|"
    r"\.write\s*\([^)\n]{1,80}\)|sendBeacon\s*\(|\.send\s*\(\s*[\w.]"
)
_RUNS = pattern(
    r"\bchild_process\b|\bexecSync\s*\(|\bspawn(?:Sync)?\s*\(|\bexeca?\w*\s*\(|Deno\.(?:run|Command)|"
    r"Bun\.(?:spawn|\$)"
)
_SHELL_RUN = pattern(r"\b(?:exec|execSync)\s*\(\s*(?:`[^`\n]*\$\{|[\"'][^\"'\n]*[\"']\s*\+|\w+\s*[,)+])")
_INPUT = pattern(r"process\.argv|Deno\.args|Bun\.argv|readline|process\.stdin")
_READS = pattern(
    r"\b(?:readFile(?:Sync)?|createReadStream|readTextFile|copyFile(?:Sync)?|readdir(?:Sync)?|Bun\.file)\s*\("
)
_WRITES = pattern(
    r"\b(?:appendFile(?:Sync)?|writeFile(?:Sync)?|createWriteStream|copyFile(?:Sync)?|writeTextFile|"
    r"symlink(?:Sync)?)\s*\("
)
_SECRET_PATH = pattern(
    rf"(?i)[\"'`/]{KEY_FILE}|[\"'`]\.(?:ssh|aws|gnupg|npmrc|netrc|kube)[\"'`/]|[\"'`]id_rsa|"
    rf"Local Storage/leveldb|Login Data|nkbihfbeogaeaoehlefnkodbefgpgknn"
)
_STARTUP_PATH = pattern(
    r"\.(?:bashrc|bash_profile|zshrc|profile|zshenv)\b|/etc/cron|crontab|LaunchAgents|systemd/user|"
    r"authorized_keys|\.git/hooks|CLAUDE\.md|AGENTS\.md|SOUL\.md|\.claude[/\"'`]|\.openclaw|\.cursor|"
    r"autostart"
)
_WHOLE_ENVIRONMENT = pattern(
    r"JSON\.stringify\s*\([^)\n]{0,60}process\.env\s*[,)}]|Object\.(?:entries|keys|values|assign|"
    r"fromEntries)\s*\([^)\n]{0,40}process\.env\s*[,)]|\bbody\s*:\s*process\.env\s*[,})]|"
    r"\bdata\s*:\s*process\.env\s*[,})]|=\s*process\.env\s*(?:;|\n|$)|\(\s*process\.env\s*\)|"
    r"Deno\.env\.toObject|\{\s*\.\.\.process\.env\s*\}\s*[,)]"
)
_KEY = pattern(
    rf"(?i)(?:process\.env\.|(?:process|Bun)\.env\[[\"'`]|Deno\.env\.get\([\"'`])\w*{CREDENTIAL_NAME}|"
    rf"process\.env\[[^\"'`]|\{{[^}}\n]*{CREDENTIAL_NAME}[^}}\n]*\}}\s*=\s*process\.env"
)
_FOR_CHILD = pattern(
    r"\benv\s*:\s*(?:process\.env|\{\s*\.\.\.process\.env)|\b(?:const|let|"
    r"var)\s*\{[^}\n]*\}\s*=\s*process\.env"
)
_BROWSER_STORE = pattern(
    r"[:=,(\[]\s*document\.cookie\b|\.\.\.(?:local|session)Storage\b|"
    r"JSON\.stringify\s*\(\s*(?:window\.)?(?:local|session)Storage|Object\.\w+\(\s*(?:local|session)Storage"
)
_RESOLVES = pattern(
    r"\b(?:resolve|lookup)\w*\s*\(\s*(?:`[^`\n]*\$\{[^`\n]*\.[\w-]+\.[a-z]{2,}`|"
    r"[\w.()\[\], ]{1,80}\+\s*[\"']\.[\w.-]+\.[a-z]{2,})"
)
"""A name looked up whose first labels are made: the name server of the domain reads them."""
_NAMES = pattern(r"\b_0x[0-9a-f]{3,6}\b")
_ESCAPES = pattern(
    r"(?:\\x[0-9a-fA-F]{2}){16,}|(?:\\u00[0-9a-fA-F]{2}){16,}|"
    r"fromCharCode\s*\((?:\s*(?:0x)?[0-9a-fA-F]{1,4}\s*,){12,}|(?:\[\]|!\[\]|\+\[\]|\(\)|\+){40,}"
)
_SOCKET_SHELL = pattern(
    r"(?s)\bnet\b.{0,600}(?:/bin/(?:ba)?sh|cmd\.exe)|(?:/bin/(?:ba)?sh|cmd\.exe).{0,600}\bnet\."
)
_EXECUTABLE = pattern(
    r"\bchmod(?:Sync)?\s*\([^)\n]*(?:0o?7[0-7]{2}|0o?[1357][0-7]{2}|['\"]\+x|['\"]?7[0-7]{2})|"
    r"mode\s*:\s*0o?7[0-7]{2}|chmod \+x"
)
_MADE_UP_NAMES = pattern(
    r"\[\s*[\"'`]\w{1,20}[\"'`]\s*\+\s*[\"'`]\w{1,20}[\"'`]\s*\]\s*\(|"
    r"\b(?:globalThis|global|window|process|module)\s*\[\s*[\w$]{1,20}\s*\(|"
    r"\brequire\s*\(\s*(?:[a-z_$][\w$]{0,30}\s*\)\s*[\[.(]|[\"'`]\w{1,20}[\"'`]\s*\+)"
)
"""A method or module whose name is put together, or known only when it runs."""
_RUNS_ITSELF = pattern(r"process\.execPath[^\n]{0,60}[\"'`](?:-e|--eval|-p)[\"'`]")
_MANY_NAMES = 4


class JavaScriptCode:
    """One script; what is fetched, decoded and run in the same file is taken to belong together."""

    def __init__(self, path: str, text: str, *, first_line: int = 1, quoted: bool = False) -> None:
        self._path, self._text, self._first, self._quoted = path, text, first_line, quoted

    def judge(self) -> tuple[list[Found], Traits]:
        """Findings, and what the package as a whole has to know."""
        text = self._text
        network = bool(_FETCHES.search(text))
        sends = network and bool(_SENDS.search(text))
        data = sends and bool(_READS.search(text) or _WHOLE_ENVIRONMENT.search(text) or _INPUT.search(text))
        key = network and _KEY.search(text) is not None  # also in an address, which sends nothing else
        return list(self._findings(network=network)), Traits(
            network=network, sends=sends, sends_data=data or key, hosts=hosts_in(text)
        )

    def _findings(self, *, network: bool) -> Iterator[Found]:
        text = self._text
        yield from self._runs(network=network)
        store = _BROWSER_STORE.search(text)
        if store and _SENDS.search(text):
            yield self._found(rules.SENDS_SECRETS, store.start())
        secret = _SECRET_PATH.search(text)
        if secret and (_READS.search(text) or _RUNS.search(text)):
            yield self._found(rules.SENDS_SECRETS if network else rules.READS_SECRETS, secret.start())
        dump = _WHOLE_ENVIRONMENT.search(text)
        if dump and not _FOR_CHILD.search(text):
            yield self._found(rules.SENDS_SECRETS if network else rules.DUMPS_ENVIRONMENT, dump.start())
        startup = _STARTUP_PATH.search(text)
        if startup and (_WRITES.search(text) or (_RUNS.search(text) and "crontab" in text)):
            yield self._found(rules.WRITES_STARTUP, startup.start())
        looked_up = _RESOLVES.search(text)
        if looked_up and (_READS.search(text) or dump or secret):
            yield self._found(rules.SENDS_SECRETS, looked_up.start())
        names = {match[0] for match in _NAMES.finditer(text[:200_000])}
        escapes = _ESCAPES.search(text)
        if len(names) >= _MANY_NAMES or escapes:
            yield self._found(rules.OBFUSCATED, escapes.start() if escapes else text.find("_0x"))
        made_up = _MADE_UP_NAMES.search(text)
        if made_up and _DECODES.search(text):
            yield self._found(rules.OBFUSCATED, made_up.start())
        itself = _RUNS_ITSELF.search(text)
        if itself and _DECODES.search(text):
            yield self._found(rules.DYNAMIC_CODE, itself.start())
        if network:
            yield self._found(rules.NETWORK, 0)

    def _runs(self, *, network: bool) -> Iterator[Found]:
        text = self._text
        evaluates, runs = _EVALUATES.search(text), _RUNS.search(text)
        if evaluates:
            serious = _DECODES.search(text) or network
            given = _INPUT.search(text) or _READS.search(text)
            rule = rules.DYNAMIC_CODE if serious or not given else rules.EVAL_INPUT
            yield self._found(rule, evaluates.start(), None if serious or given else Severity.MEDIUM)
        if (at := eval_as_value(text)) >= 0:
            hidden = _DECODES.search(text) or network
            yield self._found(rules.DYNAMIC_CODE if hidden else rules.EVALUATOR_AS_VALUE, at)
        shell = _SHELL_RUN.search(text)
        if shell and runs and _DECODES.search(text):
            yield self._found(rules.DYNAMIC_CODE, shell.start())
        elif shell and runs and network:
            yield self._found(rules.FETCHED_COMMAND, shell.start())
        elif shell and runs and _INPUT.search(text):
            yield self._found(rules.SHELL_INPUT, shell.start())
        if runs and _SOCKET_SHELL.search(text):
            yield self._found(rules.BACK_DOOR, runs.start())
        executable = _EXECUTABLE.search(text)
        if network and executable and (_WRITES.search(text) or runs):
            yield self._found(rules.DROPPER, executable.start())

    def _found(self, rule: Rule, at: int, severity: Severity | None = None) -> Found:
        line = self._text.count("\n", 0, at) + self._first
        begin = self._text.rfind("\n", 0, at) + 1
        seen = self._text[max(begin, at - 20) : at + 200].split("\n")[0]
        return found(rule, self._path, line, seen, severity=severity, quoted=self._quoted)
