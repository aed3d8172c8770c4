"""What the values in a Python script are made of: decoded, fetched, input, environment, secrets.

No flow of data in the strict sense: a name stands for all that is ever assigned to it, a function for all
that it returns.
"""

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache

from tidegate.registry.scan.pattern import pattern
from tidegate.registry.scan.rules.words import CREDENTIAL_NAME, KEY_FILE

MAX_VISITS = 200_000
MAX_REACHED = 10_000


class Fact:
    """What went into a value: bits of an int, since a script asks a hundred thousand times."""

    NONE = 0
    DECODED = 1
    FETCHED = 2
    INPUT = 4
    ENVIRONMENT = 8
    SECRET = 16
    FILE = 32
    STARTUP = 64
    QUOTED = 128
    SPELLED = 256
    """Put together from characters or pieces of words."""
    ENCODED = 512
    IDENTITY = 1024
    """Who and where: user, machine, network card."""
    KEY = 2048
    """One variable of the environment that by its name is a credential, or whose name is made."""


_SECRET_PATH = pattern(
    rf"(?i)(?:^|/|~|\\){KEY_FILE}|^\.?(?:ssh|aws|gnupg|netrc|npmrc|pypirc|kube|git-credentials)$|"
    rf"^id_(?:rsa|ed25519)$|Local Storage/leveldb|User Data/Default"
)
_STARTUP_PATH = pattern(
    r"(?i)\.(?:bashrc|bash_profile|zshrc|zprofile|zshenv|profile)$|/etc/(?:cron|profile\.d|rc\.local|"
    r"ld\.so\.preload|systemd)|"
    r"/var/spool/cron|systemd/user|(?:^|/)systemd$|Launch(?:Agents|Daemons)|\.git/hooks|^hooks$|"
    r"authorized_keys|autostart|Start Menu.*Startup|"
    r"CurrentVersion.{1,2}Run|sitecustomize|usercustomize|\.pth$|CLAUDE\.md$|AGENTS\.md$|SOUL\.md$|"
    r"MEMORY\.md$|\.claude(?:/|$)|"
    r"\.openclaw(?:/|$)|\.cursor(?:/|$|rules)|\.codex(?:/|$)|\.mcp\.json$|claude_desktop_config|SKILL\.md$"
)
_DECODES = (
    "b64decode", "urlsafe_b64decode", "standard_b64decode", "b32decode", "b16decode", "a85decode", (
        "b85decode"
    ), "decodebytes",
    "unhexlify", "a2b_base64", "a2b_hex", "fromhex", "decompress", "codecs.decode", "marshal.loads", (
        "Fernet.decrypt"
    ), "decrypt",
)  # fmt: skip
_ENCODES = (
    "hex", "hexlify", "b64encode", "urlsafe_b64encode", "b32encode", "b16encode", "b2a_hex", "b2a_base64",
)  # fmt: skip
_IDENTIFIES = (
    "getpass.getuser", "os.getlogin", "platform.node", "socket.gethostname", "uuid.getnode", "socket.getfqdn",
    "platform.uname", "os.uname",
)  # fmt: skip
_FETCHES = (
    "urlopen", "urlretrieve", "requests.get", "requests.post", "requests.request", "httpx.get", (
        "httpx.post"
    ), "session.get",
    "recv", "recvfrom", "getresponse", "aiohttp.request", "client.get", "urllib3.request", "http.request", (
        "retrbinary"
    ),
)  # fmt: skip
_INPUTS = (
    "input",
    "sys.argv",
    "sys.stdin",
    "parse_args",
    "parse_known_args",
    "fileinput.input",
    "click.prompt",
)
_READS = ("open", "read_text", "read_bytes", "io.open", "codecs.open", "os.open")
_ENVIRONS = ("os.environ", "os.environb", "environ")
_LOOKS_UP = ("os.getenv", "getenv", "os.environ.get", "environ.get", "os.environ.pop", "environ.pop")
_CREDENTIAL = pattern(rf"(?i){CREDENTIAL_NAME}")
_NARROW = frozenset({"get", "setdefault", "pop", "update", "__getitem__", "__contains__"})


class Facts:
    """The facts of a module's expressions, remembered by name; bounded in what it visits."""

    def __init__(self, tree: ast.Module) -> None:
        self.nodes = list(ast.walk(tree))
        self.aliases: dict[str, str] = {}
        self._values: dict[str, list[ast.AST]] = {}
        self._known: dict[str, int] = {}
        self._narrow: set[int] = set()
        self._visits = 0
        for node in self.nodes:
            self._note(node)

    @property
    def exhausted(self) -> bool:
        """Whether the script was too tangled to be looked at whole."""
        return self._visits > MAX_VISITS

    @property
    def anywhere(self) -> int:
        """What any call of the script brings in."""
        facts = Fact.NONE
        for node in self.nodes:
            if isinstance(node, ast.Call):
                facts |= self._of_call(node)
        return facts

    def of(self, *values: ast.AST | None) -> int:
        """All that went into the values."""
        facts = Fact.NONE
        for value in values:
            if value is not None:
                facts |= self._walk(value)
        return facts

    def composed(self, value: ast.AST) -> bool:
        """Whether it, or what its name stands for, is put together from parts."""
        known = self._values.get(value.id, []) if isinstance(value, ast.Name) else [value]
        return any(isinstance(part, ast.JoinedStr | ast.BinOp) for each in known for part in ast.walk(each))

    def assignments(self) -> Iterable[tuple[str, list[ast.AST]]]:
        """Every name, with all that is ever assigned to it."""
        return self._values.items()

    def reached(self, *values: ast.AST) -> list[ast.AST]:
        """The nodes of the values in the order of the text, with what their names stand for; bounded."""
        nodes: list[ast.AST] = []
        waiting: list[ast.AST] = list(reversed(values))
        followed = set[str]()
        while waiting and len(nodes) < MAX_REACHED:
            node = waiting.pop()
            nodes.append(node)
            if isinstance(node, ast.Name) and node.id not in followed:
                followed.add(node.id)
                waiting.extend(reversed(self._values.get(node.id, [])))
            else:
                waiting.extend(reversed(list(ast.iter_child_nodes(node))))
        return nodes

    def dotted(self, node: ast.AST) -> str:
        """`os.path.join` of an expression, with imports resolved; calls in between are left out."""
        parts: list[str] = []
        while True:
            if isinstance(node, ast.Attribute):
                parts.append(node.attr)
                node = node.value
            elif isinstance(node, ast.Call):
                node = node.func
            elif isinstance(node, ast.Name):
                parts.append(self.aliases.get(node.id, node.id))
                return ".".join(reversed(parts))
            else:
                return ".".join(reversed([*parts, "?"])) if parts else "?"

    def _walk(self, value: ast.AST) -> int:
        facts = Fact.NONE
        for node in ast.walk(value):
            self._visits += 1
            if self._visits > MAX_VISITS:
                return facts
            facts |= self._own(node)
        return facts

    def _own(self, node: ast.AST) -> int:
        if isinstance(node, ast.Constant):
            return _of_constant(node.value)
        if isinstance(node, ast.Call):
            looks_up = bool(node.args) and self.dotted(node.func) in _LOOKS_UP
            return _of_variable(node.args[0]) if looks_up else self._of_call(node)
        if isinstance(node, ast.Attribute):
            name = self.dotted(node)
            if name in _ENVIRONS and id(node) not in self._narrow:
                return Fact.ENVIRONMENT
            return Fact.INPUT if name in _INPUTS else Fact.NONE
        if isinstance(node, ast.Subscript) and self.dotted(node.value) in _ENVIRONS:
            return _of_variable(node.slice)
        if isinstance(node, ast.Slice) and isinstance(node.step, ast.UnaryOp):
            return Fact.SPELLED
        if isinstance(node, ast.Name):
            return self._of_name(node)
        return Fact.NONE

    def _of_name(self, node: ast.Name) -> int:
        name = self.aliases.get(node.id, node.id)
        if name in _ENVIRONS and name in self.aliases.values() and id(node) not in self._narrow:
            return Fact.ENVIRONMENT
        if name in _INPUTS[1:3]:
            return Fact.INPUT
        if node.id not in self._known:
            self._known[node.id] = Fact.NONE  # what refers to itself adds nothing
            self._known[node.id] = self.of(*self._values.get(node.id, ()))
        return self._known[node.id]

    def _of_call(self, node: ast.Call) -> int:
        name = self.dotted(node.func)
        if ends_with(name, _DECODES):
            return Fact.DECODED
        if ends_with(name, _IDENTIFIES):
            return Fact.IDENTITY
        if ends_with(name, _ENCODES):
            return Fact.ENCODED
        if ends_with(name, _FETCHES):
            return Fact.FETCHED
        if name in ("chr", "bytes", "bytearray") and node.args and not isinstance(node.args[0], ast.Constant):
            return (
                Fact.SPELLED if name == "chr" or isinstance(node.args[0], ast.List | ast.Tuple) else Fact.NONE
            )
        if name in _INPUTS or ends_with(name, _INPUTS[3:5]):
            return Fact.INPUT
        if ends_with(name, _READS):
            return Fact.FILE
        return Fact.QUOTED if name.endswith("shlex.quote") or name == "quote" else Fact.NONE

    def _note(self, node: ast.AST) -> None:
        """Remember imports, and what is assigned to which name."""
        if isinstance(node, ast.Import):
            for each in node.names:
                self.aliases[each.asname or each.name.partition(".")[0]] = (
                    each.name if each.asname else each.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            for each in node.names:
                self.aliases[each.asname or each.name] = f"{node.module or ''}.{each.name}"
        elif isinstance(node, ast.Subscript):
            self._narrow.add(id(node.value))
        elif isinstance(node, ast.Compare):
            self._narrow.update(id(each) for each in node.comparators)
        elif isinstance(node, ast.Attribute) and node.attr in _NARROW:
            self._narrow.add(id(node.value))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            returned = [each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value]
            self._values.setdefault(node.name, []).extend(returned)
        else:
            for target, value in _assignments(node):
                for name in ast.walk(target):
                    if isinstance(name, ast.Name):
                        self._values.setdefault(name.id, []).append(value)


def _of_variable(name: ast.expr) -> int:
    """What a variable of the environment is, by its name."""
    told = name.value if isinstance(name, ast.Constant) else None
    known = isinstance(told, str) and _CREDENTIAL.search(told) is None
    return Fact.NONE if known else Fact.KEY


def _assignments(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    if isinstance(node, ast.Assign):
        yield from ((target, node.value) for target in node.targets)
    elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value is not None:
        yield node.target, node.value
    elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        yield node.target, node.iter
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield node.optional_vars, node.context_expr


def _of_constant(value: object) -> int:
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    if not isinstance(text, str) or len(text) > 300:
        return Fact.NONE
    facts = Fact.SECRET if _SECRET_PATH.search(text) else Fact.NONE
    if text.lower() in ("rot13", "rot_13"):
        facts |= Fact.DECODED
    return facts | (Fact.STARTUP if _STARTUP_PATH.search(text) else Fact.NONE)


@lru_cache(8_192)
def ends_with(name: str, known: tuple[str, ...]) -> bool:
    """Whether the dotted name is one of these, or ends in one."""
    return any(name == each or name.endswith(f".{each}") for each in known)
