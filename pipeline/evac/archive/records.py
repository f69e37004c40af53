"""What the cache knows of studies: which jobs each asked for, and why runs failed.

`studies/<name>.json` is written when a study begins, and again when seeds are added: one record for the same selection
of cases under the same plans of the same place, the last start's; it keeps the jobs that earlier starts asked for, when
the place or a plan was another. It lets `evac status` and `evac clean` answer without preparing the scenario. Results
never depend on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evac.archive.basis import Basis
from evac.files import digest_json
from evac.seals import read_record, write_record

_FOLDER = "studies"
_FAILED = "failed"
_DIGITS = 12


@dataclass(frozen=True)
class Wanted:
    """A run that a study asks for: its job's digest, its case in words, and the parts of its case."""

    job: str
    name: str
    plan: str
    vehicles_per_household: str
    departure: str = ""


@dataclass(frozen=True)
class StudyRecord:
    """A study as it was last started.

    Parameters
    ----------
    place
        The place's short name, as of its report.
    basis
        What its runs stand on; the plans in the study's order.
    begun
        When it was last started (UTC).
    runs
        The runs, in the order of the matrix.
    folders
        Folders of the cache that its runs and its report need, such as `nets/<digest>`.
    selected
        Which cases were asked for: what tells it from another study of the same plans.
    earlier
        Jobs of finished runs that earlier starts asked for, and this one doesn't.
    """

    place: str
    basis: Basis
    begun: datetime
    runs: tuple[Wanted, ...]
    folders: tuple[str, ...]
    selected: Mapping[str, Any] = field(default_factory=dict)
    earlier: tuple[str, ...] = ()

    @property
    def jobs(self) -> set[str]:
        """The jobs that this start or an earlier one asked for."""
        return {*self.earlier, *(run.job for run in self.runs)}

    @property
    def plans(self) -> list[str]:
        """The keys of its plans."""
        return list(self.basis.plans)

    @property
    def name(self) -> str:
        """What the record is called: the place, and some digits that stand for the plans and the selection."""
        return f"{self.place}-{digest_json({'plans': sorted(self.plans), **self.selected})[:_DIGITS]}"

    def document(self) -> dict[str, Any]:
        """Return the record as plain JSON values."""
        return {**asdict(self), "begun": self.begun.isoformat()}


def note_study(cache: Path, record: StudyRecord) -> None:
    """Write down that a study has begun; finished runs of its earlier starts stay known."""
    path = cache / _FOLDER / f"{record.name}.json"
    before = read_record(path, _record)
    known = before.jobs - {run.job for run in record.runs} if before else set()
    earlier = tuple(sorted(job for job in known if (cache / "runs" / job).is_dir()))
    write_record(path, replace(record, earlier=earlier).document())


def read_studies(cache: Path) -> list[StudyRecord]:
    """Return the studies that the cache knows, the one started last first."""
    read = [read_record(path, _record) for path in (cache / _FOLDER).glob("*.json")]
    found = [record for record in read if record is not None]
    return sorted(found, key=lambda record: record.begun, reverse=True)


def forget_study(cache: Path, record: StudyRecord) -> None:
    """Remove a study's record; its runs stay."""
    (cache / _FOLDER / f"{record.name}.json").unlink(missing_ok=True)


def note_failure(cache: Path, job: str, message: str) -> None:
    """Write down why a run failed."""
    write_record(_failure(cache, job), {"message": message, "when": now().isoformat()})


def forget_failure(cache: Path, job: str) -> None:
    """Remove the note of a failure: the run has ended well since."""
    _failure(cache, job).unlink(missing_ok=True)


def failure_of(cache: Path, job: str) -> str | None:
    """Return why a job failed when it was last run; None when it didn't."""
    return read_record(_failure(cache, job), lambda content: str(content["message"]))


def now() -> datetime:
    """Return the time, to the second (UTC)."""
    return datetime.now(UTC).replace(microsecond=0)


def _failure(cache: Path, job: str) -> Path:
    return cache / _FAILED / f"{job}.json"


def _record(content: dict[str, Any]) -> StudyRecord:
    content["begun"] = datetime.fromisoformat(content["begun"])
    content["runs"] = tuple(Wanted(**item) for item in content["runs"])
    if "basis" not in content:  # older records had digests of the scenario file and of the plans only
        content["basis"] = {"plans": content.pop("plans")}
        del content["scenario"]
    content["basis"] = Basis(**content["basis"])
    for name in ("folders", "earlier"):
        content[name] = tuple(content.get(name, ()))
    return StudyRecord(**content)
