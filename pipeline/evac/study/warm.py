"""What a standing worker imports before its first run: `dask worker --preload evac.study.warm` (docs/cluster.md).

Without it the first run of each worker waits for these imports.
"""

from __future__ import annotations

import scipy.optimize
import scipy.signal
import scipy.stats  # noqa: F401 - the stages import these three when they draw

import evac.study.worker  # noqa: F401
