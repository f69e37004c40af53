"""The page's files: our own modules, and the libraries as published, each with its digest."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

PACKAGE = Path(str(resources.files("evac.studio")))
PAGE, VENDOR = PACKAGE / "page", PACKAGE / "vendor"

SHA256 = {
    "maplibre-gl-5.24.1.csp.js": "2835432eb59578c24e9bc7fbcef6f6f03f2af3f60951b940db875125ff617ddb",
    "maplibre-gl-5.24.1.csp-worker.js": "58534d0ebbe8535cd22d19eb3739788898667390ab9b22b87edfe55b9c85d0a5",
    "maplibre-gl-5.24.1.css": "ab1e70d59ec40465bae7e7030da2f3ccf28133fd502e62bd598eefbadfd7a732",
}
"""Of the files as published: npm, maplibre-gl 5.24.1, `dist/maplibre-gl-csp.js`, `dist/maplibre-gl-csp-worker.js` and
`dist/maplibre-gl.css` (BSD-3-Clause). The build for a strict content security policy: its worker is a file."""
