"""The risks that rules are tagged with: OWASP Agentic Skills Top 10, 1.0 (2026).

Source: owasp.org/www-project-agentic-skills-top-10; the titles are the list's own.
"""

from collections.abc import Mapping
from types import MappingProxyType

RISKS: Mapping[str, str] = MappingProxyType(
    {
        "AST01": "Malicious Skills",
        "AST02": "Supply Chain Compromise",
        "AST03": "Over-Privileged Skills",
        "AST04": "Insecure Metadata",
        "AST05": "Untrusted External Instructions",
        "AST06": "Weak Isolation",
        "AST07": "Update Drift",
        "AST08": "Poor Scanning",
        "AST09": "No Governance",
        "AST10": "Cross-Platform Reuse",
    }
)
