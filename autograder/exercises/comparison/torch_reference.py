"""What is right in the PyTorch part: training, and four small networks built on PyTorch's layers.

The docstrings are the texts that students read.
"""

import copy

import torch
from torch import nn
from torch.nn import functional

from autograder.reference.comparison import sample_next


def train(model, loss_function, x, y, x_valid, y_valid, settings):
    """Train a model with clipping and early stopping, and leave it with its best weights.

    The optimiser is ``torch.optim.Adam`` with the learning rate given and all else as it is. The
    rows are put into a new order before each epoch, with
    ``torch.randperm(N, generator=generator)``, where ``generator`` is one ``torch.Generator`` that
    is made once, with ``settings["seed"]``. In that order they are cut into batches of
    ``batch_size`` rows; the last batch may have fewer.

    * For each batch, in training mode (``model.train()``): gradients to zero, the loss, the
      backward pass, the gradients clipped to a total norm of ``clip`` (all parameters together, as
      ``nn.utils.clip_grad_norm_`` does it), a step of the optimiser.
    * After each epoch, in evaluation mode (``model.eval()``) and without gradients: the loss of
      all validation rows at once.
    * Stop when ``patience`` epochs in a row have had no validation loss below the lowest one
      before them, or after ``epochs`` epochs.
    * In the end the model has the weights of the epoch with the lowest validation loss (the first
      of them where several are equal), and is in evaluation mode.

    Parameters
    ----------
    model : nn.Module, called as ``model(x)``; changed in place
    loss_function : called as ``loss_function(answers, y)``; gives the mean over the rows
    x, y : tensors (N, ·), the training rows
    x_valid, y_valid : tensors (M, ·), the validation rows
    settings : dict with the keys ``"epochs"``, ``"batch_size"``, ``"learning_rate"``, ``"clip"``,
        ``"patience"`` and ``"seed"``

    Returns
    -------
    dict with the keys

    * ``"train"``: list of floats, for each epoch the mean training loss over all rows, from the
      losses of the batches as they were met (a smaller batch counts for fewer rows)
    * ``"valid"``: list of floats, the validation loss after each epoch
    * ``"best"``: int, the epoch whose weights the model has, counted from 0

    Examples
    --------
    >>> x = torch.linspace(-1, 1, 20)[:, None]
    >>> settings = {"epochs": 50, "batch_size": 5, "learning_rate": 0.1, "clip": 1.0,
    ...             "patience": 5, "seed": 0}
    >>> model = nn.Linear(1, 1)
    >>> history = train(model, nn.MSELoss(), x, 2 * x + 1, x, 2 * x + 1, settings)
    >>> history["valid"][history["best"]] < 0.01
    True
    """
    generator = torch.Generator().manual_seed(settings["seed"])
    optimizer = torch.optim.Adam(model.parameters(), lr=settings["learning_rate"])
    history = {"train": [], "valid": [], "best": 0}
    lowest, weights = float("inf"), None
    for epoch in range(settings["epochs"]):
        model.train()
        total = 0.0
        for rows in torch.randperm(len(x), generator=generator).split(settings["batch_size"]):
            optimizer.zero_grad()
            loss = loss_function(model(x[rows]), y[rows])
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), settings["clip"])
            optimizer.step()
            total += loss.item() * len(rows)
        history["train"].append(total / len(x))
        model.eval()
        with torch.no_grad():
            valid = loss_function(model(x_valid), y_valid).item()
        history["valid"].append(valid)
        if valid < lowest:
            lowest, history["best"] = valid, epoch
            weights = copy.deepcopy(model.state_dict())
        elif epoch - history["best"] >= settings["patience"]:
            break
    model.load_state_dict(weights)
    return history


class CharGRU(nn.Module):
    """A network that reads a text and says, after each character, what comes next.

    Parameters
    ----------
    vocabulary_size : int, V
    embedding_size : int, E
    hidden_size : int, H
    num_layers : int

    The module has three layers: ``embed``, an ``nn.Embedding`` that turns indices into vectors of
    E numbers; ``gru``, an ``nn.GRU`` on those; and ``head``, an ``nn.Linear`` that turns each
    output of the GRU into V scores.

    ``forward(indices, state=None)`` takes a tensor of whole numbers (T, B), time first, and the
    state (num_layers, B, H) that an earlier call returned, or None for zeros. It returns
    ``logits, state``: the scores after each character, a tensor (T, B, V) without a softmax, and
    the new state (num_layers, B, H).

    Examples
    --------
    >>> network = CharGRU(vocabulary_size=11, embedding_size=4, hidden_size=6)
    >>> logits, state = network(torch.zeros(5, 3, dtype=torch.long))
    >>> logits.shape, state.shape
    (torch.Size([5, 3, 11]), torch.Size([1, 3, 6]))
    """

    def __init__(self, vocabulary_size, embedding_size, hidden_size, num_layers=1):
        super().__init__()
        self.embed = nn.Embedding(vocabulary_size, embedding_size)
        self.gru = nn.GRU(embedding_size, hidden_size, num_layers)
        self.head = nn.Linear(hidden_size, vocabulary_size)

    def forward(self, indices, state=None):
        output, state = self.gru(self.embed(indices), state)
        return self.head(output), state


def generate(model, vocabulary, start, length, rng, temperature=1.0, top_k=None):
    """Let a character model go on with a text.

    First the model reads the whole of ``start``. Then, ``length`` times, your ``sample_next``
    chooses a character from the scores that follow the last character read, and the model reads
    it. The state is carried along all the time. (No gradients are needed: ``torch.no_grad()`` saves
    time here.)

    Parameters
    ----------
    model : as your ``CharGRU``: ``model(indices, state)`` takes whole numbers (T, B) and a state
        or None, and returns scores (T, B, V) and the new state; here B is 1
    vocabulary : str of V different characters; index k stands for ``vocabulary[k]``
    start : str, at least one character
    length : int, how many characters to add
    rng : numpy.random.Generator, handed on to ``sample_next``
    temperature, top_k : handed on to ``sample_next``

    Returns
    -------
    str: ``start`` and the ``length`` characters that follow it

    ``sample_next`` wants the scores as a NumPy array (V,).

    Examples
    --------
    >>> network = CharGRU(vocabulary_size=3, embedding_size=4, hidden_size=6)
    >>> text = generate(network, "abc", "ab", length=5, rng=np.random.default_rng(0))
    >>> len(text), text[:2]
    (7, 'ab')
    """
    indices = [vocabulary.index(character) for character in start]
    state, unread = None, indices
    with torch.no_grad():
        for _ in range(length):
            logits, state = model(torch.tensor(unread)[:, None], state)
            chosen = sample_next(logits[-1, 0].numpy(), rng, temperature, top_k)
            indices = [*indices, chosen]
            unread = [chosen]
    return "".join(vocabulary[k] for k in indices)


class Forecaster(nn.Module):
    """A forecast that starts from the naive one and learns what to add to it.

    The level of a price says little about what comes next, so the network never sees it: the last
    value of each window is taken away from the whole window first, and added to the answer in the
    end. Where the layers say 0, the forecast is the naive one.

    Parameters
    ----------
    hidden_size : int, H
    horizon : int, how many values to forecast

    The module has two layers: ``gru``, an ``nn.GRU`` with input size 1 and hidden size H, and
    ``head``, an ``nn.Linear`` from the GRU's last hidden state to ``horizon`` numbers.

    ``forward(x)`` takes windows as ``make_windows`` returns them, a tensor (N, window), and
    returns the forecast, a tensor (N, horizon).

    Examples
    --------
    >>> network = Forecaster(hidden_size=4, horizon=2)
    >>> network(torch.zeros(7, 12)).shape
    torch.Size([7, 2])
    """

    def __init__(self, hidden_size, horizon):
        super().__init__()
        self.gru = nn.GRU(1, hidden_size)
        self.head = nn.Linear(hidden_size, horizon)

    def forward(self, x):
        last = x[:, -1:]
        _, h_n = self.gru((x - last).T.unsqueeze(-1))
        return last + self.head(h_n[-1])


class DigitRNN(nn.Module):
    """A classifier that reads an image row by row, from top to bottom.

    Parameters
    ----------
    cell : str, ``"rnn"``, ``"gru"`` or ``"lstm"``
    columns : int, the width of the image: each row is one step's input
    hidden_size : int, H
    classes : int, C

    The module has two layers: ``rnn``, an ``nn.RNN``, ``nn.GRU`` or ``nn.LSTM`` as ``cell`` says,
    and ``head``, an ``nn.Linear`` from the last hidden state to C scores.

    ``forward(images)`` takes a tensor (B, rows, columns) and returns the scores, a tensor (B, C),
    without a softmax.

    Errors
    ------
    ValueError where ``cell`` is none of the three.

    Examples
    --------
    >>> network = DigitRNN("lstm", columns=8, hidden_size=16, classes=10)
    >>> network(torch.zeros(5, 8, 8)).shape
    torch.Size([5, 10])
    """

    def __init__(self, cell, columns, hidden_size, classes):
        super().__init__()
        kinds = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
        if cell not in kinds:
            raise ValueError(f"cell must be one of {', '.join(kinds)}; it is {cell!r}")
        self.rnn = kinds[cell](columns, hidden_size)
        self.head = nn.Linear(hidden_size, classes)

    def forward(self, images):
        output, _ = self.rnn(images.transpose(0, 1))
        return self.head(output[-1])


class DigitDNN(nn.Module):
    """A classifier that sees all pixels at once and doesn't know which of them are neighbours.

    Parameters
    ----------
    rows, columns : int, the height and the width of the images
    hidden_size : int, H
    classes : int, C

    The module has two layers: ``hidden``, an ``nn.Linear`` from all pixels of an image to H
    numbers, and ``head``, an ``nn.Linear`` from those to C scores. Give both their sizes when the
    network is made (no ``nn.LazyLinear``). Between the two, and nowhere else, is a ReLU, which
    makes every negative number 0.

    ``forward(images)`` takes a tensor (B, rows, columns) and returns the scores, a tensor (B, C),
    without a softmax. Before ``hidden``, the pixels of each image are put end to end as they are:
    row after row, from top to bottom. The batch stays the first axis, also where B is 1.

    Examples
    --------
    >>> network = DigitDNN(rows=8, columns=8, hidden_size=58, classes=10)
    >>> network(torch.zeros(5, 8, 8)).shape
    torch.Size([5, 10])
    >>> sum(p.numel() for p in network.parameters())
    4360
    """

    def __init__(self, rows, columns, hidden_size, classes):
        super().__init__()
        self.hidden = nn.Linear(rows * columns, hidden_size)
        self.head = nn.Linear(hidden_size, classes)

    def forward(self, images):
        return self.head(torch.relu(self.hidden(images.flatten(1))))


class DigitCNN(nn.Module):
    """A classifier that looks at an image through small windows, with the same weights everywhere.

    Parameters
    ----------
    rows, columns : int, the height and the width of the images, each at least 2, even or odd
    channels : int, K, how many maps each convolution makes
    classes : int, C

    The module has three layers: ``conv1`` and ``conv2``, two ``nn.Conv2d``, and ``head``, an
    ``nn.Linear`` to C scores. Give ``head`` its size when the network is made (no
    ``nn.LazyLinear``).

    ``forward(images)`` takes a tensor (B, rows, columns) and returns the scores, a tensor (B, C),
    without a softmax. From the pixels, as they are, to the scores:

    1. ``conv1`` makes K maps of one channel. Its windows are 3 by 3, with a border of one zero on
       every side, so that a map is as large as the image.
    2. A ReLU, which makes every negative number 0.
    3. Max pooling, 2 by 2: of each such block the largest number. Blocks don't overlap; where the
       number of rows or columns is odd, the last row or column is dropped, as ``nn.MaxPool2d(2)``
       does it.
    4. ``conv2`` makes K maps of K channels; windows and border as in ``conv1``.
    5. A ReLU.
    6. All numbers of an image end to end, map after map and each row after row, go into ``head``.

    The batch stays the first axis, also where B is 1.

    Examples
    --------
    >>> network = DigitCNN(rows=8, columns=8, channels=14, classes=10)
    >>> network(torch.zeros(5, 8, 8)).shape
    torch.Size([5, 10])
    >>> network.head
    Linear(in_features=224, out_features=10, bias=True)
    >>> sum(p.numel() for p in network.parameters())
    4168
    """

    def __init__(self, rows, columns, channels, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(1, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.head = nn.Linear(channels * (rows // 2) * (columns // 2), classes)

    def forward(self, images):
        maps = torch.relu(self.conv1(images.unsqueeze(1)))
        smaller = functional.max_pool2d(maps, 2)
        seen = torch.relu(self.conv2(smaller))
        return self.head(seen.flatten(1))


class BagOfEmbeddings(nn.Module):
    """A text classifier that knows no order: the mean of its words' vectors, and a linear layer.

    This is the heart of fastText's classifier. It is the baseline: a recurrent network that is no
    better has learned nothing from the order of the words.

    Parameters
    ----------
    vocabulary_size : int, V
    embedding_size : int, E
    classes : int, C

    The module has two layers: ``embed``, an ``nn.Embedding``, and ``head``, an ``nn.Linear`` from E
    numbers to C scores.

    ``forward(indices, lengths)`` takes texts of unequal lengths: ``indices``, whole numbers
    (T, B), time first, and ``lengths``, whole numbers (B,). Of column b the first ``lengths[b]``
    entries (at least one) are words; the rest is padding, which can be any index and must have no
    influence. It returns the scores, a tensor (B, C).

    Examples
    --------
    >>> network = BagOfEmbeddings(vocabulary_size=20, embedding_size=4, classes=2)
    >>> network(torch.zeros(5, 3, dtype=torch.long), torch.tensor([5, 2, 1])).shape
    torch.Size([3, 2])

    Source: Joulin et al. (2017), "Bag of tricks for efficient text classification".
    """

    def __init__(self, vocabulary_size, embedding_size, classes):
        super().__init__()
        self.embed = nn.Embedding(vocabulary_size, embedding_size)
        self.head = nn.Linear(embedding_size, classes)

    def forward(self, indices, lengths):
        is_word = torch.arange(len(indices))[:, None] < lengths
        vectors = self.embed(indices) * is_word[..., None]
        return self.head(vectors.sum(dim=0) / lengths[:, None])
