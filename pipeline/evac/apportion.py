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
    shares: np.ndarray = np.floor(quotas).astype(np.int64)
    left = total - int(shares.sum())
    largest = np.argsort(-(quotas - shares), kind="stable")[:left]
    shares[largest] += 1
    return shares


def round_keeping_total(values: np.ndarray) -> np.ndarray:
    """Round to whole numbers that add up to the rounded total: down, and up where the fractions are largest.

    Values that are whole stay as they are.

    Parameters
    ----------
    values
        Non-negative numbers.

    Returns
    -------
    numpy.ndarray
        Integers, each less than 1 away from its value.
    """
    values = np.round(np.asarray(values, dtype=np.float64), 9)  # 0.1 + 0.2 and 0.3 have the same fraction
    shares = np.floor(values).astype(np.int64)
    left = int(np.floor(values.sum() + 0.5)) - int(shares.sum())
    shares[np.argsort(-(values - shares), kind="stable")[:left]] += 1
    return shares


def share_in_turn(weights: np.ndarray, total: int) -> np.ndarray:
    """Share a whole total in proportion to weights, evenly along their order (systematic sampling).

    Each share is its quota rounded down or up, as with the largest remainder. But where many weights are equal and
    there is too little for all, every second (third, ...) gets one rather than the first in the list.

    Parameters
    ----------
    weights
        Non-negative weights in an order in which neighbours stand together, at least one positive.
    total
        What is shared, 0 or more.

    Returns
    -------
    numpy.ndarray
        Integers, as many as there are weights, that add up to `total`.

    References
    ----------
    Madow and Madow, On the theory of systematic sampling, Annals of Mathematical Statistics 15 (1944).
    """
    upto = np.cumsum(np.asarray(weights, dtype=np.float64))
    if total and not upto[-1] > 0.0:
        raise ValueError("nothing to share by: no weight is positive")
    marks = np.floor(upto / (upto[-1] or 1.0) * total + 0.5)
    marks[-1] = total
    return np.diff(marks, prepend=0.0).astype(np.int64)
