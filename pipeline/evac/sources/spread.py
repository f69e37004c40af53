"""Households and vehicles of block groups, shared out over their blocks.

**Which total.** A block's count of 2020 carries noise, added for confidentiality; that of a block group hardly does
(and blocks add up to it). The ACS has no blocks, is some years newer, and is a sample. So the ACS says how many
households a block group has and how many vehicles they have, and the census says how they are spread over its blocks:
each block group's households are those of B25044, shared out by the blocks' census counts (largest remainder). A block
group of which the ACS knows no household keeps its census counts. What was counted in 2020 stays in a column of its
own, and the provenance tells both totals, with the margin of error.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from evac.apportion import largest_remainder

VEHICLES = ("vehicles_0", "vehicles_1", "vehicles_2", "vehicles_3", "vehicles_4", "vehicles_5plus")
"""Columns of households by the vehicles available to them."""


def spread_over_blocks(blocks: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Share out the households and vehicles of block groups over their blocks (see the module's first lines).

    Parameters
    ----------
    blocks
        All blocks of some counties: `name`, `block_group`, `units` (housing units), `occupied` (households).
    groups
        By `block_group`: `total` (households) and `vehicles_0` … `vehicles_5plus`.

    Returns
    -------
    pandas.DataFrame
        A row a block: `name`, `households`, `vehicles_0` … `vehicles_5plus`, `vehicles_per_household`,
        `households_counted`, `block_group`.
    """
    usual = groups[list(VEHICLES)].sum().to_numpy()
    parts = [
        _spread(members.sort_values("name"), groups[groups.index == group], usual)
        for group, members in blocks.groupby("block_group", sort=True)
    ]
    return pd.concat(parts, ignore_index=True)


def _spread(blocks: pd.DataFrame, group: pd.DataFrame, usual: np.ndarray) -> pd.DataFrame:
    """Share out one block group; `group` is its row, or empty when the ACS doesn't have it."""
    counted = blocks["occupied"].to_numpy()
    total = int(group["total"].sum()) or int(counted.sum())
    households = largest_remainder(_weights(blocks), total)
    owned = group[list(VEHICLES)].sum().to_numpy()
    vehicles = _deal(largest_remainder(owned if owned.any() else usual, total), households)
    with np.errstate(invalid="ignore"):
        mean = vehicles @ np.arange(len(VEHICLES)) / households
    columns = {"name": blocks["name"].to_numpy(), "households": households}
    columns |= dict(zip(VEHICLES, vehicles.T, strict=True))
    columns |= {"vehicles_per_household": mean, "households_counted": counted}
    return pd.DataFrame(columns).assign(block_group=blocks["block_group"].iloc[0])


def _weights(blocks: pd.DataFrame) -> np.ndarray:
    """Return what households are shared out by: those of the census, else its housing units, else equally."""
    for column in ("occupied", "units"):
        weights = blocks[column].to_numpy()
        if weights.any():
            return weights
    return np.ones(len(blocks))


def _deal(classes: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Deal households of several classes to blocks, so that both totals hold and each block has its share of a class.

    The households of all classes are put in a row in which each class is spread evenly, and the blocks take theirs in
    turn (systematic sampling: Madow and Madow, 1944).

    Parameters
    ----------
    classes
        Households a class, shape (c,).
    sizes
        Households a block, shape (b,), the same in sum.

    Returns
    -------
    numpy.ndarray
        Households by block and class, shape (b, c).
    """
    kinds = np.repeat(np.arange(len(classes)), classes)
    places = np.concatenate([(np.arange(count) + 0.5) / count for count in classes if count] or [np.empty(0)])
    row = kinds[np.argsort(places, kind="stable")]
    dealt = np.zeros((len(sizes), len(classes)), dtype=np.int64)
    np.add.at(dealt, (np.repeat(np.arange(len(sizes)), sizes), row), 1)
    return dealt
