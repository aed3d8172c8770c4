"""What the frontmatter asks for."""

from tidegate.registry.scan.rule import Rule
from tidegate.registry.scan.severity import Severity

_HEAD = "---\nname: x\ndescription: Builds the site.\n"

BROAD_TOOLS = Rule(
    id="over-broad-tools",
    severity=Severity.HIGH,
    tags=("AST03",),
    title="allowed-tools that allow anything",
    why="A tool listed here runs without asking. `Bash(*)`, a shell, or `sudo` is every command there is.",
    bad={"SKILL.md": f"{_HEAD}allowed-tools: Bash(*) Read\n---\nBuild."},
    good={"SKILL.md": f"{_HEAD}allowed-tools: Bash(npm run build:*) Read\n---\nBuild."},
    quotable=False,
)
WIDE_TOOLS = Rule(
    id="wide-tools",
    severity=Severity.MEDIUM,
    tags=("AST03",),
    title="allowed-tools wider than a task needs",
    why="Interpreters, downloaders and an unlimited shell can do much that the description does not say.",
    bad={"SKILL.md": f"{_HEAD}allowed-tools: Bash Read\n---\nBuild."},
    good={"SKILL.md": f"{_HEAD}allowed-tools: Bash(git log:*) Read\n---\nBuild."},
    quotable=False,
)
GREEDY_PATTERN = Rule(
    id="greedy-pattern",
    severity=Severity.HIGH,
    tags=("AST04",),
    title="a tidegate.match pattern that fits nearly any request",
    why="Patterns select without ranking: one that always fits puts the skill into every request.",
    bad={"SKILL.md": f"{_HEAD}metadata:\n  tidegate.match: |\n    [a-z]\n---\nBuild."},
    good={"SKILL.md": f"{_HEAD}metadata:\n  tidegate.match: |\n    (?i)\\bbuild the site\\b\n---\nBuild."},
    quotable=False,
)
STUFFED = Rule(
    id="stuffed-description",
    severity=Severity.MEDIUM,
    tags=("AST04",),
    title="a description that is mostly a list of trigger words",
    why="Lists of unrelated words win selections that the skill is not for.",
    bad={"SKILL.md": f"---\nname: x\ndescription: {', '.join(f'word{n}' for n in range(60))}\n---\nHelp."},
    good={"SKILL.md": "---\nname: x\ndescription: Reads CSV, TSV and XLSX tables.\n---\nHelp."},
    quotable=False,
)

RULES = (BROAD_TOOLS, WIDE_TOOLS, GREEDY_PATTERN, STUFFED)
