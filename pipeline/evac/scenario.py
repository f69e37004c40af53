"""Read and validate a scenario: every problem of the file in one message, before any work starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evac.errors import Problem, ScenarioError
from evac.schema.places import FoundExits
from evac.schema.scenario import Scenario
from evac.validation import missing_files, read_model
from evac.yaml_file import YamlFile

FILE_NAME = "scenario.yaml"


@dataclass(frozen=True)
class LoadedScenario:
    """A valid scenario and where it came from.

    Parameters
    ----------
    path
        The scenario file.
    model
        Its content; file names in it are relative to the working folder, no longer to the scenario file.
    """

    path: Path
    model: Scenario

    @property
    def folder(self) -> Path:
        """The folder of the scenario file."""
        return self.path.parent

    @property
    def place_id(self) -> str:
        """Short name for folders: the scenario's `report`, else the name of its folder."""
        return self.model.report or self.folder.resolve().name

    @property
    def workspace(self) -> Path:
        """The folder that holds `scenarios/<place>/`; for a scenario elsewhere, the working folder."""
        return self._project or Path.cwd()

    @property
    def plans_folder(self) -> Path:
        """`plans/<place>/` beside `scenarios/<place>/`; for a scenario elsewhere, `plans/` in its own folder."""
        return self._project / "plans" / self.folder.resolve().name if self._project else self.folder / "plans"

    @property
    def _project(self) -> Path | None:
        place = self.folder.resolve()
        return place.parents[1] if place.parent.name == "scenarios" else None


def load_scenario(path: Path) -> LoadedScenario:
    """Read a scenario file, or the `scenario.yaml` of a folder, and check all of it.

    Raises
    ------
    ScenarioError
        With a `Problem` for every key that is unknown, missing or wrong, and every file that isn't there.
    """
    path = path / FILE_NAME if path.is_dir() else path
    document, model = read_model(path, Scenario)
    if model.fetch is not None and model.ways_out is not None and not model.ways_out.is_file():
        model = model.model_copy(update={"ways_out": None})  # decided on the map that is fetched
    problems = [*missing_files(document, model, _fetchable(model)), *_unknown_exits(document, model)]
    if problems:
        raise ScenarioError(problems)
    return LoadedScenario(path, model)


def _fetchable(model: Scenario) -> set[Path]:
    """Return the files that are fetched when they aren't there."""
    if model.fetch is None:
        return set()
    zones = [model.households.zones.file]
    zones += [model.households.report_zones.file] if model.households.report_zones else []
    return {model.osm.file, *(zones if model.fetch.census else [])}


def _unknown_exits(document: YamlFile, model: Scenario) -> list[Problem]:
    """Return a problem for every exit that the choice of exits names and the scenario doesn't."""
    if isinstance(model.exits, FoundExits):
        return []  # their names are known when the network is
    names = [*(item.name for item in model.exits), *(item.name for item in model.refuges)]
    choice = model.exit_choice
    bound = [(("by_zone", zone), f"zone '{zone}' is assigned", name) for zone, name in choice.by_zone.items()]
    bound += [(("shares", name), "a share of the households is bound for", name) for name in choice.shares]
    remedy = f"known {'exits and refuges' if model.refuges else 'exits'}: {', '.join(names)}"
    return [
        Problem(f"{document.path}:{document.line_of(('exit_choice', *key))}", f"{what} unknown exit '{name}'", remedy)
        for key, what, name in bound
        if name not in names
    ]
