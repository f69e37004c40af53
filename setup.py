"""Puts the example into the wheel: scenario and plans of Balzers stand once in the repository, outside the package."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
EXAMPLE = ("scenarios/balzers", "plans/balzers")


class BuildWithExample(build_py):
    """Copies the example to `evac/example/`. An editable install has none: there it is where it stands."""

    def run(self) -> None:
        """Build the package, then add the example."""
        super().run()
        if not self.editable_mode:
            for folder in EXAMPLE:
                target = Path(self.build_lib, "evac", "example", folder)
                shutil.copytree(ROOT / folder, target, ignore=shutil.ignore_patterns("*.py"), dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithExample})
