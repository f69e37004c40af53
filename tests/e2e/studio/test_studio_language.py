"""The page in another language: what the toolkit says of a plan is said in it too, with its names and times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from studio_page import context_of, open_plans
from studio_workspace import prepared_balzers, served

WORDS = {
    "Show what it changes": "Was ändert er",
    "from {from_s} on": "ab {from_s}",
    "right of way": "Vortritt",
    "{lanes} lane(s) at the {side} taken on {where}": "{lanes} Spur(en) weniger auf {where}",
    "no road on the map is called '{street}'": "«{street}» heisst keine Strasse der Karte",
    "no street on the map is called '{street}'": "«{street}» heisst keine Strasse der Karte",
}
TAKEN = """\
name: Schmaler
actions:
  - {do: take_lane, where: {street: Gagoz, towards: south}, when: {from_min: 30}}
"""
WRONG = """\
name: Falsch
actions:
  - {do: close, label: at the fountain, where: {street: Gagotz}}
"""


@pytest.fixture(scope="module")
def german(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a workspace whose page is in German, in part."""
    folder = prepared_balzers(tmp_path_factory.mktemp("workspace"), 0.2)
    (folder / "studio.yaml").write_text(yaml.safe_dump({"language": "de", "words": WORDS}, allow_unicode=True))
    for name, text in (("schmal", TAKEN), ("falsch", WRONG)):
        (folder / "plans" / "balzers" / f"{name}.yaml").write_text(text)
    return folder


def test_what_a_plan_does_and_what_is_wrong_with_it_is_said_in_the_pages_language(browser: Any, german: Path) -> None:
    with served(german) as studio, context_of(browser, studio) as context:
        page = context.new_page()
        open_plans(page, studio)
        for plan in ("flood", "schmal", "falsch"):
            page.locator(f"[data-plan={plan}]").get_by_role("button", name="Was ändert er").click()
            page.locator(f"[data-plan={plan}] .changes, [data-plan={plan}] .problems").first.wait_for()
            if plan == "flood":
                flood = page.inner_text(f"[data-plan={plan}]")
        taken, wrong = page.inner_text("[data-plan=schmal]"), page.inner_text("[data-plan=falsch]")
    assert "Vortritt → officer" in flood
    assert "ab 0:05" in flood
    assert "contraflow on the road south" in flood, "what its author calls an action stays as it is"
    assert "1 Spur(en) weniger auf Gagoz" in taken
    assert "ab 0:30" in taken
    assert "«Gagotz» heisst keine Strasse der Karte" in wrong
    assert "at the fountain" in wrong
