"""Whole numbers that keep their total: the largest remainder method."""

from __future__ import annotations

import numpy as np


def largest_remainder(weights: np.ndarray, total: int) -> np.ndarray:
    """Share a whole total in proportion to weights, so that the shares are whole and add up exactly.

    Each share is its quota rounded down; what is left goes, one each, to the largest remainders (the first of equals).

    Parameters
    ----------
    weights
        Non-negative weights, at least one of them positive unless `total` is 0.
    total
        What is shared, 0 or more.

    Returns
    -------
    numpy.ndarray
        Integers, as many as there are weights.

    Raises
    ------
    ValueError
        A weight is negative or not finite, or there is something to share and no positive weight.

    References
    ----------
    Balinski and Young, Fair Representation, 1982 (Hamilton's method).
    """
    weights = np.asarray(weights, dtype=np.float64)
    if total < 0 or not np.all(np.isfinite(weights)) or np.any(weights < 0.0):
        raise ValueError("weights and total must be finite and not negative")
    if total == 0:
        return np.zeros(len(weights), dtype=np.int64)
    if not np.any(weights > 0.0):
        raise ValueError("nothing to share by: no weight is positive")
    quotas = weights / weights.sum() * total
    shares = np.floor(quotas).astype(np.int64)
    left = total - int(shares.sum())
    largest = np.argsort(-(quotas - shares), kind="stable")[:left]
    shares[largest] += 1
    return shares
