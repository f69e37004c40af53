"""The page's files: our own modules, and the libraries as published, each with its digest."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

_PACKAGE = Path(str(resources.files("evac.studio")))
PAGE, VENDOR = _PACKAGE / "page", _PACKAGE / "vendor"

SHA256 = {
    "maplibre-gl-5.24.1.csp.js": "2835432eb59578c24e9bc7fbcef6f6f03f2af3f60951b940db875125ff617ddb",
    "maplibre-gl-5.24.1.csp-worker.js": "58534d0ebbe8535cd22d19eb3739788898667390ab9b22b87edfe55b9c85d0a5",
    "maplibre-gl-5.24.1.css": "ab1e70d59ec40465bae7e7030da2f3ccf28133fd502e62bd598eefbadfd7a732",
    "terra-draw-1.35.0.umd.js": "378b0e73ae838151c53716b5663a5cb2fd021ea78f2b171697529c5946772e6e",
    "terra-draw-maplibre-gl-adapter-1.4.1.umd.js": "8911c43a17620b589585bd600c13f60b2404ef5b0b1fb1125240e2f91c43db83",
}
"""Of the files as published: npm, maplibre-gl 5.24.1, `dist/maplibre-gl-csp.js`, `dist/maplibre-gl-csp-worker.js` and
`dist/maplibre-gl.css` (BSD-3-Clause; the build for a strict content security policy, whose worker is a file);
terra-draw 1.35.0 and terra-draw-maplibre-gl-adapter 1.4.1, `dist/*.umd.js` (MIT)."""
