"""Build the docs site from the pages that are there: those of docs/, and those elsewhere that belong with them.

Links lead from page to page as they do in the repository; a link to a file that is no page here stays as text. The
build fails on any link that leads nowhere.

    python setup/site.py            # site/index.html
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "build" / "pages"
ELSEWHERE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "findings/README.md": "findings.md",
    "scenarios/README.md": "scenarios/index.md",
    "scenarios/balzers/data/PROVENANCE.md": "scenarios/balzers-provenance.md",
    **{
        path.relative_to(ROOT).as_posix(): f"scenarios/{path.parent.name}.md"
        for path in sorted(ROOT.glob("scenarios/*/README.md"))
    },
}
"""Pages outside docs/, and what they are called on the site."""
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")


def gather() -> None:
    """Copy all pages into one folder, with links that lead from one to the other there."""
    shutil.rmtree(PAGES, ignore_errors=True)
    shutil.copytree(ROOT / "docs", PAGES)
    places = {path: PAGES / path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*") if path.is_file()}
    for name, called in ELSEWHERE.items():
        places[ROOT / name] = PAGES / called
        (PAGES / called).parent.mkdir(parents=True, exist_ok=True)
    for source, target in places.items():
        if source.suffix == ".md":
            target.write_text(with_links(source, target, places), encoding="utf-8")
    with (PAGES / ELSEWHERE["findings/README.md"]).open("a", encoding="utf-8") as page:
        page.write("\n" + "".join(f"- `{path.name}`: {said}\n" for path, said in findings()))


def findings() -> Iterator[tuple[Path, str]]:
    """Yield the scripts of findings/, and what the first line of each says."""
    for path in sorted((ROOT / "findings").glob("*.sh")):
        yield path, path.read_text(encoding="utf-8").splitlines()[1].removeprefix("# ")


def with_links(source: Path, target: Path, places: dict[Path, Path]) -> str:
    """Return a page's text with the links that hold where it is on the site."""

    def link(found: re.Match[str]) -> str:
        text, to, anchor = found[1], found[2], found[3] or ""
        if ":" in to:
            return found[0]
        wanted = (source.parent / to).resolve()
        if wanted in places:
            return f"[{text}]({os.path.relpath(places[wanted], target.parent)}{anchor})"
        return text if wanted.exists() else found[0]

    return _LINK.sub(link, source.read_text(encoding="utf-8"))


def main() -> None:
    """Gather the pages and build the site."""
    gather()
    zensical = Path(sys.executable).with_name("zensical")
    done = subprocess.run([zensical, "build", "--strict", "--clean"], cwd=ROOT, check=False)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
