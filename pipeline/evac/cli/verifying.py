"""`evac verify`: the toolkit held against theory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from evac.cli.common import console, nearest_workspace
from evac.errors import EvacError

if TYPE_CHECKING:
    from evac.verify import Checked


def verify(
    tests: Annotated[
        list[str] | None, typer.Argument(help="Only tests whose name begins so.", show_default="all")
    ] = None,
    *,
    folder: Annotated[
        Path | None,
        typer.Option(help="A folder of tests of your own.", show_default="those that come with the toolkit"),
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Tests side by side.", show_default="all cores")] = None,
    workspace: Annotated[
        Path | None,
        typer.Option(help="Where reports/ and the cache .evac/ are.", show_default="the nearest", resolve_path=True),
    ] = None,
) -> None:
    """Verify: run small scenarios whose outcome theory knows, and show expected, got and pass."""
    from evac.study.engines import cores  # noqa: PLC0415
    from evac.sumo import cache_in  # noqa: PLC0415
    from evac.verify import load_tests, run_test  # noqa: PLC0415
    from evac.verify.running import in_words, suite_folder  # noqa: PLC0415
    from evac.verify.table import write_table  # noqa: PLC0415

    place = workspace or nearest_workspace()
    cache = cache_in(place)
    wanted = load_tests(folder or suite_folder(), tests or ())
    results: list[Checked] = []
    with ThreadPoolExecutor(jobs or cores()) as pool:
        for checked in pool.map(lambda test: run_test(test, cache), wanted):
            results += checked
            _tell(checked)
    page = write_table(results, place / "reports" / "verification")
    failed = sorted({item.test.name for item in results if item.verdict == "FAIL"})
    console.print(in_words(results))
    console.print(f"Table: {escape(str(page))}", highlight=False, soft_wrap=True)
    if failed:
        raise EvacError(f"{len(failed)} of {len(wanted)} verification tests failed: {', '.join(failed)}")


def _tell(checked: list[Checked]) -> None:
    """Print a test: its title, and a row an expectation."""
    first = checked[0].test
    console.print(f"{first.name}: {escape(first.model.title)}", highlight=False, soft_wrap=True)
    if checked[0].trouble:
        console.print(f"  can't be run: {escape(checked[0].trouble)}", highlight=False, soft_wrap=True)
        return
    table = Table(box=None, show_header=False, padding=(0, 2))
    for item in checked:
        expected = f"expected {item.expected.value:,.4g}"
        table.add_row(escape(item.expected.words), expected, f"got {item.got:,.4g}", _verdict_of(item))
    console.print(table, highlight=False)


def _verdict_of(item: Checked) -> str:
    """Return the verdict, and of a known miss what follows for clearance times."""
    miss = item.expected.known_miss
    return f"{item.verdict}: clearance {miss.clearance_is}" if miss and item.verdict == "known miss" else item.verdict
