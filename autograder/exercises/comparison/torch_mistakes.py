"""How students get the PyTorch exercises of the comparison chapter wrong."""

from .numpy_mistakes import mistake

CUT = (
    "Your values are right and no gradient flows. torch.tensor(…), .detach(), .data, NumPy and "
    "torch.no_grad() all give a tensor that doesn't know where it came from; nothing can be "
    "learned through it."
)
PROBABILITIES = (
    "Your answers are probabilities. The text asks for scores: cross-entropy does the softmax "
    "itself."
)
LOGARITHMS = (
    "Your answers are logarithms of probabilities. The text asks for the scores themselves."
)
NEVER_NEGATIVE = (
    "Your scores are never below 0: there is a ReLU after the last layer. A score may be any "
    "number."
)
BATCH_AXIS_LOST = (
    "With a single image you return (C,), where (1, C) is asked for. squeeze() without an "
    "axis takes away every axis of size 1, the batch too."
)

# --- training ------------------------------------------------------------------------------------

TRAINING, CLIP, STOP = "comparison-train", "comparison-clip", "comparison-early-stopping"
BACKWARD = "            loss.backward()\n"
CLIPPED = '            nn.utils.clip_grad_norm_(model.parameters(), settings["clip"])\n'
STEP = "            optimizer.step()\n"
TRAIN = (
    mistake(
        "gradients not clipped",
        "Your losses are those of training without clipping. One batch with a huge gradient is "
        "then enough to throw the weights far away. Clipping before the backward pass or after "
        "the step does nothing either.",
        CLIP,
        (CLIPPED, ""),
    ),
    mistake(
        "each number clipped by itself",
        "You cut off each number of the gradient by itself, which turns its direction. Clipping "
        "by norm makes the whole gradient shorter and keeps its direction.",
        CLIP,
        ("nn.utils.clip_grad_norm_(", "nn.utils.clip_grad_value_("),
    ),
    mistake(
        "each parameter clipped by itself",
        "You clip each parameter's gradient to the norm. The norm is that of all of them together.",
        CLIP,
        (
            CLIPPED,
            "            for parameter in model.parameters():\n"
            '                nn.utils.clip_grad_norm_(parameter, settings["clip"])\n',
        ),
    ),
    mistake(
        "gradients never set to zero",
        "PyTorch adds each backward pass to the gradients that are there. Yours pile up from "
        "batch to batch.",
        TRAINING,
        ("            optimizer.zero_grad()\n", ""),
    ),
    mistake(
        "gradients set to zero once an epoch",
        "You set the gradients to zero before each epoch. It has to be before each batch.",
        TRAINING,
        ("            optimizer.zero_grad()\n", ""),
        ("        total = 0.0\n", "        total = 0.0\n        optimizer.zero_grad()\n"),
    ),
    mistake(
        "the last weights kept",
        "Your losses are right, but the model is left with the weights of its last epoch. Early "
        "stopping gives back those of the best one. If you did keep them: state_dict() doesn't "
        "copy, and its tensors go on changing with the model.",
        STOP,
        ("    model.load_state_dict(weights)\n", ""),
    ),
    mistake(
        "never stopped early",
        "You train through all epochs, however long the validation loss has not fallen.",
        STOP,
        (
            '        elif epoch - history["best"] >= settings["patience"]:\n            break\n',
            "",
        ),
    ),
    mistake(
        "one epoch too patient",
        "You stop one epoch late. Count by hand with a patience of 1: how many epochs without a "
        "better loss does it take?",
        STOP,
        ('history["best"] >= settings["patience"]', 'history["best"] > settings["patience"]'),
    ),
    mistake(
        "compared with the epoch before",
        "You compare each validation loss with that of the epoch before. It has to be below the "
        "lowest so far.",
        STOP,
        (
            "        if valid < lowest:\n",
            '        if len(history["valid"]) < 2 or valid < history["valid"][-2]:\n',
        ),
    ),
    mistake(
        "chosen by the training loss",
        "You keep the epoch with the lowest training loss. A network that learns its rows by "
        "heart has that at the very end; what counts is what it does on rows that it hasn't seen.",
        STOP,
        ("valid < lowest:\n", 'history["train"][-1] < lowest:\n'),
        (
            'lowest, history["best"] = valid, epoch',
            'lowest, history["best"] = history["train"][-1], epoch',
        ),
    ),
    mistake(
        "rows in the same order in every epoch",
        "Your rows are never put into a new order, or into the same one before each epoch.",
        TRAINING,
        ("torch.randperm(len(x), generator=generator)", "torch.arange(len(x))"),
    ),
    mistake(
        "the generator made anew in each epoch",
        "You make the generator inside the loop, so that every epoch has the same order. Make it "
        "once.",
        TRAINING,
        (
            "        total = 0.0\n",
            "        total = 0.0\n"
            '        generator = torch.Generator().manual_seed(settings["seed"])\n',
        ),
    ),
    mistake(
        "the optimiser made anew in each epoch",
        "You make the optimiser inside the loop. Adam remembers past gradients; a new one in each "
        "epoch has forgotten them.",
        TRAINING,
        (
            "        total = 0.0\n",
            "        total = 0.0\n"
            "        optimizer = torch.optim.Adam(\n"
            '            model.parameters(), lr=settings["learning_rate"])\n',
        ),
    ),
    mistake(
        "the last, smaller batch left out",
        "Where the rows don't divide evenly, the rest makes a smaller batch. You leave it out.",
        TRAINING,
        (
            'split(settings["batch_size"]):\n',
            'split(settings["batch_size"]):\n'
            '            if len(rows) < settings["batch_size"] < len(x):\n'
            "                continue\n",
        ),
    ),
    mistake(
        "batches averaged as if all were of one size",
        "You take the mean of the batches' losses. A smaller batch counts for fewer rows.",
        TRAINING,
        ("total += loss.item() * len(rows)", 'total += loss.item() * settings["batch_size"]'),
        (
            "total / len(x)",
            'total / (settings["batch_size"] * -(-len(x) // settings["batch_size"]))',
        ),
    ),
    mistake(
        "validated in training mode",
        "You validate with dropout at work, so the loss is another one each time. A model has a "
        "mode for training and one for evaluation.",
        TRAINING,
        ("        model.eval()\n        with", "        with"),
        (
            "    model.load_state_dict(weights)\n",
            "    model.load_state_dict(weights)\n    model.eval()\n",
        ),
    ),
    mistake(
        "never in evaluation mode",
        "Your model stays in training mode: dropout is at work while you validate and is still on "
        "when the model comes back.",
        TRAINING,
        ("        model.eval()\n        with", "        with"),
    ),
    mistake(
        "trained in evaluation mode",
        "After the first epoch the model stays in evaluation mode, so that dropout no longer "
        "works in training. A mode stays until another one is set.",
        TRAINING,
        ("        model.train()\n", ""),
        ("    for epoch in", "    model.train()\n    for epoch in"),
    ),
    mistake(
        "the truth first, the answers second",
        "You hand the loss function the truth first. For a mean squared error it is all the same; "
        "any loss that takes probabilities or scores is another then.",
        TRAINING,
        ("loss_function(model(x[rows]), y[rows])", "loss_function(y[rows], model(x[rows]))"),
        ("loss_function(model(x_valid), y_valid)", "loss_function(y_valid, model(x_valid))"),
    ),
    mistake(
        "the last of equal epochs",
        "Where the lowest loss comes twice, you keep the later epoch, and your patience begins "
        "anew. Only a loss below the lowest one counts.",
        STOP,
        ("if valid < lowest:", "if valid <= lowest:"),
    ),
    mistake(
        "losses kept as tensors",
        "Your numbers are right, but your training losses are tensors, and each keeps the graph of "
        "its whole batch alive. The text asks for floats: .item() makes one.",
        TRAINING,
        ("total += loss.item() * len(rows)", "total += loss * len(rows)"),
    ),
    mistake(
        "plain gradient descent",
        "Your steps are those of SGD. The text asks for Adam.",
        TRAINING,
        ("torch.optim.Adam(model", "torch.optim.SGD(model"),
    ),
)

# --- characters ----------------------------------------------------------------------------------

GENERATE_AT = "comparison-generate"
CHARACTERS = "comparison-characters"
RETURN_LOGITS = "return self.head(output), state"
CHAR_GRU = (
    mistake(
        "the state ignored",
        "Your network starts from zeros in every call, whatever state it is given. A text that is "
        "read in pieces is then forgotten at every seam.",
        CHARACTERS,
        ("self.gru(self.embed(indices), state)", "self.gru(self.embed(indices))"),
    ),
    mistake(
        "the old state returned",
        "You return the state that came in. The new one is what the GRU returns beside its "
        "outputs.",
        CHARACTERS,
        (
            "output, state = self.gru(self.embed(indices), state)",
            "output, new = self.gru(self.embed(indices), state)\n"
            "        state = new if state is None else state * 1",
        ),
    ),
    mistake(
        "scores of the last step only",
        "You give scores after the last character. In training there is something to learn after "
        "each of them.",
        CHARACTERS,
        (RETURN_LOGITS, "return self.head(output[-1]), state"),
    ),
    mistake(
        "a softmax at the end",
        "Your answers are probabilities. Cross-entropy wants scores and does the softmax itself; "
        "done twice, it learns slowly and badly.",
        CHARACTERS,
        (RETURN_LOGITS, "return torch.softmax(self.head(output), dim=-1), state"),
    ),
    mistake(
        "a log-softmax at the end",
        LOGARITHMS,
        CHARACTERS,
        (RETURN_LOGITS, "return torch.log_softmax(self.head(output), dim=-1), state"),
    ),
    mistake(
        "batch_first with data that is time first",
        "Your GRU takes the first axis for the batch. Here it is time: the rows of the batch are "
        "read as one text after the other, and no shape tells you where T and B are equal.",
        CHARACTERS,
        ("num_layers)\n", "num_layers, batch_first=True)\n"),
    ),
    mistake(
        "one layer",
        "num_layers doesn't reach your GRU: it has one layer.",
        CHARACTERS,
        ("hidden_size, num_layers)\n", "hidden_size)\n"),
    ),
    mistake(
        "a bidirectional GRU",
        "A network that predicts what comes next must not read what comes next.",
        CHARACTERS,
        ("hidden_size, num_layers)\n", "hidden_size, num_layers, bidirectional=True)\n"),
    ),
    mistake(
        "a tanh too many",
        "You squeeze the GRU's outputs once more before the last layer.",
        CHARACTERS,
        (RETURN_LOGITS, "return self.head(torch.tanh(output)), state"),
    ),
    mistake(
        "the scores come without the state",
        "You return the scores alone. The next call needs the state.",
        CHARACTERS,
        (RETURN_LOGITS, "return self.head(output)"),
    ),
    mistake(
        "the scores cut off from the graph",
        CUT,
        CHARACTERS,
        (RETURN_LOGITS, "return self.head(output.detach()), state"),
    ),
)

READ = "logits, state = model(torch.tensor(unread)[:, None], state)"
GENERATE = (
    mistake(
        "the state not carried along",
        "Each character is read with a fresh state: your network knows one character and nothing "
        "before it.",
        GENERATE_AT,
        (READ, "logits, _ = model(torch.tensor(unread)[:, None], None)"),
    ),
    mistake(
        "only the last character of the start read",
        "Your network reads the end of the start and not the rest.",
        GENERATE_AT,
        ("state, unread = None, indices", "state, unread = None, indices[-1:]"),
    ),
    mistake(
        "only the first character of the start read",
        "Your network reads the first character of the start and not the rest.",
        GENERATE_AT,
        ("state, unread = None, indices", "state, unread = None, indices[:1]"),
    ),
    mistake(
        "the whole text read again with the state of all of it",
        "At each character your network reads the whole text once more and starts from a state "
        "that knows it already.",
        GENERATE_AT,
        ("unread = [chosen]", "unread = indices"),
    ),
    mistake(
        "without the start",
        "You return the new characters alone. The text asks for start and what follows it.",
        GENERATE_AT,
        ("for k in indices)", "for k in indices[len(start) :])"),
    ),
    mistake(
        "length counts the start",
        "You stop when start and new characters together have the length. It is the number of "
        "new ones.",
        GENERATE_AT,
        ("range(length)", "range(length - len(start))"),
    ),
    mistake(
        "one character too many",
        "Your text has one character more than was asked for.",
        GENERATE_AT,
        ("range(length)", "range(length + 1)"),
    ),
    mistake(
        "the temperature not handed on",
        "You draw at temperature 1, whatever temperature is given.",
        GENERATE_AT,
        ("rng, temperature, top_k)", "rng, 1.0, top_k)"),
    ),
    mistake(
        "top_k not handed on",
        "You draw from all characters, whatever top_k is given.",
        GENERATE_AT,
        ("rng, temperature, top_k)", "rng, temperature)"),
    ),
    mistake(
        "always greedy",
        "You take the likeliest character at every temperature.",
        GENERATE_AT,
        ("rng, temperature, top_k)", "rng, 0)"),
    ),
    mistake(
        "scores after the first character",
        "After the start you take the scores that follow its first character. Those that follow "
        "its last are at the other end of time.",
        GENERATE_AT,
        ("logits[-1, 0]", "logits[0, 0]"),
    ),
    mistake(
        "the chosen character never read",
        "Your network never reads what was chosen: it reads the last character of the start again "
        "and again.",
        GENERATE_AT,
        ("unread = [chosen]", "unread = unread[-1:]"),
    ),
)

# --- forecasts -----------------------------------------------------------------------------------

FORECAST = "comparison-forecaster"
ENTERS = "self.gru((x - last).T.unsqueeze(-1))"
ANSWER = "return last + self.head(h_n[-1])"
FORECASTER = (
    mistake(
        "the last value not added",
        "Your network answers with the change. The forecast is the last value and the change.",
        FORECAST,
        (ANSWER, "return self.head(h_n[-1])"),
    ),
    mistake(
        "the last value not taken away",
        "Your network sees the level of the price. It has met other levels in training than it "
        "will meet later.",
        FORECAST,
        (ENTERS, "self.gru(x.T.unsqueeze(-1))"),
    ),
    mistake(
        "the first value taken away",
        "You measure from the oldest value of the window. The text asks for the last one.",
        FORECAST,
        ("last = x[:, -1:]", "last = x[:, :1]"),
    ),
    mistake(
        "the mean taken away",
        "You measure from the mean of the window. The text asks for its last value.",
        FORECAST,
        ("last = x[:, -1:]", "last = x.mean(dim=1, keepdim=True)"),
    ),
    mistake(
        "the window read backwards",
        "Your network reads from the newest value to the oldest.",
        FORECAST,
        (ENTERS, "self.gru((x - last).flip(1).T.unsqueeze(-1))"),
    ),
    mistake(
        "windows read as steps",
        "Your network takes the windows for steps in time and the values of a window for rows of "
        "a batch. The GRU wants time first.",
        FORECAST,
        (ENTERS, "self.gru((x - last).unsqueeze(-1))"),
        (ANSWER, "return last + self.head(_[:, -1])"),
    ),
    mistake(
        "the first output taken",
        "You take what the GRU says after its first step. What it knows of the whole window it "
        "says after the last.",
        FORECAST,
        ("_, h_n", "h_n, _"),
        ("h_n[-1]", "h_n[0]"),
    ),
    mistake(
        "the mean of all outputs taken",
        "You take the mean of what the GRU says at all steps. The text asks for the last hidden "
        "state.",
        FORECAST,
        ("_, h_n", "h_n, _"),
        ("h_n[-1]", "h_n.mean(dim=0)"),
    ),
    mistake(
        "the last value taken away in the end",
        "You take the last value away once more where it is to be added.",
        FORECAST,
        (ANSWER, "return self.head(h_n[-1]) - last"),
    ),
    mistake(
        "differences for the input",
        "Your network reads the changes from value to value. The text asks for the values, "
        "measured from the last one.",
        FORECAST,
        (ENTERS, "self.gru(x.diff(dim=1).T.unsqueeze(-1))"),
    ),
    mistake(
        "the forecast cut off from the graph", CUT, FORECAST, ("h_n[-1])", "h_n[-1].detach())")
    ),
)

# --- digits --------------------------------------------------------------------------------------

DIGITS = "comparison-digits"
READS = "self.rnn(images.transpose(0, 1))"
SCORES = "return self.head(output[-1])"
UNKNOWN = (
    "        if cell not in kinds:\n"
    "            raise ValueError(f\"cell must be one of {', '.join(kinds)}; it is {cell!r}\")\n"
)
DIGIT_RNN = (
    mistake(
        "columns read for rows",
        "Your network reads the image column by column, from left to right.",
        DIGITS,
        (READS, "self.rnn(images.permute(2, 0, 1))"),
    ),
    mistake(
        "images read as steps",
        "Your network takes the images for steps in time: each image's answer depends on the "
        "images before it. Time must come first, and time is the rows.",
        DIGITS,
        (READS, "self.rnn(images)"),
        (SCORES, "return self.head(output[:, -1])"),
    ),
    mistake(
        "the first output taken",
        "You take what the network says after the first row.",
        DIGITS,
        (SCORES, "return self.head(output[0])"),
    ),
    mistake(
        "time and batch exchanged",
        "Your network takes the images for steps in time, so you get a row of scores for each row "
        "of an image. The axis that comes first must be that of the steps: the rows.",
        DIGITS,
        (READS, "self.rnn(images)"),
    ),
    mistake(
        "the mean of all outputs taken",
        "You take the mean of what the network says after all rows. The text asks for the last "
        "hidden state.",
        DIGITS,
        (SCORES, "return self.head(output.mean(dim=0))"),
    ),
    mistake(
        "scores at every row",
        "You give scores after each row. The text asks for those after the last.",
        DIGITS,
        (SCORES, "return self.head(output)"),
    ),
    mistake(
        "the cell state for the hidden state",
        "For an LSTM you take c, the belt. What an LSTM shows is h.",
        DIGITS,
        (
            "output, _ = self.rnn(images.transpose(0, 1))",
            "output, state = self.rnn(images.transpose(0, 1))\n"
            "        if isinstance(state, tuple):\n"
            "            output = state[1]",
        ),
    ),
    mistake(
        "read from the bottom",
        "Your network reads from the bottom row to the top one.",
        DIGITS,
        (READS, "self.rnn(images.transpose(0, 1).flip(0))"),
    ),
    mistake(
        "a softmax at the end",
        PROBABILITIES,
        DIGITS,
        (SCORES, "return torch.softmax(self.head(output[-1]), dim=-1)"),
    ),
    mistake(
        "a sigmoid at the end",
        "Your answers lie between 0 and 1. The text asks for scores.",
        DIGITS,
        (SCORES, "return torch.sigmoid(self.head(output[-1]))"),
    ),
    mistake(
        "a GRU for every cell",
        "Your network is a GRU whatever cell says.",
        DIGITS,
        ("kinds[cell](columns", "nn.GRU(columns"),
    ),
    mistake(
        "any other cell taken for one of the three",
        "Your networks are right. For a cell that is none of the three, you build one all the "
        "same: who mistypes a name trains the wrong network and never hears of it.",
        DIGITS,
        (UNKNOWN, ""),
        ("kinds[cell](columns", "kinds.get(cell, nn.GRU)(columns"),
    ),
    mistake(
        "a KeyError for any other cell",
        "Your networks are right. For a cell that is none of the three, your dict raises a "
        "KeyError on the way. The text asks for a ValueError, which says that the value is what is "
        "wrong; a KeyError could come from anywhere.",
        DIGITS,
        (UNKNOWN, ""),
    ),
    mistake(
        "a plain RNN with relu",
        "Your plain RNN squeezes with relu. nn.RNN's own choice is tanh, and nothing else is "
        "asked for.",
        DIGITS,
        (
            "self.rnn = kinds[cell](columns, hidden_size)",
            "more = {'nonlinearity': 'relu'} if cell == 'rnn' else {}\n"
            "        self.rnn = kinds[cell](columns, hidden_size, **more)",
        ),
    ),
    mistake(
        "the scores cut off from the graph", CUT, DIGITS, ("output[-1])", "output[-1].detach())")
    ),
)

DNN = "comparison-dnn"
FLAT = "images.flatten(1)"
BENT = "torch.relu(self.hidden(images.flatten(1)))"
CLASSIFIED = "return self.head(torch.relu(self.hidden(images.flatten(1))))"
DIGIT_DNN = (
    mistake(
        "no relu between the layers",
        "Nothing bends the numbers between your two layers. Two linear layers in a row can say no "
        "more than a single one.",
        DNN,
        (BENT, "self.hidden(images.flatten(1))"),
    ),
    mistake(
        "a tanh for the relu",
        "You squeeze with tanh between the layers. The text asks for a ReLU.",
        DNN,
        ("torch.relu(", "torch.tanh("),
    ),
    mistake(
        "a sigmoid for the relu",
        "You squeeze with a sigmoid between the layers. The text asks for a ReLU.",
        DNN,
        ("torch.relu(", "torch.sigmoid("),
    ),
    mistake(
        "a relu after the last layer",
        NEVER_NEGATIVE,
        DNN,
        (CLASSIFIED, "return torch.relu(self.head(torch.relu(self.hidden(images.flatten(1)))))"),
    ),
    mistake(
        "pixels squeezed before the first layer",
        "You send the pixels themselves through a ReLU. The text has one between the two layers, "
        "and nowhere else.",
        DNN,
        (FLAT, "torch.relu(images.flatten(1))"),
    ),
    mistake(
        "pixels divided",
        "You divide the pixels by 16. Scaling belongs to the data; the network takes images as "
        "they are.",
        DNN,
        (FLAT, "images.flatten(1) / 16"),
    ),
    mistake(
        "made for images of 8 by 8",
        "Your first layer expects 64 pixels, whatever the images are. Their height and width are "
        "given.",
        DNN,
        ("nn.Linear(rows * columns", "nn.Linear(64"),
    ),
    mistake(
        "a lazy layer",
        "nn.LazyLinear has no weights until it has seen an image, so none can be loaded into it. "
        "How many pixels has an image? rows and columns say it.",
        DNN,
        ("nn.Linear(rows * columns, hidden_size)", "nn.LazyLinear(hidden_size)"),
    ),
    mistake(
        "column after column",
        "You put the columns end to end. The text asks for row after row, which is the order in "
        "which the pixels lie already.",
        DNN,
        (FLAT, "images.transpose(1, 2).flatten(1)"),
    ),
    mistake(
        "pixels of several images mixed",
        "Each of your flat rows has pixels of several images. A recurrent network wants the steps "
        "first; here the batch comes first and stays there.",
        DNN,
        (FLAT, "images.transpose(0, 1).reshape(len(images), -1)"),
    ),
    mistake(
        "the batch flattened too",
        "You put all images end to end, and the layer gets the pixels of the whole batch as one "
        "row. Which axes belong to one image?",
        DNN,
        (FLAT, "images.flatten()"),
    ),
    mistake(
        "images not flattened",
        "Your first layer gets images that are still of two axes. A linear layer works on the last "
        "axis alone, so it sees one row of pixels at a time.",
        DNN,
        (FLAT, "images"),
    ),
    mistake(
        "the batch axis lost with one image",
        BATCH_AXIS_LOST,
        DNN,
        (CLASSIFIED, "return self.head(torch.relu(self.hidden(images.flatten(1)))).squeeze()"),
    ),
    mistake(
        "a softmax at the end",
        PROBABILITIES,
        DNN,
        (CLASSIFIED, f"return torch.softmax(self.head({BENT}), dim=-1)"),
    ),
    mistake(
        "a log-softmax at the end",
        LOGARITHMS,
        DNN,
        (CLASSIFIED, f"return torch.log_softmax(self.head({BENT}), dim=-1)"),
    ),
    mistake("the scores cut off from the graph", CUT, DNN, (BENT, f"{BENT}.detach()")),
)

CNN = "comparison-cnn"
FIRST = "torch.relu(self.conv1(images.unsqueeze(1)))"
CHANNEL = "images.unsqueeze(1)"
POOLED = "functional.max_pool2d(maps, 2)"
SECOND = "torch.relu(self.conv2(smaller))"
JUDGED = "return self.head(seen.flatten(1))"
BORDER = "(1, channels, 3, padding=1)", "(channels, channels, 3, padding=1)"
PLACES = "channels * (rows // 2) * (columns // 2)"
DIGIT_CNN = (
    mistake(
        "no channel axis",
        "Your convolution gets (B, rows, columns) and takes the images of the batch for the "
        "channels of one image. A batch of images with one channel each has four axes.",
        CNN,
        (CHANNEL, "images"),
    ),
    mistake(
        "the channel axis at the end",
        "Your channel axis comes last. PyTorch wants it right after the batch, before rows and "
        "columns; other libraries have it last.",
        CNN,
        (CHANNEL, "images.unsqueeze(-1)"),
    ),
    mistake(
        "the images taken for channels",
        "You put the new axis in front of the batch: to the convolution that is one image with B "
        "channels. It belongs between the batch and the rows.",
        CNN,
        (CHANNEL, "images.unsqueeze(0)"),
    ),
    mistake(
        "no border",
        "Your windows stay inside the image, so that each convolution takes two rows and two "
        "columns away, and the last layer gets fewer numbers than it was made for.",
        CNN,
        (BORDER[0], "(1, channels, 3)"),
        (BORDER[1], "(channels, channels, 3)"),
    ),
    mistake(
        "the edge repeated for a border",
        "Your border repeats the pixels of the edge. The text asks for zeros, which is PyTorch's "
        "own choice.",
        CNN,
        (BORDER[0], "(1, channels, 3, padding=1, padding_mode='replicate')"),
        (BORDER[1], "(channels, channels, 3, padding=1, padding_mode='replicate')"),
    ),
    mistake(
        "no relu after the first convolution",
        "Nothing bends the numbers after your first convolution: negative ones get through "
        "wherever a whole block is negative.",
        CNN,
        (FIRST, "self.conv1(images.unsqueeze(1))"),
    ),
    mistake(
        "no relu after the second convolution",
        "Nothing bends the numbers between your second convolution and the last layer. Together "
        "they can say no more than a single linear layer.",
        CNN,
        (SECOND, "self.conv2(smaller)"),
    ),
    mistake(
        "a tanh for the relu",
        "You squeeze with tanh after the convolutions. The text asks for a ReLU.",
        CNN,
        (FIRST, "torch.tanh(self.conv1(images.unsqueeze(1)))"),
        (SECOND, "torch.tanh(self.conv2(smaller))"),
    ),
    mistake(
        "the mean of each block",
        "You take the mean of each block of four. Max pooling takes the largest: that something "
        "is there, wherever in the block.",
        CNN,
        ("functional.max_pool2d", "functional.avg_pool2d"),
    ),
    mistake(
        "one number of each block",
        "Of each block of four you keep the one at its upper left, whatever the others are. Max "
        "pooling keeps the largest.",
        CNN,
        (POOLED, "maps[:, :, : rows // 2 * 2 : 2, : columns // 2 * 2 : 2]"),
        ("maps = torch", "rows, columns = images.shape[1:]\n        maps = torch"),
    ),
    mistake(
        "pooling in steps of one",
        "Your blocks overlap: they move on by one place, so that the maps hardly get smaller. Let "
        "them stand side by side.",
        CNN,
        (POOLED, "functional.max_pool2d(maps, 2, stride=1)"),
    ),
    mistake(
        "pooled after the second convolution",
        "All sizes fit, but you pool after the second convolution. Pooling stands between the two, "
        "so that the second one sees a wider part of the image through windows of the same size.",
        CNN,
        (POOLED, "maps"),
        (SECOND, "functional.max_pool2d(torch.relu(self.conv2(smaller)), 2)"),
    ),
    mistake(
        "odd sides rounded up",
        "Where the number of rows or columns is odd, your last layer expects half of it rounded "
        "up. Pooling drops what makes no whole block.",
        CNN,
        (PLACES, "channels * -(-rows // 2) * -(-columns // 2)"),
    ),
    mistake(
        "a quarter of all pixels",
        "Your last layer expects a quarter of rows · columns from each map. Where a side is odd "
        "that is too many: each side is halved, and rounded down, by itself.",
        CNN,
        (PLACES, "channels * (rows * columns // 4)"),
    ),
    mistake(
        "a last layer for maps that were not pooled",
        "Your last layer expects maps as large as the image. After pooling, each side is half as "
        "long.",
        CNN,
        (PLACES, "channels * rows * columns"),
    ),
    mistake(
        "a last layer for a single map",
        "Your last layer expects the numbers of one map. Each of the K maps hands on its own.",
        CNN,
        (PLACES, "(rows // 2) * (columns // 2)"),
    ),
    mistake(
        "made for images of 8 by 8",
        "Your last layer expects maps of 4 by 4, whatever the images are. Their height and width "
        "are given.",
        CNN,
        (PLACES, "channels * 16"),
    ),
    mistake(
        "a lazy layer",
        "nn.LazyLinear has no weights until it has seen an image, so none can be loaded into it. "
        "Its size follows from rows, columns and channels: work it out.",
        CNN,
        (f"nn.Linear({PLACES}, classes)", "nn.LazyLinear(classes)"),
    ),
    mistake(
        "columns taken for rows",
        "Your images are turned over before the first convolution: rows have become columns.",
        CNN,
        (CHANNEL, "images.transpose(1, 2).unsqueeze(1)"),
    ),
    mistake(
        "place after place",
        "Your last layer gets all channels of the first place, then all of the second. The text "
        "asks for map after map, which is the order in which the numbers lie already.",
        CNN,
        (JUDGED, "return self.head(seen.permute(0, 2, 3, 1).flatten(1))"),
    ),
    mistake(
        "the batch flattened too",
        "You put the maps of all images end to end, and the last layer gets the whole batch as "
        "one row. Which axes belong to one image?",
        CNN,
        (JUDGED, "return self.head(seen.flatten())"),
    ),
    mistake(
        "the batch axis lost with one image",
        BATCH_AXIS_LOST,
        CNN,
        (JUDGED, "return self.head(seen.flatten(1)).squeeze()"),
    ),
    mistake(
        "a relu after the last layer",
        NEVER_NEGATIVE,
        CNN,
        (JUDGED, "return torch.relu(self.head(seen.flatten(1)))"),
    ),
    mistake(
        "a softmax at the end",
        PROBABILITIES,
        CNN,
        (JUDGED, "return torch.softmax(self.head(seen.flatten(1)), dim=-1)"),
    ),
    mistake(
        "a log-softmax at the end",
        LOGARITHMS,
        CNN,
        (JUDGED, "return torch.log_softmax(self.head(seen.flatten(1)), dim=-1)"),
    ),
    mistake(
        "the scores cut off from the graph",
        CUT,
        CNN,
        (JUDGED, "return self.head(seen.detach().flatten(1))"),
    ),
)

# --- bags of words -------------------------------------------------------------------------------

BAG = "comparison-bag"
MASK = "is_word = torch.arange(len(indices))[:, None] < lengths"
MEAN = "vectors.sum(dim=0) / lengths[:, None]"
BAG_OF_EMBEDDINGS = (
    mistake(
        "padding counted",
        "Your mean runs over all entries, padding too: the same text gives another answer when a "
        "longer one stands beside it.",
        BAG,
        (MEAN, "self.embed(indices).mean(dim=0)"),
    ),
    mistake(
        "divided by the longest length",
        "You sum over the words and divide by the number of steps. Each text has a length of its "
        "own.",
        BAG,
        (MEAN, "vectors.mean(dim=0)"),
    ),
    mistake(
        "padding summed, then divided by the true length",
        "You divide by the right length, but the sum still holds the padding.",
        BAG,
        (" * is_word[..., None]", ""),
    ),
    mistake(
        "the sum for the mean",
        "You take the sum of the words' vectors. A longer text then says the same, only louder.",
        BAG,
        (MEAN, "vectors.sum(dim=0)"),
    ),
    mistake(
        "index 0 taken for padding",
        "You take every 0 for padding. Here any index can be padding, and 0 can be a word: only "
        "the lengths tell.",
        BAG,
        (MASK, "is_word = indices != 0"),
    ),
    mistake(
        "one word too many",
        "You count the first entry after each text as a word. Of a text of length n the entries 0 "
        "to n − 1 are words.",
        BAG,
        ("[:, None] < lengths", "[:, None] <= lengths"),
    ),
    mistake(
        "the last word left out",
        "You leave out the last word of each text. Of a text of length n the entries 0 to n − 1 "
        "are words.",
        BAG,
        ("[:, None] < lengths", "[:, None] + 1 < lengths"),
    ),
    mistake(
        "the largest for the mean",
        "You take the largest number at each place of the vectors. A bag of embeddings takes the "
        "mean.",
        BAG,
        (
            MEAN,
            "vectors.masked_fill(~is_word[..., None], -torch.inf).max(dim=0).values",
        ),
    ),
    mistake(
        "the largest for the mean, padding as zeros",
        "You take the largest number at each place of the vectors, zeros of the padding included. "
        "A bag of embeddings takes the mean.",
        BAG,
        (MEAN, "vectors.max(dim=0).values"),
    ),
    mistake(
        "a relu between the layers",
        "You squeeze the mean before the last layer. This baseline has no such thing.",
        BAG,
        (MEAN, "torch.relu(vectors.sum(dim=0) / lengths[:, None])"),
    ),
    mistake(
        "a softmax at the end",
        "Your answers are probabilities. The text asks for scores.",
        BAG,
        (
            "return self.head(vectors.sum(dim=0) / lengths[:, None])",
            "return torch.softmax(self.head(vectors.sum(dim=0) / lengths[:, None]), dim=-1)",
        ),
    ),
    mistake(
        "the last word alone",
        "You look at the last word of each text alone. A bag holds all of them.",
        BAG,
        (MEAN, "vectors[lengths - 1, torch.arange(len(lengths))]"),
    ),
    mistake(
        "the scores cut off from the graph",
        CUT,
        BAG,
        ("self.head(vectors.sum(dim=0)", "self.head(vectors.sum(dim=0).detach()"),
    ),
)
