"""A plan that is made by clicks in the studio's page, for tests."""

from __future__ import annotations

from typing import Any


class Editor:
    """A plan that is being made in the page.

    Parameters
    ----------
    page
        The page, with the plans of a place.
    name
        The new plan's name; None where it is open already.
    """

    def __init__(self, page: Any, name: str | None = None) -> None:
        self.page = page
        self.count = 0
        if name is not None:
            page.get_by_label("Name of the new plan").fill(name)
            page.get_by_role("button", name="New plan").click()
        page.locator(".finder input").wait_for()

    def find(self, name: str) -> None:
        """Choose what an action is about by its name."""
        self.page.locator(".finder input").fill(name)
        self.page.locator(".finder input").press("Enter")

    def fill(self, kind: str, **fields: str) -> None:
        """Choose a kind of action, and fill its form in."""
        self.page.locator(".kinds").get_by_role("button", name=kind, exact=True).click()
        for label, value in fields.items():
            field = self.page.locator("form.action").get_by_label(label.replace("_", " ")).first
            if field.evaluate("(element) => element.tagName") == "SELECT":
                field.select_option(label=value)
            elif field.get_attribute("type") == "checkbox":
                field.check()
            else:
                field.fill(value)

    def add(self, kind: str, **fields: str) -> None:
        """Choose a kind of action, fill its form in, and add it."""
        self.fill(kind, **fields)
        self.page.get_by_role("button", name="Add to the plan").click()
        self.count += 1
        self.page.locator(".own-actions li").nth(self.count - 1).wait_for()
