"""Every rule there is."""

from tidegate.registry.scan.rule import Rule
from tidegate.registry.scan.rules import (
    binaries,
    code,
    commands,
    dependencies,
    harm,
    injection,
    intent,
    leaks,
    machine,
    metadata,
    schemes,
    scripts,
    secrets,
    takeover,
    unseen,
)

RULES: tuple[Rule, ...] = (
    *injection.RULES,
    *intent.RULES,
    *schemes.RULES,
    *takeover.RULES,
    *leaks.RULES,
    *commands.RULES,
    *machine.RULES,
    *harm.RULES,
    *code.RULES,
    *scripts.RULES,
    *unseen.RULES,
    *metadata.RULES,
    *dependencies.RULES,
    *secrets.RULES,
    *binaries.RULES,
)
