"""Heavy measurements of the comparison chapter: run by ``make experiments``, kept in results/."""
