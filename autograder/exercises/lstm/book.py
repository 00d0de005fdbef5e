"""Where the LSTM chapter of the book explains what: the page of each label."""

PAGES = {
    "gates": ("lstm-gates", "lstm-sigmoid"),
    "weights": ("lstm-gate-order", "lstm-rows", "lstm-two-biases", "lstm-concatenated"),
    "step": ("lstm-step", "lstm-cell-update", "lstm-output", "lstm-carry-states"),
    "highway": ("lstm-highway",),
    "forget-bias": ("lstm-forget-bias", "lstm-forget-bias-torch"),
    "shapes": ("lstm-shapes", "lstm-stacked", "lstm-batch-first"),
    "module": ("lstm-module",),
    "backward": ("lstm-backward",),
}

_PAGE_OF = {label: page for page, labels in PAGES.items() for label in labels}


def at(label):
    """The page and anchor of a label, below ``book/``.

    Parameters
    ----------
    label : str, one that stands in ``PAGES``

    Returns
    -------
    str such as ``"lstm/gates.html#lstm-gates"``
    """
    return f"lstm/{_PAGE_OF[label]}.html#{label}"
