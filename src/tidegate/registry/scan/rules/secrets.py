"""Keys that were left in the package."""

from tidegate.registry.scan.rule import Rule
from tidegate.registry.scan.severity import Severity

_KEY = "AKIA" + "Q7XK3MZP5RVT2WLB"

SECRET = Rule(
    id="embedded-secret",
    severity=Severity.HIGH,
    tags=("AST02", "AST04"),
    title="a live-looking key",
    why=(
        "A package goes to every request that selects it and, synced, to a provider. Revoke the key, then "
        "take it out."
    ),
    bad={"scripts/x.py": f'KEY = "{_KEY}"\n'},
    good={"SKILL.md": "Amazon's example key is `AKIAIOSFODNN7EXAMPLE`; write API_KEY=your-api-key-here."},
    quotable=False,
)
LIKELY_SECRET = Rule(
    id="likely-secret",
    severity=Severity.MEDIUM,
    tags=("AST02", "AST04"),
    title="a value that looks like a password or token",
    why="If it opens something, everybody who can read the skill can open it.",
    bad={"scripts/x.py": 'password = "T7f!kQz92mLp0sVx4RdW8aB1cY6e"\n'},
    good={"SKILL.md": "password: changeme"},
    quotable=False,
)

RULES = (SECRET, LIKELY_SECRET)
