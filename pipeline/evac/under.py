"""A place under a plan: what the plan takes and changes, whom it cuts off, and the run of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evac.files import write_bytes
from evac.plans.reading import LoadedPlan
from evac.watching import Cancel, OnProgress, Watch

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from evac.outcome import Run
    from evac.place import Place
    from evac.study.bounds import Bounds
    from evac.study.cases import Selection
    from evac.study.under_plan import UnderPlan
    from evac.varied import Ablated

RESOURCES = ("officers", "signs", "cones", "barricades")
"""What plans take, as columns of tables."""
_CHANGE_COLUMNS = ("kind", "place", "before", "after", "when", "length_m", "edges", "actions")
_WGS84 = "EPSG:4326"


@dataclass(frozen=True)
class Plan:
    """A place under a plan, in one case of its scenario: what changes, what it takes, and the run of it.

    Made by `Place.under`. The plan is laid over the network when something that needs it is asked for.

    Parameters
    ----------
    place
        The place.
    loaded
        The plan's file, read, with those that it extends.
    vehicles, departure
        The case: vehicles per household, and departure curve.
    """

    place: Place
    loaded: LoadedPlan
    vehicles: str
    departure: str

    def __repr__(self) -> str:
        """Return plan, place and case: its fields are pages long."""
        return f"Plan({self.key!r} in {self.place.name!r}, {self.vehicles!r} per household, {self.departure!r})"

    def prepare(self, on_progress: OnProgress | None = None, cancel: Cancel | None = None) -> Plan:
        """Lay it over the network. Done when needed, if it isn't asked for before.

        Parameters and errors are those of `Place.prepare`.
        """
        self.place.stages.lay([self.loaded], Watch(on_progress, cancel))
        return self

    @property
    def key(self) -> str:
        """What results call it: its file's name without `.yaml`."""
        return self.loaded.key

    @property
    def name(self) -> str:
        """What people call it."""
        return self.loaded.model.name

    @property
    def note(self) -> str:
        """What its author says of it."""
        return self.loaded.model.note

    @property
    def resources(self) -> dict[str, int]:
        """What it takes: `officers`, `signs`, `cones`, `barricades`."""
        return self.loaded.resources.model_dump()

    def actions(self) -> pd.DataFrame:
        """Return its actions, those of the plans that it extends first.

        Columns `label`, `action` (in words), `do` (its type), `officers`, `signs`, `cones`, `barricades`.
        """
        import pandas as pd  # noqa: PLC0415

        rows = [
            {"label": item.label, "action": item.action.in_words(), "do": item.action.do}
            | item.action.resources.model_dump()
            for item in self.loaded.actions
        ]
        return pd.DataFrame(rows, columns=["label", "action", "do", *RESOURCES])

    def changes(self) -> gpd.GeoDataFrame:
        """Return what it changes on the roads, read off the two networks: a row a stretch, movement or signal.

        Columns `kind`, `place`, `before`, `after`, `when` (empty: from the order on), `length_m`, `edges`, `actions`
        (labels), and a line along the road where it is one, else a point.
        """
        import geopandas as gpd  # noqa: PLC0415
        import shapely  # noqa: PLC0415

        from evac.report.from_study import edge_lines  # noqa: PLC0415

        under = self.laid
        lines = edge_lines([under.net, self.place.stages.prepared().net]).set_index("edge").geometry
        rows = [change.record() for change in under.overlay.changes]
        places = [(row.pop("lon"), row.pop("lat"), [e for e in row["edges"] if e in lines.index]) for row in rows]
        shapes = [
            shapely.MultiLineString(lines[edges].tolist()) if edges and row["length_m"] else shapely.Point(lon, lat)
            for row, (lon, lat, edges) in zip(rows, places, strict=True)
        ]
        return gpd.GeoDataFrame(
            {name: [row[name] for row in rows] for name in _CHANGE_COLUMNS}, geometry=shapes, crs=_WGS84
        )

    def cut_off(self) -> gpd.GeoDataFrame:
        """Return the households that lose their only way out.

        Columns `household`, `zone`, `street`, `from_s` (after the order), `reason`, and points on the street.
        """
        found = self.laid.cut_off
        return points(found.drop(columns=["lon", "lat"]), list(zip(found["lon"], found["lat"], strict=True)))

    def closed_exits(self) -> pd.DataFrame:
        """Return the ways out that it or the hazard closes, or to which it leaves nobody a way, a row a time.

        Columns `exit`, `from_s` and `until_s` (seconds after the order; infinite: to the end).
        """
        import pandas as pd  # noqa: PLC0415

        return pd.DataFrame([vars(item) for item in self.laid.closed_exits], columns=["exit", "from_s", "until_s"])

    def reached(self) -> pd.DataFrame:
        """Return the roads that the hazard ever reaches: `edge` and `arrival_s` (after the order)."""
        import pandas as pd  # noqa: PLC0415

        found = self.laid.reached.arrival_s if self.laid.reached else {}
        return pd.DataFrame({"edge": list(found), "arrival_s": list(found.values())})

    def bounds(self, *, seed: int | None = None) -> Bounds:
        """Return what no plan can beat beside this case, and the streets that make it so. Nothing is simulated.

        `table()` of it has the earliest times, `curves()` the most vehicles out by the minute, `holding()` the streets.

        Parameters
        ----------
        seed
            The seed of the demand; the scenario's first when left out.

        Raises
        ------
        UserError
            An input is wrong.
        """
        from evac.simulate.job import Case  # noqa: PLC0415
        from evac.study.bounds import bounds_of  # noqa: PLC0415

        chosen = self.place.loaded.model.seeds[0] if seed is None else seed
        case = Case(vehicles_per_household=self.vehicles, departure=self.departure, seed=chosen, plan=self.key)
        return bounds_of(self.place.stages.prepared(), self.laid, case)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What its author should look at; none of it stops a run."""
        return self.laid.warnings

    def run(
        self,
        *,
        seed: int | None = None,
        on_progress: OnProgress | None = None,
        cancel: Cancel | None = None,
    ) -> Run:
        """Run the case, or find the finished run of it.

        Parameters
        ----------
        seed
            The seed; the scenario's first when left out.
        on_progress
            Takes a `Progress` at each step, and at each simulated minute.
        cancel
            Asked at the same times whether to end.

        Raises
        ------
        UserError
            An input is wrong.
        SimulationError
            The run failed.
        Cancelled
            It was called off.
        """
        from evac.studied import Study  # noqa: PLC0415
        from evac.study.engines import engine_of  # noqa: PLC0415

        selection = self._selection([self.place.loaded.model.seeds[0] if seed is None else seed])
        stages, watch = self.place.stages, Watch(on_progress, cancel)
        laid = stages.lay([self.loaded], watch)
        found = stages.run(laid, selection, engine_of("serial", 1), watch)
        return Study(self.place, laid, selection, found).only_run()

    def ablate(
        self,
        *,
        seeds: Iterable[int] = (),
        engine: str = "local",
        jobs: int | None = None,
        on_progress: OnProgress | None = None,
        cancel: Cancel | None = None,
    ) -> Ablated:
        """Run the plan without each of its actions, and each alone: what each buys.

        Parameters
        ----------
        seeds, engine, jobs, on_progress, cancel
            As for `Place.study`.

        Raises
        ------
        UserError
            An input is wrong, or the plan can't be run.
        Cancelled
            It was called off. Finished runs are kept.
        """
        from evac.study.engines import cores, engine_of  # noqa: PLC0415
        from evac.varied import ablate  # noqa: PLC0415

        runner, watch = engine_of(engine, jobs or cores()), Watch(on_progress, cancel)
        return ablate(self.place.stages, self.loaded, self._selection(seeds), runner, watch)

    def _selection(self, seeds: Iterable[int]) -> Selection:
        from evac.study.cases import Selection  # noqa: PLC0415

        return Selection((self.vehicles,), (self.departure,), tuple(seeds), sensitivity=False)

    @property
    def laid(self) -> UnderPlan:
        """The plan laid over the network; for the modules of this package."""
        return self.place.stages.lay([self.loaded])[self.key]

    def draw_map(self, file: str | Path) -> Path | None:
        """Draw what it changes on a map, to a PNG; None where it changes no road and no signal."""
        from evac.report.drawing import png_bytes  # noqa: PLC0415
        from evac.report.from_study import plan_picture  # noqa: PLC0415
        from evac.report.plan_map import draw_plan_map  # noqa: PLC0415

        picture = plan_picture(self.place.stages.prepared(), self.laid)
        if picture.is_empty:
            return None
        write_bytes(Path(file), png_bytes(draw_plan_map(picture)))
        return Path(file)


def points(
    columns: Mapping[str, Sequence[Any]] | pd.DataFrame, spots: Sequence[tuple[float, float]]
) -> gpd.GeoDataFrame:
    """Return a table of spots on the map, given as longitude and latitude."""
    import geopandas as gpd  # noqa: PLC0415
    import shapely  # noqa: PLC0415

    return gpd.GeoDataFrame(columns, geometry=[shapely.Point(*spot) for spot in spots], crs=_WGS84)
