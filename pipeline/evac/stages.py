"""What the nouns of the façade stand on: the scenario prepared once, plans laid over it once, studies run on them.

For the modules of this package. What comes out are the stages' own objects, which may change with any release; whoever
only asks questions takes the tables of `place`, `under` and `outcome`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from evac.errors import Problem, ScenarioError
from evac.plans.reading import LoadedPlan, load_plan
from evac.scenario import LoadedScenario
from evac.sumo import cache_in
from evac.watching import Progress, Watch

if TYPE_CHECKING:
    from evac.study.cases import Selection
    from evac.study.prepare import Prepared
    from evac.study.runs import Study
    from evac.study.tasks import Engine
    from evac.study.under_plan import UnderPlan


@dataclass
class Stages:
    """The stages of one place, up to its studies. Safe to use from several threads.

    Parameters
    ----------
    loaded
        The scenario's file, read.
    workspace
        The folder with the cache and `reports/`.
    """

    loaded: LoadedScenario
    workspace: Path
    _lock: RLock = field(default_factory=RLock, repr=False)
    _prepared: Prepared | None = field(default=None, repr=False)
    _laid: dict[str, tuple[list[Any], UnderPlan]] = field(default_factory=dict, repr=False)

    @property
    def cache(self) -> Path:
        """The folder of what can be made again."""
        return cache_in(self.workspace)

    def plans(self, names: Iterable[str | Path]) -> list[LoadedPlan]:
        """Read plans, before any work is done, and refuse one that is there twice.

        Raises
        ------
        ScenarioError
            There is no such plan, or its file is wrong: all problems of one plan come in one message.
        """
        found = [load_plan(str(name), self.loaded.plans_folder) for name in names]
        keys = [plan.key for plan in found]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ScenarioError(Problem("plans", f"has {', '.join(map(repr, twice))} twice", "name each plan once"))
        return found

    def prepared(self, watch: Watch | None = None) -> Prepared:
        """Return the prepared scenario; it is made once, whoever asks first."""
        with self._lock:
            if self._prepared is None:
                from evac.report.settings import load_settings  # noqa: PLC0415

                load_settings(self.loaded.folder)  # a mistake in there is told before the long work
                watch = watch or Watch()
                watch.send(Progress("preparing", 0.0, "Preparing"))
                from evac.study.prepare import prepare  # noqa: PLC0415 - pandas and the rest take seconds to import

                self._prepared = prepare(self.loaded, self.cache, watch.preparing())
                for finding in self._prepared.unexpected:
                    watch.send(Progress("preparing", 1.0, f"Warning: {finding.text}", warning=True))
            return self._prepared

    def lay(self, plans: Sequence[LoadedPlan], watch: Watch | None = None) -> dict[str, UnderPlan]:
        """Lay plans over the place, each as its file was when it was read; the plans by their keys."""
        from evac.study.under_plan import under_plan  # noqa: PLC0415

        prepared, watch = self.prepared(watch), watch or Watch()
        found: dict[str, UnderPlan] = {}
        for number, plan in enumerate(plans):
            watch.send(Progress("laying plans", number / len(plans), f"Laying {plan.key} over the network"))
            with self._lock:
                document, known = plan.document(), self._laid.get(plan.key)
                if known is None or known[0] != document or known[1].plan != plan:
                    self._laid[plan.key] = document, under_plan(prepared, plan, self.cache)
                found[plan.key] = self._laid[plan.key][1]
        return found

    def run(self, laid: Mapping[str, UnderPlan], selection: Selection, engine: Engine, watch: Watch) -> Study:
        """Run a selection of the scenario's cases under plans that are laid over it."""
        from evac.study import run_study  # noqa: PLC0415
        from evac.study.cases import cases_of  # noqa: PLC0415
        from evac.study.dark_signals import beside_dark, other_control  # noqa: PLC0415

        prepared = self.prepared(watch)
        other = other_control(prepared, laid, selection, self.cache)
        watch.runs = len(cases_of(prepared.loaded.model, selection, str(self.loaded.path), [*laid])) + len(other.laid)
        study = run_study(prepared, laid, selection, self.cache, engine=engine, display=watch, aside=other.laid)
        return replace(study, dark=beside_dark(other, study, prepared, selection))

    def finished(self, laid: Mapping[str, UnderPlan], selection: Selection, watch: Watch | None = None) -> Study:
        """Return the same study from the finished runs; what is missing is among its failures."""
        from evac.report.from_cache import read_study  # noqa: PLC0415
        from evac.study.dark_signals import beside_dark, other_control  # noqa: PLC0415

        prepared = self.prepared(watch)
        other = other_control(prepared, laid, selection, self.cache)
        study = read_study(prepared, laid, selection, self.cache, other.laid)
        return replace(study, dark=beside_dark(other, study, prepared, selection))
