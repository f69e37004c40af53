"""The façade: a place, a plan laid over it, a run, a study and its report, as a few nouns that give tables.

>>> import evac
>>> town = evac.open("scenarios/balzers")
>>> town.name, town.vehicles, town.plan_names
('Balzers', ('1', '1.5', '2'), ('baseline', 'bridge-closed', 'contraflow-south', 'flood'))
>>> flood = town.under("flood", vehicles=1.5)
>>> flood.actions()[["label", "officers"]]
                          label  officers
0           Rhine bridge closes         1
1  contraflow on the road south         2
2     officer at Palduinstrasse         1
>>> print(flood.run().clearance(0.9))  # doctest: +SKIP
1:08:51

Opening is cheap: a scenario's file is read and checked, and nothing else. The place is prepared when something that
needs it is asked for, once. Tables are pandas or geopandas (EPSG:4326) with units in the names of their columns. What
goes wrong is an error of `evac.errors`, with file, key or street and what to try.

**Stable.** The names that `evac` exports (`evac.__all__`), the public attributes, parameters and columns of their
classes, and the files of a report (docs/results.md): they change only with a note in CHANGELOG.md, and are kept one
release longer where that can be. Everything else in the package may change with any release.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from evac.errors import Problem, ScenarioError, UserError
from evac.on_the_map import OnTheMap
from evac.plans import BASELINE
from evac.plans.reading import load_plan
from evac.scenario import load_scenario
from evac.schema.scenario import case_label
from evac.under import Plan
from evac.watching import Cancel, OnProgress, Watch

if TYPE_CHECKING:
    from evac.outcome import Run
    from evac.searching import Search
    from evac.studied import Study
    from evac.varied import StressTest


def open_place(path: str | Path, *, workspace: str | Path | None = None) -> Place:
    """Open a scenario; its file is read and checked, and nothing else is done.

    Parameters
    ----------
    path
        A `scenario.yaml`, or the folder that holds it.
    workspace
        The folder with the cache `.evac/` and `reports/`. The one that holds `scenarios/` when left out; for a scenario
        elsewhere, the working folder.

    Raises
    ------
    ScenarioError
        With a problem for each key that is wrong, and each file that isn't there.
    """
    loaded = load_scenario(Path(path))
    return Place(loaded, (Path(workspace) if workspace else loaded.workspace).resolve())


@dataclass
class Place(OnTheMap):
    """A place that may be evacuated: its roads, households, ways out, and plans. Opened with `evac.open`.

    Safe to use from several threads. It is what the scenario said when it was opened: open it again when that changes.

    Parameters
    ----------
    loaded
        The scenario's file, read.
    workspace
        The folder with the cache and `reports/`.
    """

    def __repr__(self) -> str:
        """Return name and file: its fields are pages long."""
        return f"Place({self.name!r}, {str(self.loaded.path)!r})"

    def prepare(self, on_progress: OnProgress | None = None, cancel: Cancel | None = None) -> Place:
        """Make what all runs share: map, network, households, ways out. Done when needed, if it isn't asked for before.

        Parameters
        ----------
        on_progress
            Takes a `Progress` at each step.
        cancel
            Asked at each step whether to end.

        Raises
        ------
        UserError
            An input is wrong.
        Cancelled
            It was called off.
        """
        self.stages.prepared(Watch(on_progress, cancel))
        return self

    def under(
        self, plan: str | Path = BASELINE, *, vehicles: float | str | None = None, departure: str | None = None
    ) -> Plan:
        """Return the place under a plan, in one case of the scenario. The plan's file is read, and nothing else done.

        Parameters
        ----------
        plan
            A plan of the place by its name, or the path of a plan's file.
        vehicles
            The vehicles-per-household case; the middle one when left out.
        departure
            The departure curve; the first one when left out.

        Raises
        ------
        ScenarioError
            There is no such plan or case, or the plan's file is wrong.
        """
        loaded = load_plan(str(plan), self.loaded.plans_folder)
        return Plan(self, loaded, *self._case(vehicles, departure))

    def _case(self, vehicles: float | str | None, departure: str | None) -> tuple[str, str]:
        """Return vehicles per household and departure curve of one case of the scenario."""
        from evac.study.cases import one_case  # noqa: PLC0415

        label = None if vehicles is None else case_label(vehicles)
        for wanted, known in ((label, self.vehicles), (departure, self.departures)):
            if wanted is not None and wanted not in known:
                problem = Problem(str(self.loaded.path), f"has no case '{wanted}'", f"known: {', '.join(known)}")
                raise ScenarioError(problem)
        return one_case(self.loaded.model, label, departure)

    def with_new_homes(self, homes: Mapping[str, int]) -> Place:
        """Return the place with so many homes more in some zones, as a development would add them.

        They are numbered after all others: whoever is there already leaves as without them.

        Parameters
        ----------
        homes
            How many, by the zone's name.
        """
        known = self.scenario.households
        model = type(known).model_validate({**dict(known), "new_homes": {**known.new_homes, **homes}})
        scenario = self.scenario.model_copy(update={"households": model})
        return Place(replace(self.loaded, model=scenario), self.workspace)

    def study(
        self,
        plans: str | Path | Iterable[str | Path] = (BASELINE,),
        *,
        vehicles: float | str | Iterable[float | str] = (),
        departures: str | Iterable[str] = (),
        seeds: Iterable[int] = (),
        sensitivity: bool = False,
        until: float | None = None,
        max_seeds: int = 30,
        fidelity: Literal["micro", "meso", "mixed"] = "micro",
        part: tuple[int, int] | None = None,
        engine: str = "local",
        jobs: int | None = None,
        on_progress: OnProgress | None = None,
        cancel: Cancel | None = None,
    ) -> Study:
        """Run plans and cases of the scenario side by side. Finished runs are never run again.

        Parameters
        ----------
        plans
            The plans; the first is the one that the others are compared with.
        vehicles, departures
            Which cases of the scenario, one or several; all where left out.
        seeds
            Which seeds (`range(1, 6)`: five); those of the scenario where left out.
        sensitivity
            Whether to run the middle case at ± 15 % lane capacity as well, with other signal programs where a queue
            stands at a signal, and with signals left on and with officers where a plan switches them off.
        until, max_seeds
            Add seeds until the 95 % interval of the 90 % clearance is this narrow (0.05 is ± 5 %), up to so many.
        fidelity
            SUMO's model: `micro`, or `meso` for a coarse look; `mixed`, with `until`, is `micro` with fewer
            seeds: the cases tell each other how much they vary, and coarse runs help where they can.
        part
            Only the n-th of m parts, for the tasks of a batch system that share a cache.
        engine, jobs
            What runs them (`local`, `serial`, `dask`, `dask://host:port`), and how many side by side; all cores when
            left out.
        on_progress
            Takes a `Progress` at each step, and at each simulated minute of each run.
        cancel
            Asked at the same times whether to end.

        Raises
        ------
        UserError
            An input is wrong.
        Cancelled
            It was called off. Finished runs are kept.
        """
        from evac.studied import Study  # noqa: PLC0415
        from evac.study import Precision, Selection  # noqa: PLC0415
        from evac.study.engines import cores, engine_of  # noqa: PLC0415

        if fidelity == "mixed" and not until:
            raise UserError(Problem("fidelity", "'mixed' adds runs until means are precise", "say how precise: until"))
        runner, watch = engine_of(engine, jobs or cores()), Watch(on_progress, cancel)
        selection = Selection(
            *_cases(vehicles, departures, seeds),
            sensitivity=sensitivity,
            fidelity=fidelity,
            part=part,
            until=Precision(until, max_seeds) if until else None,
        )
        laid = self.stages.lay(self.stages.plans(_several(plans)), watch)
        return Study(self, laid, selection, self.stages.run(laid, selection, runner, watch))

    def finished(
        self,
        plans: str | Path | Iterable[str | Path] = (BASELINE,),
        *,
        vehicles: float | str | Iterable[float | str] = (),
        departures: str | Iterable[str] = (),
        seeds: Iterable[int] = (),
        sensitivity: bool = False,
    ) -> Study:
        """Return the same study from what has been run already; what is missing is among its failures.

        Nothing is simulated. The parameters and errors are those of `study`.
        """
        from evac.studied import finished_study  # noqa: PLC0415
        from evac.study import Selection  # noqa: PLC0415

        selection = Selection(*_cases(vehicles, departures, seeds), sensitivity=sensitivity)
        return finished_study(self, _several(plans), selection, Watch())

    def reported(
        self,
        plans: Iterable[str | Path] = (),
        *,
        seeds: Iterable[int] = (),
        compare: tuple[str, str] | None = None,
        on_progress: OnProgress | None = None,
    ) -> Study:
        """Return the study that the place's report is of, from the finished runs. Nothing is simulated.

        Parameters
        ----------
        plans, seeds
            Another study: these plans (those of the report, else all, when left out), and these seeds.
        compare
            The plan that is shown, and the one that it is compared with; added to the plans where they aren't among
            them. Those of the report when left out.
        on_progress
            As for `study`.

        Raises
        ------
        UserError
            An input is wrong, or the study is one of the mesoscopic model.
        """
        from evac.studied import reported_study  # noqa: PLC0415

        return reported_study(self, plans, seeds, compare, Watch(on_progress))

    def finished_run(
        self,
        plan: str | Path = BASELINE,
        *,
        vehicles: float | str | None = None,
        departure: str | None = None,
        seed: int | None = None,
        on_progress: OnProgress | None = None,
    ) -> Run:
        """Return a finished run of a plan, of those that were simulated together with it. Nothing is simulated.

        Parameters
        ----------
        plan
            The plan.
        vehicles, departure, seed
            The case; the middle one by vehicles, and the first of the scenario, when left out.
        on_progress
            As for `study`.

        Raises
        ------
        UserError
            There is none; the message says what is missing.
        """
        from evac.studied import finished_run  # noqa: PLC0415
        from evac.study import Selection  # noqa: PLC0415

        selection = Selection(
            () if vehicles is None else (case_label(vehicles),),
            () if departure is None else (departure,),
            () if seed is None else (seed,),
            sensitivity=False,
        )
        return finished_run(self, plan, selection, Watch(on_progress))

    def search(
        self,
        *,
        officers: int,
        cones: int = 0,
        barricades: int = 0,
        plan: str | Path = BASELINE,
        city: str | Path | None = None,
        within_s: float | None = None,
        screen: Literal["micro", "meso"] = "micro",
        seeds: int = 8,
        seed: int | None = None,
        vehicles: float | str | None = None,
        departure: str | None = None,
        engine: str = "local",
        jobs: int | None = None,
        on_progress: OnProgress | None = None,
        cancel: Cancel | None = None,
    ) -> Search:
        """Search for the best plan that so many officers, cones and barricades can carry out (docs/search.md).

        Interrupted or out of time, the same search goes on from there. How far it is stands in
        `reports/<place>/search/progress.html`; the rest is written by `Search.write`.

        Parameters
        ----------
        officers, cones, barricades
            What there is.
        plan
            A plan that holds in any case; what it takes counts.
        city
            A file with what the city forbids, and how long it takes to set things up.
        within_s
            How long it may take (s); as long as it takes when left out.
        screen
            SUMO's model for the first look.
        seeds, seed
            How many seeds the best plans are simulated with, and the first of them.
        vehicles, departure
            The case; the scenario's middle one when left out.
        engine, jobs, on_progress, cancel
            As for `study`.

        Raises
        ------
        UserError
            An input is wrong, or no action is of use: then the reasons are told by kind.
        Cancelled
            It was called off. What has been simulated is kept.
        """
        from evac.searching import Wish, search_in  # noqa: PLC0415

        under = self.under(plan, vehicles=vehicles, departure=departure)
        rules = None if city is None else Path(city)
        wish = Wish(officers, cones, barricades, rules, within_s, screen, seeds, seed, engine, jobs)
        return search_in(self, under, wish, Watch(on_progress, cancel))

    def stress(
        self,
        plans: Iterable[str | Path],
        *,
        vehicles: float | str | None = None,
        departure: str | None = None,
        seeds: Iterable[int] = (),
        engine: str = "local",
        jobs: int | None = None,
        on_progress: OnProgress | None = None,
        cancel: Cancel | None = None,
    ) -> StressTest:
        """Run plans with something going wrong: officers, set-up, lanes of the ways out, exits, the hazard.

        Parameters
        ----------
        plans
            The plans.
        vehicles, departure
            The case, as for `under`.
        seeds, engine, jobs, on_progress, cancel
            As for `study`.

        Raises
        ------
        UserError
            An input is wrong.
        Cancelled
            It was called off. Finished runs are kept.
        """
        from evac.study import Selection  # noqa: PLC0415
        from evac.study.engines import cores, engine_of  # noqa: PLC0415
        from evac.varied import stress  # noqa: PLC0415

        wanted, runner = self.stages.plans(plans), engine_of(engine, jobs or cores())
        label, curve = self._case(vehicles, departure)
        selection = Selection((label,), (curve,), tuple(seeds), sensitivity=False)
        return stress(self.stages, wanted, selection, runner, Watch(on_progress, cancel))


def _several(given: Any) -> tuple[Any, ...]:
    """Return what was given, one or several of it; a word is one."""
    if isinstance(given, Iterable) and not isinstance(given, str):
        return tuple(given)
    return (given,)


def _cases(
    vehicles: float | str | Iterable[float | str], departures: str | Iterable[str], seeds: Iterable[int]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[int, ...]]:
    """Return the cases that are asked for: vehicles per household, departure curves and seeds."""
    if not isinstance(seeds, Iterable):
        raise UserError(Problem("seeds", f"{seeds} may be one seed, or so many", "[5] is the fifth, range(1, 6) five"))
    asked = tuple(seeds)
    if wrong := [seed for seed in asked if not isinstance(seed, Integral)]:
        raise UserError(Problem("seeds", f"{wrong[0]!r} is no whole number", "range(1, 6) are five seeds"))
    return tuple(map(case_label, _several(vehicles))), _several(departures), tuple(map(int, asked))
