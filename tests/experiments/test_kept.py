"""What the kept runs say about themselves, and the problems that they rest on."""

import hashlib
from functools import partial

import pytest
import torch

from autograder.exercises.comparison.torch_reference import DigitCNN, DigitDNN
from experiments import __main__ as command
from experiments import card, grammar
from experiments.__main__ import NAMES, main
from experiments.characters import TEXT, counting
from experiments.digits import CNN, DNN
from experiments.kept import RESULTS, kept, spread
from experiments.learning import CELLS, RATES, Bag, Reader, hidden_size


def compared(found):
    """Every network of a kept run: dicts with ``curves`` and ``tests``, at whatever depth."""
    if isinstance(found, dict):
        if "tests" in found:
            yield found
        else:
            for value in found.values():
                yield from compared(value)


@pytest.mark.parametrize("name", NAMES)
def test_a_kept_run_says_where_and_how_it_was_made(name):
    found = kept(name)
    assert found["command"] == f"python -m experiments {name}"
    assert found["machine"]["processor"] and found["machine"]["torch"] and found["seconds"] > 0
    for network in compared(found):
        assert len(network["tests"]) >= 5 and len(network["curves"]) == len(network["tests"])
        assert network["rate"] in RATES and network["parameters"] > 0


def test_no_result_is_left_over():
    assert {path.stem for path in RESULTS.glob("*")} == set(NAMES)
    assert sum(kept(name)["seconds"] for name in NAMES) < 3600


def test_the_text_is_the_one_that_was_measured():
    digest = hashlib.sha256(TEXT.read_bytes()).hexdigest()
    assert kept("characters")["settings"]["text"]["sha256"] == digest


def test_an_unknown_experiment_is_refused(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["nothing"])
    assert stopped.value.code == 2 and "no experiment 'nothing'" in capsys.readouterr().err


def test_without_a_graphics_card_its_run_is_refused_or_left_out(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(command, "RESULTS", tmp_path)
    monkeypatch.setattr(command, "NAMES", ("card",))
    with pytest.raises(SystemExit) as stopped:
        main(["card"])
    assert stopped.value.code == 2 and "no graphics card" in capsys.readouterr().err
    main([])
    assert "card: left out" in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_the_run_for_a_graphics_card_measures_what_was_kept(monkeypatch):
    """With small sizes, and on the processor: so far as that can tell, it works."""
    monkeypatch.setattr(torch.Tensor, "cuda", lambda tensor: tensor)
    monkeypatch.setattr(torch.nn.Module, "cuda", lambda module: module)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "none")
    monkeypatch.setattr(card, "on_card", partial(card.timed, clock=card.finished, repeats=1))
    monkeypatch.setattr(card, "HIDDEN", (4,))
    usual = card.sequences
    monkeypatch.setattr(card, "sequences", lambda T, B, I: usual(min(T, 3), min(B, 2), I))
    threads = torch.get_num_threads()
    try:
        found, before = card.run(), kept("card")
    finally:
        torch.set_num_threads(threads)
    assert found["settings"].keys() == before["settings"].keys()
    for part in ("cells", "loops", "processors"):
        assert found[part][0].keys() == before[part][0].keys()
        assert found[part][0]["milliseconds"].keys() == before[part][0]["milliseconds"].keys()
    for part in ("shapes", "rounding"):
        assert found[part].keys() == before[part].keys()
        assert found[part]["GRU"].keys() == before[part]["GRU"].keys()


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("both", [False, True])
def test_a_layer_spends_its_budget_and_no_more(cell, both):
    budget = 5000
    H = hidden_size(cell, 7, budget, both)
    sizes = [
        sum(p.numel() for p in CELLS[cell](7, H + more, bidirectional=both).parameters())
        for more in (0, 1)
    ]
    assert sizes[0] <= budget < sizes[1]
    assert Reader(cell, 7, 3, budget, both)(torch.zeros(4, 2, 7)).shape == (2, 3)


def test_sentences_agree_and_a_bag_cannot_see_it():
    generator = torch.Generator().manual_seed(1)
    for _ in range(50):
        words, many = grammar.agreement(generator, 3)
        assert (words[1] in grammar.MANY) == bool(many) and words[-1] == ","
        words, place, verb = grammar.missing(generator, 1, 2)
        assert words[place] == "___" and (words[1] in grammar.MANY) == bool(verb % 2)
        assert words[-1] == ("yesterday" if verb >= 2 else "today")
    x = grammar.one_hot([words])
    bag = Bag(len(grammar.WORDS), 2)
    torch.testing.assert_close(bag(x), bag(x.flip(0)))


def test_counting_knows_what_always_follows():
    text = "abcabcabc" * 50
    assert counting(text, "abcabc", 2, 3) < 0.1
    assert counting(text, "abcabc", 0, 3) == pytest.approx(1.585, abs=0.01)


def test_a_spread_is_written_once_where_there_is_none():
    assert spread([1, 1], "{:.1f}") == "1.0" and spread([1, -2, 3], "{:.0f}") == "1 (−2–3)"


@pytest.mark.parametrize(
    ("measured", "exercise"),
    [(DNN(), DigitDNN(8, 8, 58, 10)), (CNN(), DigitCNN(8, 8, 14, 10))],
    ids=["DNN", "CNN"],
)
def test_the_networks_that_were_measured_are_those_of_the_exercises(measured, exercise):
    weights = measured.state_dict().values()
    exercise.load_state_dict(dict(zip(exercise.state_dict(), weights, strict=True)))
    images = torch.rand(5, 8, 8)
    torch.testing.assert_close(exercise(images), measured(images.transpose(0, 1)))
