"""Read and validate a plan: every problem of the file, and of those that it extends, in one message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evac.errors import Problem, ScenarioError
from evac.plan_words import action_words
from evac.schema.plan import AnyAction, Plan, Resources
from evac.validation import missing_files, read_model

BASELINE = "baseline"
"""The plan without changes; a file of this name may describe it, and must not change anything then."""


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

    def document(self) -> list[dict[str, Any]]:
        """Return the actions as plain JSON values: what a run's result depends on."""
        return [item.action.model_dump(mode="json", by_alias=True) for item in self.actions]


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
    path = Path(name) if name.endswith((".yaml", ".yml")) else folder / f"{name}.yaml"
    if name == BASELINE and not path.is_file():
        return LoadedPlan(BASELINE, Plan(name="Baseline"), ())
    if not path.is_file():
        known = ", ".join([BASELINE, *sorted(item.stem for item in folder.glob("*.yaml"))])
        raise ScenarioError(Problem(f"--plan {name}", f"there is no file {path}", f"known plans: {known}"))
    model, actions = _chain(path, ())
    if path.stem == BASELINE and actions:
        what = "the baseline must not change anything: all plans are compared with it"
        raise ScenarioError(Problem(str(path), what, "give the plan another name"))
    return LoadedPlan(path.stem, model, actions)


def _chain(path: Path, below: Sequence[Path]) -> tuple[Plan, tuple[LoadedAction, ...]]:
    """Return a plan and its actions, after those of the plan that it extends."""
    if path.resolve() in below:
        chain = " → ".join(item.stem for item in [*below, path])
        raise ScenarioError(Problem(str(path), f"extends itself ({chain})", "break the circle"))
    document, model = read_model(path, Plan)
    problems = missing_files(document, model)
    if problems:
        raise ScenarioError(problems)
    own = tuple(
        LoadedAction(
            item, f"{path}:{document.line_of(('actions', number))}: {item.do}", item.label or action_words(item)
        )
        for number, item in enumerate(model.actions)
    )
    if model.extends is None:
        return model, own
    base = path.parent / f"{model.extends}.yaml"
    if not base.is_file():
        known = ", ".join(sorted(item.stem for item in path.parent.glob("*.yaml") if item != path))
        where = f"{path}:{document.line_of(('extends',))}"
        raise ScenarioError(Problem(where, f"extends '{model.extends}', and there is no {base}", f"known: {known}"))
    inherited = _chain(base, [*below, path.resolve()])[1]
    unknown = sorted(set(model.without) - {item.label for item in inherited})
    if unknown:
        labels = "; ".join(item.label for item in inherited)
        where = f"{path}:{document.line_of(('without',))}"
        what = f"'without' names {', '.join(map(repr, unknown))}, which '{model.extends}' doesn't have"
        raise ScenarioError(Problem(where, what, f"its actions: {labels}"))
    return model, (*(item for item in inherited if item.label not in model.without), *own)
