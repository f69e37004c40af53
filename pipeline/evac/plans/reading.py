"""Read and validate a plan: every problem of the file, and of those that it extends, in one message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from evac.errors import Mend, Problem, ScenarioError
from evac.files import is_file
from evac.inputs import digest_dataset
from evac.plans import BASELINE
from evac.plans.model import AnyAction, Plan, Resources, When
from evac.schema.demand import Measured
from evac.validation import missing_files, read_model


@dataclass(frozen=True)
class LoadedAction:
    """An action of a plan, and where it stands.

    Parameters
    ----------
    action
        The action.
    where
        File and key, for error messages.
    label
        What people call it.
    """

    action: AnyAction
    where: str
    label: str

    def span(self, when: When) -> tuple[str, float, float | None]:
        """Return its label, and from when until when it holds (s after the order; None: for ever)."""
        return self.label, 60.0 * when.ready_min, None if when.until_min is None else 60.0 * when.until_min


@dataclass(frozen=True)
class LoadedPlan:
    """A valid plan with the actions of those that it extends.

    Parameters
    ----------
    key
        The file's name without `.yaml`: what `--plan` takes, and what results call the plan.
    model
        The plan's own file.
    actions
        All actions, those of the extended plans first.
    """

    key: str
    model: Plan
    actions: tuple[LoadedAction, ...]

    @property
    def resources(self) -> Resources:
        """Return what all actions together take."""
        total = {
            name: sum(getattr(item.action.resources, name) for item in self.actions) for name in Resources.model_fields
        }
        return Resources(**total)

    @property
    def files(self) -> list[Path]:
        """The files that its actions name and that are read when it is laid over the net: polygons."""
        return sorted({path for item in self.actions for path in files_of(item.action)})

    def about(self, problem: Problem) -> Problem:
        """Return a problem with the actions that it is about, which its `where` begins with, one after the other."""
        named = problem.where.split("; ")
        found = (
            (number, item.label)
            for number, item in enumerate(self.actions)
            if any(where.startswith(item.where) for where in named)
        )
        return replace(problem, actions=tuple(found))

    def document(self) -> list[Any]:
        """Return the actions as plain JSON values, with the digest of each file instead of its path.

        That is what a run's result depends on: a file that has changed makes a new run, one that has moved doesn't.
        """
        return [content_of(item.action) for item in self.actions]


def files_of(value: Any) -> Iterator[Path]:
    """Yield the files that a part of a plan or scenario names, but for measured curves, which are read once."""
    if isinstance(value, Measured):
        return
    if isinstance(value, Path):
        yield value
    elif isinstance(value, BaseModel):
        yield from files_of([inner for _, inner in value])
    elif isinstance(value, Mapping):
        yield from files_of(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from files_of(item)


def content_of(value: Any) -> Any:
    """Return an action, or a part of a scenario, as plain JSON values.

    A file, such as a polygon or a curve, is told by its digest instead of its path.
    """
    if isinstance(value, Measured):
        return {"form": value.form, "file": value.digest}
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        return {field.alias or name: content_of(getattr(value, name)) for name, field in fields.items()}
    if isinstance(value, Mapping):
        return {key: content_of(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [content_of(item) for item in value]
    return digest_dataset(value) if isinstance(value, Path) else value


def load_plan(name: str, folder: Path) -> LoadedPlan:
    """Read a plan by its name, or by the path of its file.

    Parameters
    ----------
    name
        The file's name without `.yaml` in `folder`, or a path that ends so; `baseline` needs no file.
    folder
        `plans/<place>/`.

    Raises
    ------
    ScenarioError
        With a `Problem` for every key that is wrong, or when there is no such plan.
    """
    is_path = name.endswith((".yaml", ".yml"))
    if not is_path and (not name or Path(name).name != name):
        what = "expected a plan's file name without .yaml, or the path of a .yaml file"
        raise ScenarioError(Problem(f"plan '{name}'", what, _known(folder)))
    path = Path(name) if is_path else folder / f"{name}.yaml"
    if name == BASELINE and not is_file(path):
        return LoadedPlan(BASELINE, Plan(name="Baseline"), ())
    if not is_file(path):
        raise ScenarioError(Problem(f"plan '{name}'", f"there is no file {path}", _known(folder)))
    model, actions = _chain(path, ())
    if path.stem == BASELINE and actions:
        what = "the baseline must not change anything: all plans are compared with it"
        raise ScenarioError(Problem(actions[0].where, what, "give the file another name, such as plan.yaml"))
    return LoadedPlan(path.stem, model, actions)


def _known(folder: Path) -> str:
    return f"known plans in {folder}: {', '.join(plan_names(folder))}"


def plan_names(folder: Path) -> list[str]:
    """Return what `--plan` takes for the plans of a folder: the baseline first."""
    return [BASELINE, *sorted(item.stem for item in folder.glob("*.yaml") if item.stem != BASELINE)]


def _chain(path: Path, below: Sequence[Path]) -> tuple[Plan, tuple[LoadedAction, ...]]:
    """Return a plan and its actions, after those of the plan that it extends."""
    document, model = read_model(path, Plan)
    problems = missing_files(document, model)
    if problems:
        raise ScenarioError(problems)
    own = tuple(
        LoadedAction(item, f"{path}:{document.line_of(('actions', number))}: {item.do}", item.label or item.in_words())
        for number, item in enumerate(model.actions)
    )
    if model.extends is None:
        return model, own
    inherited = _inherited(path, model.extends, f"{path}:{document.line_of(('extends',))}", [*below, path.resolve()])
    unknown = sorted(set(model.without) - {item.label for item in inherited})
    if unknown:
        labels = "; ".join(item.label for item in inherited)
        where = f"{path}:{document.line_of(('without',))}"
        what = f"'without' names {', '.join(map(repr, unknown))}, which '{model.extends}' doesn't have"
        raise ScenarioError(Problem(where, what, f"its actions: {labels}"))
    kept = tuple(item for item in inherited if item.label not in model.without)
    taken = {item.label for item in kept}
    twice = [
        Problem(
            item.where,
            f"'{model.extends}' has an action with the label {item.label!r} too: both would hold",
            f"give this one another label, or leave the other out with 'without: [{item.label}]'",
            Mend.OTHER_NAME,
            keys=("actions", number, "label"),
        )
        for number, item in enumerate(own)
        if item.action.label in taken
    ]
    if twice:
        raise ScenarioError(twice)
    return model, (*kept, *own)


def _inherited(path: Path, extends: str, where: str, below: Sequence[Path]) -> tuple[LoadedAction, ...]:
    """Return the actions of the plan that another one extends; `below` has the files on the way there."""
    base = path.parent / f"{extends}.yaml"
    if not is_file(base):
        known = [name for name in plan_names(path.parent) if name not in (BASELINE, path.stem)]
        remedy = f"known here: {', '.join(known)}" if known else "there is no other plan in this folder: leave it out"
        raise ScenarioError(Problem(where, f"'extends': there is no plan '{extends}' ({base})", remedy))
    if base.resolve() in below:
        chain = " → ".join([*(item.stem for item in below), base.stem])
        raise ScenarioError(Problem(where, f"'extends': the plan extends itself ({chain})", "break the circle"))
    return _chain(base, below)[1]
