"""Right answers get full marks, wrong ones don't and are told why, whatever the inputs."""

import sys
import types

import jupytext
import numpy as np
import pytest

from autograder.checking.diagnosis import diagnose
from autograder.checking.exercise import Drawn, edited
from autograder.exercises import CHAPTERS
from autograder.reference.rnn import rnn_step

from .conftest import ROOT

SEEDS = range(20)


@pytest.mark.parametrize("seed", SEEDS)
def test_reference_and_alternatives_get_full_marks(exercise, seed):
    drawn = exercise.drawn(seed)
    for answer in (exercise.reference, *exercise.alternatives):
        verdict = exercise.judge(drawn, exercise.observe(answer, drawn.cases))
        assert verdict.status == "pass", f"{answer.__name__}: {verdict.finding}"
        assert verdict.points == exercise.points
        assert not verdict.hints


def fails_by_its_name(exercise, mistake, drawn):
    """Whether a mistake fails and is named on what was drawn, by its own name alone."""
    verdict = exercise.judge(drawn, drawn.observed(exercise.wrong[mistake.name]))
    # Two names would mean that the cases can't tell two mistakes apart.
    names = [hint["name"] for hint in verdict.hints]
    return verdict.status == "fail" and verdict.points < verdict.of and names == [mistake.name]


def test_every_mistake_fails_and_is_named(exercise):
    """One case can settle it: who fails there fails, and who differs there from another differs.

    So all cases are drawn on the first seed, and on the others where the one that settled it there
    doesn't.
    """
    settles = {}
    for seed in SEEDS:
        whole = exercise.drawn(seed)
        alone = [Drawn(exercise, [case]) for case in whole.cases]
        for mistake in exercise.mistakes:
            k = settles.get(mistake.name)
            if k is not None and fails_by_its_name(exercise, mistake, alone[k]):
                continue
            assert fails_by_its_name(exercise, mistake, whole), f"{mistake.name}, seed {seed}"
            if seed == SEEDS[0]:
                one = (k for k, d in enumerate(alone) if fails_by_its_name(exercise, mistake, d))
                settles[mistake.name] = next(one, None)


def test_the_solution_gets_full_marks(chapter, monkeypatch):
    monkeypatch.setitem(sys.modules, "check", types.SimpleNamespace(check=None))
    namespace = {"__name__": "__main__"}
    for cell in jupytext.read(ROOT / "solutions" / f"{chapter}.md", fmt="md:myst").cells:
        if cell.cell_type == "code":
            exec(cell.source, namespace)
    for exercise in CHAPTERS[chapter]:
        for seed in range(3):
            verdict = exercise.check(namespace[exercise.name], seed)
            assert verdict.status == "pass", f"{exercise.name}: {verdict.finding}"


def last_step_wrong(output, weight, bias, every_step=False):
    return (output if every_step else output[0]) @ weight.T + bias


RECORDS = [
    ("train_truncated", ("losses.append(loss.item())", "losses.append(loss.float().item())")),
    ("train", ("append(total / len(x))", "append(float(torch.tensor(total / len(x))))")),
]


@pytest.mark.parametrize("name, rounded", RECORDS)
def test_losses_in_float32_are_right_and_what_is_learned_is_not(name, rounded):
    (exercise,) = (e for exercises in CHAPTERS.values() for e in exercises if e.name == name)
    assert exercise.check(edited(exercise.reference, [rounded]), SEEDS[0]).status == "pass"
    weights = ("optimizer.step()", "optimizer.param_groups[0]['lr'] *= 1 + 1e-6; optimizer.step()")
    assert exercise.check(edited(exercise.reference, [weights]), SEEDS[0]).status == "fail"


PARTLY = [
    ("readout", last_step_wrong, 1),
    ("clip_grad_norm", "norm after clipping returned", 2),
    ("DigitRNN", "any other cell taken for one of the three", 2.5),
    ("train", "gradients not clipped", 5),
    ("train", "batches averaged as if all were of one size", 4),
    ("rnn_forward", "output backwards in time", 2),
    ("rnn_forward", "h_n of the first step", 3),
    ("gru_forward", "output backwards in time", 2),
    ("RNN", "layers in the order from top to bottom in h_n", 4.5),
    ("LSTM", "layers of h_n and c_n upside down", 5),
    ("LSTM", "every layer reads x", 4),
    ("LSTM", "batch_first for h_n and c_n too", 6),
    ("LSTM", "batch_first not undone", 6),
    ("RNN", "every layer starts from the state of layer 0", 3.5),
    ("GRU", "one layer's state for all layers", 3.5),
    ("GRU", "batch_first ignored", 5),
    ("GRURegressor", "state of the lowest layer", 1.5),
    ("BiGRU", "each direction stacked by itself", 2.5),
    ("BiLSTM", "final states after the padding", 4),
    ("bidirectional", "the backward pass begins in the padding", 3),
    ("CharGRU", "one layer", 1),
]


@pytest.mark.parametrize("name, wrong, points", PARTLY)
def test_a_mistake_costs_what_it_gets_wrong_and_no_more(name, wrong, points):
    (exercise,) = (e for exercises in CHAPTERS.values() for e in exercises if e.name == name)
    answer = exercise.wrong[wrong] if isinstance(wrong, str) else wrong
    assert exercise.check(answer, SEEDS[0]).points == points


TURN = "        if self.batch_first:\n            x = x.transpose(0, 1)\n"
STACK = "            x = torch.stack(output)\n"
TURN_EACH = "            x = x.transpose(0, 1) if self.batch_first else x\n"
TOGETHER = {
    "zeros where no state is given": [("new_zeros(len(self.cells),", "new_zeros(1,")],
    "batch_first": [(f"{TURN}        return", "        return"), (STACK, STACK + TURN_EACH)],
}


@pytest.mark.parametrize("says", TOGETHER)
@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_what_goes_wrong_in_several_layers_alone_is_seen_and_paid_for_once(name, says):
    (exercise,) = (e for exercises in CHAPTERS.values() for e in exercises if e.name == name)
    verdict = exercise.check(edited(exercise.reference, TOGETHER[says]), SEEDS[0])
    assert [part.says for part in verdict.parts if part.finding] == [says]


def test_two_mistakes_at_once_are_told_where_they_compose(exercise):
    drawn = exercise.drawn(0)
    for names, wrong in list(exercise.pairs.items())[::20]:
        verdict = exercise.judge(drawn, drawn.observed(wrong))
        # One can hide the other: then it is told alone.
        assert verdict.status == "fail" and verdict.hints, names


def row_before_the_first(x, h0, weight_ih, weight_hh, bias_ih, bias_hh):
    output = np.zeros((*x.shape[:2], h0.shape[1]))
    for t in range(len(x)):
        output[t] = rnn_step(x[t], output[t - 1], weight_ih, weight_hh, bias_ih, bias_hh)
    return output, output[-1]


def item_before_the_first(x, h0, weight_ih, weight_hh, bias_ih, bias_hh):
    output = []
    for t in range(len(x)):
        output.append(rnn_step(x[t], output[t - 1], weight_ih, weight_hh, bias_ih, bias_hh))
    return np.stack(output), output[-1]


def batch_first(x, h0, weight_ih, weight_hh, bias_ih, bias_hh):
    output, h = [], h0
    for t in range(x.shape[1]):
        h = rnn_step(x[:, t], h, weight_ih, weight_hh, bias_ih, bias_hh)
        output.append(h)
    return np.stack(output, 1), h


def exchanged(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    return np.tanh(h_prev @ weight_ih.T + x_t @ weight_hh.T + bias_ih + bias_hh)


def summed(network, readout, optimizer, x, target, h, chunk_size, max_norm):
    losses, total = [], 0
    for start in range(0, len(x), chunk_size):
        output, h = network(x[start : start + chunk_size], h.detach())
        loss = ((readout(output) - target[start : start + chunk_size]) ** 2).mean()
        total = total + loss
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, h.detach()


TOLD = [
    ("rnn_forward", row_before_the_first, "that is the last row"),
    ("rnn_forward", item_before_the_first, "nothing is in the list yet"),
    ("rnn_forward", batch_first, "time comes first in both"),
    ("rnn_step", exchanged, "what meets weight_ih has H columns"),
    ("train_truncated", summed, "a sum of losses"),
]


@pytest.mark.parametrize(
    "name, answer, says", TOLD, ids=lambda given: getattr(given, "__name__", "")
)
def test_what_is_told_is_what_went_wrong(name, answer, says):
    (exercise,) = (e for exercises in CHAPTERS.values() for e in exercises if e.name == name)
    drawn = exercise.drawn(SEEDS[0])
    seen = exercise.observe(answer, drawn.cases)
    (hint,) = exercise.judge(drawn, seen).hints
    assert says in hint["hint"]
    # At the student's side, pairs of mistakes come with few cases.
    assert diagnose(exercise.contract, seen, exercise.known(drawn)) == [hint]


def test_who_is_asked_to_change_a_module_is_not_told_to_make_a_new_one():
    (exercise,) = (e for e in CHAPTERS["lstm"] if e.name == "init_forget_bias")

    def init_forget_bias(lstm, value=1.0):
        lstm.bias_hh_l0[0] += value

    says = exercise.check(init_forget_bias, SEEDS[0]).finding.says
    assert "leaf Variable" in says and "make a new one" not in says


@pytest.mark.parametrize("name", ["lstm_step", "LSTMCell", "gru_step", "GRUCell"])
def test_swapped_gates_and_a_missing_bias_are_both_told(name):
    (exercise,) = (e for exercises in CHAPTERS.values() for e in exercises if e.name == name)
    drawn = exercise.drawn(0)
    swapped = [p for p in exercise.pairs if "order" in " ".join(p) and "bias_hh left out" in p]
    assert swapped
    for pair in swapped:
        hints = exercise.judge(drawn, drawn.observed(exercise.pairs[pair])).hints
        assert [hint["name"] for hint in hints] == sorted(pair, key=list(exercise.wrong).index)
