"""The report: from a study's runs (`inputs`) to one page, figures and result files (`publish`).

Nothing is imported here: the map of the ways out, which `evac new` draws, needs none of what a report needs.
"""
