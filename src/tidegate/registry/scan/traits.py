"""What the package as a whole has to know of each script: whether it sends data, and where to."""

from dataclasses import dataclass, field

from tidegate.registry.scan.pattern import pattern

_HOST = pattern(
    r"(?i)\b(?:https?|wss?|s?ftp|tcp|ssh|rsync)://(?:[^/\s@\"'`]{1,80}@)?([a-z0-9.-]{1,253}|\$)|"
    r"[\"']((?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,24})[\"']|[\"'](\d{1,3}(?:\.\d{1,3}){3})[\"']|"
    r"\b(?:s3|gs)://([a-z0-9][a-z0-9.-]{2,62})|\b[\w.-]{1,40}@([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,5}):"
)
_LOCAL = ("localhost", "127.", "0.0.0.0", "::1", "10.", "192.168.", "host.docker.internal")
KNOWN_SERVICES = frozenset({
    "api.openai.com", "api.anthropic.com", "api.github.com", "uploads.github.com", (
        "generativelanguage.googleapis.com"
    ),
    "www.googleapis.com", "graph.microsoft.com", "slack.com", "api.notion.com", "api.linear.app", (
        "huggingface.co"
    ),
    "api.stripe.com", "pypi.org", "registry.npmjs.org", "api.atlassian.com", "gitlab.com",
})  # fmt: skip
"""Services that skills are written for; to send there is what their scripts are about."""


_SHARED = (
    ".github.io", ".githubusercontent.com", ".gitlab.io", ".pages.dev", ".workers.dev", ".vercel.app",
    ".netlify.app", ".herokuapp.com", ".onrender.com", ".fly.dev", ".web.app", ".firebaseio.com",
    ".supabase.co", ".atlassian.net", ".sharepoint.com", ".blogspot.com", ".myshopify.com", ".pipedream.net",
    ".duckdns.org", ".ngrok.dev", ".surge.sh", ".zendesk.com", ".wordpress.com", ".notion.site",
    ".webflow.io", ".glitch.me", ".repl.co", ".replit.app", ".azure.com", ".windows.net", ".oraclecloud.com",
    ".digitaloceanspaces.com",
    ".amazonaws.com", ".cloudfront.net", ".azurewebsites.net", ".blob.core.windows.net", ".googleapis.com",
    ".ngrok.io", ".ngrok.app", ".ngrok-free.app", ".trycloudflare.com", ".r2.dev", ".run.app", ".appspot.com",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Traits:
    """Whether a script uses the network, sends, and sends what it read; `hosts` are those it names, `imports`
    what it puts on the path that Python imports from.
    """

    network: bool = False
    sends: bool = False
    sends_data: bool = False
    hosts: frozenset[str] = field(default_factory=frozenset[str])
    imports: frozenset[str] = field(default_factory=frozenset[str])

    def joined(self, other: "Traits") -> "Traits":
        """What either does."""
        return Traits(
            network=self.network or other.network,
            sends=self.sends or other.sends,
            sends_data=self.sends_data or other.sends_data,
            hosts=self.hosts | other.hosts,
            imports=self.imports | other.imports,
        )


def hosts_in(text: str) -> frozenset[str]:
    """The hosts and buckets that a script names, without this machine and private networks."""
    found = [(match[1] or match[2] or match[3] or match[5] or "", match[4]) for match in _HOST.finditer(text)]
    hosts = {host.lower().strip(".") for host, _ in found if host}
    return frozenset(
        host for host in hosts if "." in host and not host.startswith(_LOCAL) and not _is_file(host)
    ) | frozenset(bucket.lower() for _, bucket in found if bucket)


def domain_of(host: str) -> str:
    """The domain that somebody has registered: the last two labels, three below `co.uk` and its like.

    Of shared hosting, where anybody has a name, the whole host.
    """
    labels = host.split(".")
    if all(label.isdigit() for label in labels) or host.endswith(_SHARED):
        return host
    short = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
    return ".".join(labels[-3:] if short else labels[-2:])


def _is_file(host: str) -> bool:
    return host.endswith(
        (
            ".py",
            ".js",
            ".json",
            ".md",
            ".txt",
            ".sh",
            ".csv",
            ".html",
            ".xml",
            ".yaml",
            ".yml",
            ".ts",
            ".pdf",
            ".png",
            ".db",
            ".log",
            ".zip",
        )
    )
