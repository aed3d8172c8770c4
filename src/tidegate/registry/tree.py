"""A package as it was read: the name of its top-level folder and its files, wherever they came from."""

import unicodedata
from dataclasses import dataclass, field

from tidegate.registry.finding import Finding
from tidegate.registry.limits import PackageLimits


@dataclass(slots=True)
class Tree:
    """Files by path below the top-level folder `root`, within limits; `findings` is what was refused."""

    root: str = ""
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    findings: list[Finding] = field(default_factory=list[Finding])
    unpacked: int = 0

    def refuse(self, path: str, message: str, *, too_large: bool = False) -> None:
        """Note what is wrong with one path."""
        self.findings.append(Finding(path=path, message=message, too_large=too_large))

    def room(self, limits: PackageLimits) -> int:
        """The most bytes the next file may have."""
        return min(limits.file_bytes, limits.unpacked_bytes - self.unpacked)

    def add(self, path: str, content: bytes, limits: PackageLimits) -> bool:
        """Take a file in under its NFC name; False once a limit is passed: read no further."""
        if len(content) > limits.file_bytes:
            self.refuse(path, f"is over {limits.file_bytes:,} bytes, the limit for a file", too_large=True)
            return False
        self.unpacked += len(content)
        if self.unpacked > limits.unpacked_bytes:
            message = (
                f"brings the package over {limits.unpacked_bytes:,} bytes unpacked; leave out what can go"
            )
            self.refuse(path, message, too_large=True)
            return False
        if len(self.files) >= limits.files:
            self.refuse(
                path,
                f"is file number {limits.files + 1}; a package has at most {limits.files}",
                too_large=True,
            )
            return False
        self.files[unicodedata.normalize("NFC", path)] = content
        return True
