"""Common random numbers: a uniform number for each vehicle and purpose, that nothing else can move.

A number depends on the seed, what it is for, and whom it is for: neither on the order in which numbers are drawn nor
on how many others are drawn. So two cases or plans differ by what they change, not by chance. They come from a hash
instead of a generator's stream, so they are also the same for every version of numpy.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np

_BITS = 53  # what a double holds exactly


def uniform(seed: int, purpose: str, keys: Iterable[str]) -> np.ndarray:
    """Return one number in the open interval (0, 1) for each key.

    Parameters
    ----------
    seed
        The replication's seed.
    purpose
        What the numbers are for; each purpose has its own, independent of the others.
    keys
        Whom they are for, such as the household's or the vehicle's name.
    """
    person = blake2b(f"{seed}/{purpose}".encode(), digest_size=16).digest()
    numbers = [
        int.from_bytes(blake2b(key.encode(), digest_size=8, key=person).digest()) >> (64 - _BITS) for key in keys
    ]
    return (np.array(numbers, dtype=np.float64) + 0.5) / 2.0**_BITS
