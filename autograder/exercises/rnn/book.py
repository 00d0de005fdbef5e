"""Where the RNN chapter of the book explains what: the page of each label."""

PAGES = {
    "sequences": ("rnn-sequences", "rnn-five-shapes", "rnn-readout"),
    "unrolling": ("rnn-step", "rnn-two-biases", "rnn-carry-state", "rnn-unrolled"),
    "nn-rnn": ("rnn-cell", "rnn-stacked", "rnn-batch-first", "rnn-no-state"),
    "bptt": ("rnn-bptt", "rnn-bptt-step", "rnn-bptt-sum", "rnn-bptt-vectors"),
    "gradient-flow": ("rnn-gradient-flow", "rnn-jacobian", "rnn-bound"),
    "clipping": ("rnn-clipping",),
    "truncated": ("rnn-truncated", "rnn-detach"),
}

_PAGE_OF = {label: page for page, labels in PAGES.items() for label in labels}


def at(label):
    """The page and anchor of a label, below ``book/``.

    Parameters
    ----------
    label : str, one that stands in ``PAGES``

    Returns
    -------
    str such as ``"rnn/unrolling.html#rnn-step"``
    """
    return f"rnn/{_PAGE_OF[label]}.html#{label}"
