"""Modules and names of Python by which a script makes use of something, as tables."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from tidegate.domain.capability import Capability

Seen = tuple[Capability, str]
"""A capability, and the name that it was seen by."""

MOST_CHARACTERS = 200
"""Of a name that is looked at; no module's is as long."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MODULES: Mapping[Capability, frozenset[str]] = {
    Capability.NETWORK: _words(
        """
        socket ssl socketserver urllib.request http.client http.server ftplib smtplib imaplib poplib
        telnetlib nntplib xmlrpc webbrowser requests httpx aiohttp urllib3 pycurl websocket websockets
        paramiko dns grpc zmq boto3 botocore google.cloud azure slack_sdk openai anthropic huggingface_hub
        redis psycopg psycopg2 pymysql pymongo kafka paho selenium playwright
        """
    ),
    Capability.FILES: _words(
        "gzip bz2 lzma shutil tempfile glob fileinput sqlite3 zipfile tarfile dbm shelve mmap"
    ),
    Capability.PROCESSES: _words("subprocess multiprocessing pty pexpect psutil sh plumbum posixsubprocess"),
    Capability.ENVIRONMENT: _words("dotenv getpass platform keyring"),
    Capability.CODE: _words(
        """
        ctypes cffi runpy code codeop marshal pickle dill cloudpickle imp zipimport pkgutil frozen_importlib
        frozen_importlib_external
        """
    ),
}
_NAMES: Mapping[Capability, frozenset[str]] = {
    Capability.NETWORK: _words("asyncio.open_connection asyncio.start_server"),
    Capability.FILES: _words(
        """
        open io.open io.FileIO io.open_code os.open os.fdopen os.remove os.unlink os.rename os.renames
        os.replace os.mkdir os.makedirs os.rmdir os.removedirs os.listdir os.scandir os.walk os.fwalk os.chmod
        os.chown os.link os.symlink os.truncate
        """
    ),
    Capability.PROCESSES: _words(
        """
        os.system os.popen os.fork os.forkpty os.kill os.killpg os.posix_spawn os.posix_spawnp os.execl
        os.execle os.execlp os.execlpe os.execv os.execve os.execvp os.execvpe os.spawnl os.spawnle
        os.spawnlp os.spawnlpe os.spawnv os.spawnve os.spawnvp os.spawnvpe os.startfile
        asyncio.create_subprocess_exec asyncio.create_subprocess_shell
        concurrent.futures.ProcessPoolExecutor
        """
    ),
    Capability.ENVIRONMENT: _words(
        """
        os.environ os.environb os.getenv os.getenvb os.putenv os.getlogin os.uname os.path.expanduser
        os.path.expandvars pathlib.Path.home
        """
    ),
    Capability.CODE: _words(
        """
        exec eval compile __import__ __builtins__ globals sys.modules sys._getframe site.addsitedir
        types.CodeType types.FunctionType
        """
    ),
}
_LOADS = "importlib"
_LOADS_NOTHING = ("importlib.metadata", "importlib.resources")
_METHODS = _words(
    """
    open read_text read_bytes write_text write_bytes unlink rmdir mkdir iterdir rglob touch symlink_to
    hardlink_to
    """
)
"""Of paths, whatever variable holds one."""
_TELLING: Mapping[str, Capability] = MappingProxyType(
    {
        name.rpartition(".")[2]: capability
        for capability in (Capability.PROCESSES, Capability.ENVIRONMENT)
        for name in _NAMES[capability] - _words("os.kill pathlib.Path.home")
    }
    | dict.fromkeys(
        _words(
            """
            __import__ __subclasses__ __globals__ __builtins__ __loader__ __code__ import_module load_module
            exec_module f_globals f_builtins
            """
        ),
        Capability.CODE,
    )
)
"""Names that mean what they mean in `os`, whatever they are asked of, and ways to what was not imported."""
_CARRIED = _words("socket ssl subprocess pty multiprocessing shutil tempfile ctypes pickle marshal runpy")
"""Modules that others have among their names, as `random` has `os`."""
_SAME = MappingProxyType({"posix": "os", "nt": "os"})
_BUILTIN = _words("builtins __builtins__")
_BY_NAME: Mapping[str, Capability] = MappingProxyType(
    {name: capability for capability, names in _NAMES.items() for name in names}
)
_BY_MODULE: Mapping[str, Capability] = MappingProxyType(
    {name: capability for capability, names in _MODULES.items() for name in names}
)
OPEN_ENDED = frozenset({each.partition(".")[0] for each in _BY_NAME if "." in each}) | {
    _LOADS,
    *_BUILTIN,
    *_SAME,
}
"""Modules that are used by what is named in them: a name that is made at run time may be any of them."""


def of_module(module: str) -> Iterator[Seen]:
    """A module is used by its import: what is then called in it need not be followed."""
    first, *more = _plain(module[:MOST_CHARACTERS]).split(".")
    parts = [_public(first), *more]
    for end in range(1, len(parts) + 1):
        name = ".".join(parts[:end])
        if name in _BY_MODULE:
            yield _BY_MODULE[name], name


def of_name(whole: str) -> Iterator[Seen]:
    """What a name uses, wherever it was found: `os.system`, `posix.system`, `random._os.system`."""
    parts = _plain(whole[-MOST_CHARACTERS:]).split(".")
    for at in range(len(parts)):
        name = ".".join(parts[at:])
        if name in _BY_NAME and (not at or "." in name):
            yield _BY_NAME[name], name
        elif parts[at] == _LOADS and at + 1 < len(parts) and not name.startswith(_LOADS_NOTHING):
            yield Capability.CODE, name
        elif at and parts[at] in _CARRIED:
            yield _BY_MODULE[parts[at]], parts[at]


def of_attribute(name: str) -> Iterator[Seen]:
    """What an attribute uses, of what is no module's by its name."""
    if name in _METHODS:
        yield Capability.FILES, name
    if name in _TELLING:
        yield _TELLING[name], name


def starred(module: str) -> Iterator[str]:
    """The names that `from module import *` gives, of those that are known here."""
    inside = _plain(f"{module[:MOST_CHARACTERS]}.")
    for name in _BY_NAME:
        if name.startswith(inside):
            yield name.removeprefix(inside).partition(".")[0]
    if inside == f"{_LOADS}.":
        yield from ("import_module", "reload", "util", "machinery")


def _plain(whole: str) -> str:
    """The name without what only hides it: builtins by their module, the C module behind a module."""
    parts = [part for part in whole.split(".") if part != "__dict__"]
    at = max((at for at, part in enumerate(parts[:-1]) if part in _BUILTIN), default=-1)
    *modules, last = parts[at + 1 :] or [""]
    return ".".join((*map(_public, modules), last))


def _public(module: str) -> str:
    name = module if module.endswith("__") else module.lstrip("_")
    return _SAME.get(name, name)
