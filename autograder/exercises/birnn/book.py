"""Where the chapter on both directions explains what: the page of each label."""

PAGES = {
    "past": ("birnn-past", "birnn-ceiling", "birnn-forbidden"),
    "two-passes": (
        "birnn-two-passes",
        "birnn-turn-back",
        "birnn-merge",
        "birnn-two-networks",
        "birnn-reach",
    ),
    "final-states": ("birnn-final-states", "birnn-two-ends", "birnn-state-order"),
    "padding": ("birnn-padding", "birnn-mask", "birnn-turn-rows", "birnn-nan", "birnn-packing"),
    "missing-words": ("birnn-missing-words", "birnn-tagger", "birnn-loss", "birnn-measured"),
}

_PAGE_OF = {label: page for page, labels in PAGES.items() for label in labels}


def at(label):
    """The page and anchor of a label, below ``book/``.

    Parameters
    ----------
    label : str, one that stands in ``PAGES``

    Returns
    -------
    str such as ``"birnn/padding.html#birnn-mask"``
    """
    return f"birnn/{_PAGE_OF[label]}.html#{label}"
