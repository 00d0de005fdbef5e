"""Hints that the chapters share: on sequences, and on which product is whose."""

STATE_MEETS_WEIGHT_IH = (
    "The product stops because the inner sizes don't fit: what meets weight_ih has H columns, as a "
    "state has, and weight_ih has a column for each of the I inputs. Look at both sides of each "
    "product: ih stands for input to hidden, hh for hidden to hidden."
)
INPUT_MEETS_WEIGHT_HH = (
    "The product stops because the inner sizes don't fit: what meets weight_hh has I columns, as "
    "an input has, and weight_hh has a column for each of the H units. Look at both sides of each "
    "product: ih stands for input to hidden, hh for hidden to hidden."
)
WEIGHT_FIRST = (
    "The product stops because the inner sizes don't fit: you put the weight on the left, as "
    "formulas do, where x is one column. Here x_t has a row for each example of the batch. Write "
    "the shapes side by side: what has to stand where, so that the I of both meet?"
)
OR_WEIGHT_HH = " And is it weight_ih, input to hidden, that meets x?"
STATE_FIRST = (
    "The step stops because the inner sizes don't fit: what it takes for the input has H columns, "
    "as a state has. Compare the order of the arguments in your call with the first line of the "
    "step."
)
ROW_BEFORE_THE_FIRST = (
    " If your step reads output[t - 1]: at t = 0 that is the last row, which is still zero then."
)
LIST_TOO_SHORT = (
    "A list of yours is asked for an item that it doesn't have, in a sequence of one step too. If "
    "your step reads output[t - 1]: at t = 0 nothing is in the list yet. What does the first step "
    "go on from?"
)
BATCH_FIRST = (
    "You take the batch for the first axis of x, and hand the output back in that form. Here time "
    "comes first in both: x[t] is the input of step t for the whole batch, of shape (B, I)."
)
OLD_GRAPH = (
    "PyTorch says “trying to backward through the graph a second time”, and where there is one "
    "chunk it doesn't. So what you call backward() on goes back into a chunk that has had its own "
    "backward() already. Something that your loop keeps, be it a state, a sum of losses, or an "
    "output made before the loop, still knows how it was computed. Between chunks, numbers are "
    "handed on and their history isn't."
)
