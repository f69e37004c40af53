"""The report: from a study's runs to one page, figures and result files."""

from __future__ import annotations

from evac.report.inputs import FailedRun, ReportInput, ReportRun
from evac.report.publish import write_report

__all__ = ["FailedRun", "ReportInput", "ReportRun", "write_report"]
