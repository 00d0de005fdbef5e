"""Where the GRU chapter of the book explains what: the page of each label."""

PAGES = {
    "one-gate": ("gru-one-gate", "gru-simplified"),
    "gates": ("gru-gates", "gru-reset", "gru-candidate"),
    "step": ("gru-step", "gru-blend", "gru-gate-order", "gru-two-biases", "gru-carry-state"),
    "conventions": ("gru-conventions", "gru-z-side", "gru-reset-place", "gru-converter"),
    "plain-rnn": ("gru-plain-rnn", "gru-hold-gates"),
    "shapes": ("gru-shapes", "gru-stacked", "gru-batch-first"),
    "sequence-models": ("gru-last-step", "gru-flattened", "gru-broken"),
    "backward": ("gru-backward", "gru-backward-sequence"),
}

_PAGE_OF = {label: page for page, labels in PAGES.items() for label in labels}


def at(label):
    """The page and anchor of a label, below ``book/``.

    Parameters
    ----------
    label : str, one that stands in ``PAGES``

    Returns
    -------
    str such as ``"gru/gates.html#gru-reset"``
    """
    return f"gru/{_PAGE_OF[label]}.html#{label}"
