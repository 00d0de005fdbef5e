"""Where the comparison chapter of the book explains what: the page of each label."""

PAGES = {
    "structure": ("comparison-structure",),
    "counting": ("comparison-parameters", "comparison-operations", "comparison-memory"),
    "training": ("comparison-train", "comparison-clip", "comparison-early-stopping"),
    "adding": ("comparison-adding",),
    "agreement": ("comparison-agreement", "comparison-bag"),
    "digits": ("comparison-digits", "comparison-dnn", "comparison-cnn"),
    "characters": ("comparison-characters", "comparison-sampling", "comparison-generate"),
    "prices": ("comparison-windows", "comparison-naive", "comparison-forecaster"),
    "sru": ("comparison-sru",),
    "keras": ("comparison-keras",),
}

_PAGE_OF = {label: page for page, labels in PAGES.items() for label in labels}


def at(label):
    """The page and anchor of a label, below ``book/``.

    Parameters
    ----------
    label : str, one that stands in ``PAGES``

    Returns
    -------
    str such as ``"comparison/prices.html#comparison-naive"``
    """
    return f"comparison/{_PAGE_OF[label]}.html#{label}"
