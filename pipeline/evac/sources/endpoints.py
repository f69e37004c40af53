"""Where the services are: the public ones, or those of a mirror, by environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from evac.errors import DataError, Problem


@dataclass(frozen=True)
class Endpoints:
    """Base addresses of the services.

    Parameters
    ----------
    nominatim
        Before `/search` (https://nominatim.org/release-docs/latest/api/Search/).
    overpass
        Before `/interpreter` and `/status` (https://wiki.openstreetmap.org/wiki/Overpass_API).
    census
        Before `/2020/dec/pl` and `/2023/acs/acs5` (https://www.census.gov/data/developers.html).
    tigerweb
        The folder of ArcGIS REST services (https://tigerweb.geo.census.gov/tigerwebmain/TIGERweb_restmapservice.html).
    """

    nominatim: str = "https://nominatim.openstreetmap.org"
    overpass: str = "https://overpass-api.de/api"
    census: str = "https://api.census.gov/data"
    tigerweb: str = "https://tigerweb.geo.census.gov/arcgis/rest/services/TIGERweb"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Return the addresses that the variables EVAC_NOMINATIM_URL, EVAC_OVERPASS_URL, ... name, or the public ones.

        Raises
        ------
        DataError
            A variable holds no http(s) address.
        """
        given = {name: environment.get(variable(name), "").strip().rstrip("/") for name in cls.__dataclass_fields__}
        problems = [
            Problem(variable(name), f"found {url!r}, expected an address", "such as https://overpass-api.de/api")
            for name, url in given.items()
            if url and not url.startswith(("http://", "https://"))
        ]
        if problems:
            raise DataError(problems)
        return cls(**{name: url for name, url in given.items() if url})


def variable(service: str) -> str:
    """Return the environment variable that sets a service's address."""
    return f"EVAC_{service.upper()}_URL"
