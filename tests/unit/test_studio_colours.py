"""The colours of the studio's map, in light and in dark."""

from __future__ import annotations

import re

import pytest

from evac.studio.assets import PAGE

ROADS_FROM_AFAR = ("road-far", "road-middle", "road-wide")
LEAST_CONTRAST = {"light": 1.05, "dark": 3.0}
"""Between roads and ground. In light the wide roads are pale, and have an edge; in dark their edge is darker still."""


def _colours(scheme: str) -> dict[str, str]:
    light, dark, *_ = re.findall(r":root \{(.*?)\}", (PAGE / "studio.css").read_text(), re.DOTALL)
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light if scheme == "light" else dark))


def _luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_roads_are_seen_from_afar(scheme: str) -> None:
    colours = _colours(scheme)
    ground = _luminance(colours["map-ground"])
    for name in ROADS_FROM_AFAR:
        brighter, darker = sorted((_luminance(colours[name]), ground), reverse=True)
        assert (brighter + 0.05) / (darker + 0.05) >= LEAST_CONTRAST[scheme], name
