"""What may happen to a file: it is cut off, a bit of it flips, it goes, or it is emptied."""

from __future__ import annotations

from pathlib import Path

DAMAGES = ("truncate", "flip", "delete", "empty")


def damage(file: Path, kind: str) -> None:
    """Damage a file that has content."""
    content = file.read_bytes()
    middle = len(content) // 2
    match kind:
        case "truncate":
            file.write_bytes(content[:middle])
        case "flip":
            file.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        case "delete":
            file.unlink()
        case "empty":
            file.write_bytes(b"")
