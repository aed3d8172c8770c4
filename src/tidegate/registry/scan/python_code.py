"""Judge a Python script by its structure."""

import ast
from dataclasses import dataclass, field

from tidegate.registry.scan.found import Found, found
from tidegate.registry.scan.pattern import pattern
from tidegate.registry.scan.python_arguments import is_true, makes_executable, of_pieces, words_of, writes
from tidegate.registry.scan.python_builtins import taken_hold_of
from tidegate.registry.scan.python_facts import Fact, Facts, ends_with
from tidegate.registry.scan.python_path import ImportPath
from tidegate.registry.scan.python_tree import read_tree
from tidegate.registry.scan.rule import Rule
from tidegate.registry.scan.rules import code as rules
from tidegate.registry.scan.severity import Severity
from tidegate.registry.scan.traits import Traits, hosts_in

MAX_PARSED = 131_072
"""Bytes of Python that are parsed; a tree takes a hundred times its text."""

_DATA = Fact.FILE | Fact.ENVIRONMENT | Fact.SECRET | Fact.IDENTITY
_HIDDEN = Fact.DECODED | Fact.FETCHED | Fact.SPELLED
_EVALUATES = ("exec", "eval", "compile", "builtins.exec", "builtins.eval", "builtins.compile")
_EVALUATES_TOO = (
    "runsource", "runcode", "timeit.timeit", "timeit.repeat", "timeit.Timer", "cProfile.run",
    "cProfile.runctx", "profile.run", "pdb.run", "pdb.runeval",
)  # fmt: skip
_SHELLS = (
    "os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", (
        "asyncio.create_subprocess_shell"
    ),
    "commands.getoutput", "popen2", "pty.spawn",
)  # fmt: skip
_STARTS = (
    "subprocess.run",
    "subprocess.call",
    "subprocess.Popen",
    "subprocess.check_output",
    "subprocess.check_call",
)
_SENDS = (
    "requests.post", "requests.put", "requests.patch", "requests.request", "httpx.post", "httpx.put", (
        "httpx.request"
    ),
    "session.post", "client.post", "sendall", "sendto", "sendmail", "send_message", "storbinary", (
        "urllib3.request"
    ),
    "aiohttp.request", "conn.request", "connection.request",
)  # fmt: skip
_RESOLVERS = ("gethostbyname", "gethostbyname_ex", "getaddrinfo", "resolver.resolve", "resolver.query")
_READERS = (
    "open", "io.open", "sqlite3.connect", "glob.glob", "glob.iglob", "os.listdir", "os.walk", (
        "os.scandir"
    ), "read_text",
    "read_bytes", "shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.copytree", (
        "shutil.make_archive"
    ), "glob", "rglob", "iterdir",
)  # fmt: skip
_WRITERS = (
    "write_text",
    "write_bytes",
    "shutil.copy",
    "shutil.copy2",
    "shutil.copyfile",
    "shutil.move",
    "os.symlink",
    "symlink_to",
    "os.rename",
)
_SPIES = (
    "pynput",
    "keyboard",
    "browser_cookie3",
    "win32crypt",
    "pycookiecheat",
    "keyring.get_password",
    "pyxhook",
)
_WATCHES = ("ImageGrab.grab", "pyautogui.screenshot", "mss.mss", "pyperclip.paste")
_LIBRARY = pattern(r"(?:^\.{0,2}/|scripts/|assets/|/tmp/|\\).*|\.(?:so|dll|dylib)(?:\.\d+)*$")
_SYSTEM_LIBRARY = pattern(r"^lib(?:c|m|dl|pthread|util)\.(?:so|dylib)|^(?:kernel32|user32|msvcrt)(?:\.dll)?$")
_MEMORY_CALLS = (
    "VirtualAlloc",
    "VirtualProtect",
    "RtlMoveMemory",
    "CreateThread",
    "mprotect",
    "CreateRemoteThread",
)
_LOOK_UP = ("nslookup", "dig", "host", "ping", "resolvectl")
_BUILTINS = ("builtins", "__builtins__", "os", "subprocess", "sys", "importlib")
_MAX = 3


@dataclass(slots=True)
class _Seen:
    """What a script does as a whole."""

    sends: bool = False
    posts_made: bool = False
    """Whether something put together at run time is sent."""
    network: bool = False
    reads_secrets: ast.AST | None = None
    dumps: ast.AST | None = None
    socket: bool = False
    shell: bool = False
    duplicates: ast.AST | None = None
    executable: ast.AST | None = None
    saves_fetched: bool = False
    sent: int = Fact.NONE
    imports: set[str] = field(default_factory=set[str])
    """What is put on the path that Python imports from."""
    found: list[Found] = field(default_factory=list[Found])


class PythonCode:
    """One script being judged; raises nothing: what cannot be parsed is a finding."""

    def __init__(self, path: str, text: str, *, first_line: int = 1, quoted: bool = False) -> None:
        self._path, self._text, self._first, self._quoted = path, text, first_line, quoted
        self._lines = text.split("\n")
        self._seen = _Seen()
        self._facts: Facts | None = None

    def judge(self) -> tuple[list[Found], Traits]:
        """Findings, and what the package as a whole has to know."""
        if len(self._text) > MAX_PARSED:
            return [
                found(rules.UNREADABLE, self._path, 0, "too long to parse", severity=Severity.HIGH)
            ], Traits()
        read = read_tree(self._text)
        if read.error:
            severity = Severity.HIGH if read.acts else None
            self._seen.found.append(
                found(
                    rules.UNREADABLE,
                    self._path,
                    self._first,
                    read.error,
                    severity=severity,
                    quoted=self._quoted,
                )
            )
        if read.tree is None:
            return self._seen.found, Traits(hosts=hosts_in(self._text))
        return self._judge(read.tree)

    def _judge(self, tree: ast.Module) -> tuple[list[Found], Traits]:
        facts = self._facts = Facts(tree)
        path = ImportPath(facts)
        for node in facts.nodes:
            if isinstance(node, ast.Call):
                self._call(node, facts)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                self._import(node)
            self._imports_from(node, path)
        for node in taken_hold_of(tree, facts):
            self._tell(rules.EVALUATOR_AS_VALUE, node)
        self._together()
        if facts.exhausted:
            self._tell(rules.UNREADABLE, None, Severity.HIGH)
        seen = self._seen
        data = bool(seen.sent & (_DATA | Fact.INPUT | Fact.KEY)) or (
            seen.posts_made and bool(facts.anywhere & _DATA)
        )
        return seen.found, Traits(
            network=seen.network,
            sends=seen.sends,
            sends_data=data,
            hosts=hosts_in(self._text),
            imports=frozenset(seen.imports),
        )

    def _imports_from(self, node: ast.AST, path: ImportPath) -> None:
        entry = path.entry(node)
        if entry is not None:
            self._seen.imports |= entry.names
            if entry.archive:
                self._tell(rules.IMPORTS_ARCHIVE, node)

    def _call(self, node: ast.Call, facts: Facts) -> None:
        name = facts.dotted(node.func)
        arguments = [*node.args, *(each.value for each in node.keywords)]
        self._runs(node, name, arguments, facts)
        self._reflects(node, name, facts)
        self._starts(node, name, arguments, facts)
        self._talks(node, name, arguments, facts)
        self._resolves(node, name, arguments, facts)
        self._touches(node, name, arguments, facts)
        self._native(node, name, arguments)

    def _runs(self, node: ast.Call, name: str, arguments: list[ast.expr], facts: Facts) -> None:
        """`exec`, `eval` and what unpacks code."""
        last = name.rpartition(".")[2]
        if isinstance(node.func, ast.Name) and node.func.id in ("exec", "eval"):
            last = name = node.func.id  # whatever some function of the script imports by that name
        if name in _EVALUATES or name.startswith("__builtins__.") or ends_with(name, _EVALUATES_TOO):
            made_of = facts.of(*arguments)
            if made_of & _HIDDEN:
                self._tell(rules.DYNAMIC_CODE, node)
            else:
                called = last in ("exec", "eval") and arguments[:1]
                given = made_of & (Fact.INPUT | Fact.FILE) and last not in ("compile", "open")
                if given or (called and not isinstance(called[0], ast.Constant)):
                    self._tell(rules.EVAL_INPUT, node)
        elif name in ("marshal.loads", "marshal.load", "types.FunctionType", "types.CodeType"):
            self._tell(rules.DYNAMIC_CODE, node)
        elif last in ("loads", "load") and name.startswith(
            ("pickle.", "cPickle.", "dill.", "cloudpickle.", "joblib.")
        ):
            hidden = facts.of(*arguments) & (Fact.DECODED | Fact.FETCHED)
            self._tell(rules.DYNAMIC_CODE, node, None if hidden else Severity.LOW)

    def _reflects(self, node: ast.Call, name: str, facts: Facts) -> None:
        """Names that are put together at run time, to call what the text does not show."""
        if name == "getattr" and len(node.args) > 1 and not isinstance(node.args[1], ast.Constant):
            of_builtins = facts.dotted(node.args[0]) in _BUILTINS or facts.dotted(node.args[0]).startswith(
                "__import__"
            )
            spelled = facts.of(node.args[1]) & _HIDDEN or of_pieces(node.args[1])
            if spelled or (of_builtins and isinstance(node.args[0], ast.Call)):
                self._tell(rules.DYNAMIC_CODE, node)
            elif of_builtins:
                self._tell(rules.DYNAMIC_CODE, node, Severity.MEDIUM)
        elif name in ("__import__", "importlib.import_module", "builtins.__import__") and node.args:
            if facts.of(node.args[0]) & _HIDDEN or of_pieces(node.args[0]):
                self._tell(rules.DYNAMIC_CODE, node)
            elif (
                name == "__import__"
                and isinstance(node.args[0], ast.Constant)
                and node.args[0].value in _BUILTINS
            ):
                self._tell(rules.OBFUSCATED, node, Severity.MEDIUM)
        elif isinstance(node.func, ast.Subscript) and facts.dotted(node.func.value) in (
            "globals",
            "locals",
            "vars",
            "__builtins__",
        ):
            self._tell(
                rules.DYNAMIC_CODE,
                node,
                None
                if of_pieces(node.func.slice) or facts.of(node.func.slice) & _HIDDEN
                else Severity.MEDIUM,
            )

    def _starts(self, node: ast.Call, name: str, arguments: list[ast.expr], facts: Facts) -> None:
        """Commands: through a shell, or as a list."""
        by_shell = name in _SHELLS or (
            name in _STARTS and any(each.arg == "shell" and is_true(each.value) for each in node.keywords)
        )
        listed = name in _STARTS or name.startswith(("os.exec", "os.spawn", "asyncio.create_subprocess_exec"))
        if not (by_shell or listed or name in ("os.startfile", "runpy.run_path")):
            return
        words = words_of(node.args[0]) if node.args else []
        made_of = facts.of(*node.args[:1])
        runs_shell = bool(words) and words[0].rpartition("/")[2] in (
            "sh",
            "bash",
            "zsh",
            "cmd",
            "powershell",
            "cmd.exe",
        )
        if words[:1] and words[0] in _LOOK_UP and made_of & (Fact.ENCODED | _DATA):
            self._tell(rules.SENDS_SECRETS, node)
        self._seen.shell |= runs_shell or name == "pty.spawn"
        if made_of & (_HIDDEN & ~Fact.FETCHED) and (by_shell or runs_shell):
            self._tell(rules.DYNAMIC_CODE, node)
        elif made_of & Fact.FETCHED:
            self._tell(rules.FETCHED_COMMAND, node)
        elif made_of & Fact.INPUT and (by_shell or (runs_shell and "-c" in words)):
            self._tell(rules.SHELL_INPUT, node, Severity.LOW if made_of & Fact.QUOTED else None)
        if (words[:1] == ["crontab"] and "-l" not in words) or words[:2] in (
            ["launchctl", "load"],
            ["schtasks", "/create"],
        ):
            self._tell(rules.WRITES_STARTUP, node)
        if name == "pty.spawn" and self._seen.socket:
            self._tell(rules.BACK_DOOR, node)

    def _talks(self, node: ast.Call, name: str, arguments: list[ast.expr], facts: Facts) -> None:
        seen = self._seen
        last = name.rpartition(".")[2]
        if last == "connect" and any(isinstance(each, ast.Tuple) for each in node.args):
            seen.socket = seen.network = True
        if name.endswith("create_connection"):
            seen.socket = seen.network = True
        posts = (
            last == "request"
            and bool(node.args)
            and isinstance(node.args[0], ast.Constant)
            and node.args[0].value in ("POST", "PUT", "PATCH")
        )
        has_data = any(each.arg in ("data", "files", "json", "content", "body") for each in node.keywords)
        fetches = (
            last in ("urlopen", "urlretrieve", "get", "Request")
            and name.startswith(("urllib", "requests", "httpx", "urlopen", "Request"))
        ) or (last == "request" and not posts and facts.of(*arguments) & Fact.KEY)
        if (posts or fetches or ends_with(name, _SENDS)) and facts.of(*node.args[:1]) & (
            Fact.DECODED | Fact.SPELLED
        ):
            self._tell(rules.OBFUSCATED, node)
        if posts or ends_with(name, _SENDS) or (fetches and (has_data or len(node.args) > 1)):
            seen.sends = seen.network = True
            seen.sent |= facts.of(*arguments)
            seen.posts_made |= any(not isinstance(each, ast.Constant) for each in arguments)
        elif fetches:
            seen.network = True
            seen.sent |= facts.of(*arguments) & (_DATA | Fact.KEY)
            seen.sends |= bool(seen.sent & _DATA)
        if (
            (
                last in ("dumps", "str", "repr", "print", "join", "dump")
                and facts.of(*arguments) & Fact.ENVIRONMENT
            )
            or name in ("os.environ.items", "os.environ.values")
            or (last == "items" and name.endswith("environ.items"))
        ):
            seen.dumps = seen.dumps or node

    def _resolves(self, node: ast.Call, name: str, arguments: list[ast.expr], facts: Facts) -> None:
        """Names looked up that carry data: the name server of the domain reads them."""
        if not ends_with(name, _RESOLVERS):
            return
        carried = facts.of(*arguments)
        composed = carried & Fact.FILE and any(map(facts.composed, arguments))
        if composed or carried & (Fact.ENCODED | Fact.ENVIRONMENT | Fact.SECRET):
            self._tell(rules.SENDS_SECRETS, node)

    def _touches(self, node: ast.Call, name: str, arguments: list[ast.expr], facts: Facts) -> None:
        """Files with credentials, and files that start things."""
        last = name.rpartition(".")[2]
        where = facts.of(*arguments) | (
            facts.of(node.func.value) if isinstance(node.func, ast.Attribute) else Fact.NONE
        )
        reads = ends_with(name, _READERS) or name in _STARTS or last in ("add", "write")
        if reads and where & Fact.SECRET:
            self._seen.reads_secrets = self._seen.reads_secrets or node
        opens = last == "open" and any(writes(each) for each in arguments)
        if (opens or ends_with(name, _WRITERS)) and where & Fact.STARTUP:
            self._tell(rules.WRITES_STARTUP, node)
        if (opens or last in ("write", "write_bytes", "write_text", "urlretrieve")) and (
            where & Fact.FETCHED or last == "urlretrieve"
        ):
            self._seen.saves_fetched = True
        if name in ("os.chmod", "chmod") or last == "chmod":
            self._seen.executable = self._seen.executable or (node if makes_executable(arguments) else None)
        if name in ("os.dup2", "dup2"):
            self._seen.duplicates = node
        if ends_with(name, _WATCHES):
            self._tell(rules.SPIES, node, Severity.MEDIUM)
        if name in ("keyring.get_password", "keyring.get_credential"):
            self._tell(rules.SPIES, node)

    def _native(self, node: ast.Call, name: str, arguments: list[ast.expr]) -> None:
        last = name.rpartition(".")[2]
        if last in ("CDLL", "WinDLL", "OleDLL", "PyDLL", "LoadLibrary", "dlopen"):
            text = arguments[0].value if arguments and isinstance(arguments[0], ast.Constant) else ""
            known = (
                isinstance(text, str) and text and (_SYSTEM_LIBRARY.search(text) or not _LIBRARY.search(text))
            )
            self._tell(rules.NATIVE_CODE, node, Severity.LOW if known or text is None else None)
        elif last in _MEMORY_CALLS:
            self._tell(rules.NATIVE_CODE, node, Severity.CRITICAL)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        names = (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names]
        )
        if any(name.partition(".")[0] in _SPIES for name in names):
            self._tell(rules.SPIES, node)

    def _together(self) -> None:
        """What only the script as a whole shows."""
        seen = self._seen
        if seen.reads_secrets is not None:
            self._tell(rules.SENDS_SECRETS if seen.network else rules.READS_SECRETS, seen.reads_secrets)
        if seen.dumps is not None:
            self._tell(rules.SENDS_SECRETS if seen.network else rules.DUMPS_ENVIRONMENT, seen.dumps)
        elif seen.sent & Fact.ENVIRONMENT:
            self._tell(rules.SENDS_SECRETS, None)
        if seen.duplicates is not None and (seen.socket or seen.shell):
            self._tell(rules.BACK_DOOR, seen.duplicates)
        if seen.saves_fetched and (seen.executable is not None or seen.shell):
            self._tell(rules.DROPPER, seen.executable)
        if seen.network:
            self._tell(rules.NETWORK, None)

    def _tell(self, rule: Rule, node: ast.AST | None, severity: Severity | None = None) -> None:
        line = getattr(node, "lineno", 1) + self._first - 1
        lines = self._lines
        seen = lines[line - self._first] if node is not None and line - self._first < len(lines) else ""
        finding = found(rule, self._path, line, seen, severity=severity, quoted=self._quoted)
        kind = (finding.rule, finding.severity)
        if sum((each.rule, each.severity) == kind for each in self._seen.found) < _MAX:
            self._seen.found.append(finding)
