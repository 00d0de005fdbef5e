"""Slow motion: what it shows is what the reference computes, by keyboard, and without scripts."""

import json

import numpy as np
import pytest

from autograder.reference.gru import gru_step
from book.drawing import GRU, Motion
from book.drawing.motion import written

PAGE = "book/gru/gates.html"


def test_a_value_in_words_is_the_one_in_the_figure():
    runs = [{node.name: 0.25 for node in GRU.nodes}, {node.name: -0.5 for node in GRU.nodes}]
    motion = Motion(GRU, runs, [(["r"], "r is {r}, z is {z}."), (["z"], "</script>")], alt="a cell")
    assert [frame["says"] for frame in motion.frames] == [
        "Step 1. r is 0.25, z is 0.25.",
        "Step 1. </script>",
        "Step 2. r is −0.50, z is −0.50.",
        "Step 2. </script>",
    ]
    assert motion.data["given"] == ["h_prev", "x"]
    assert motion._repr_html_().count("</script>") == 1


@pytest.fixture
def page(browser, address, html):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/{PAGE}", wait_until="load")
    yield page
    context.close()


def shown(page):
    """The numbers in the figure by node, without those that are not there yet."""
    texts = page.locator(".motion [data-value]").evaluate_all(
        "all => all.map(text => [text.dataset.value, text.textContent])"
    )
    return {name: text for name, text in texts if text}


def test_it_plays_by_keyboard_and_shows_what_the_reference_computes(page):
    data = json.loads(page.locator(".motion script").text_content())
    says = page.locator(".motion-says")
    page.get_by_role("button", name="Next").focus()
    for number, frame in enumerate(data["frames"]):
        page.keyboard.press("Enter")
        assert says.text_content() == frame["says"], number
        values = shown(page)
        assert set(frame["nodes"]) <= set(values)
        right = data["values"][frame["step"] - 1]
        assert all(right[name] == text for name, text in values.items())
    assert page.get_by_role("button", name="Next").is_disabled()
    assert set(values) == {node.name for node in GRU.nodes}

    weights = [[-1.0], [1.0], [0.5]], [[1.0], [2.0], [3.0]], [0.5, 0.5, 0.0], [0.0, -0.5, -0.5]
    weights = [np.array(w) for w in weights]
    state = np.array([[0.5]])
    for run, number in zip(data["values"], (1.0, -2.0, 2.0), strict=True):
        assert run["x"] == written(number) and run["h_prev"] == written(state.item())
        state = gru_step(np.array([[number]]), state, *weights)
        assert run["h"] == written(state.item())

    page.get_by_role("button", name="Back").focus()
    page.keyboard.press("Enter")
    assert says.text_content() == data["frames"][-2]["says"]
    page.get_by_role("button", name="Start over").focus()
    page.keyboard.press("Enter")
    assert set(shown(page)) == set(data["given"])


def test_without_scripts_the_numbers_and_the_words_are_there(browser, address, html):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/{PAGE}", wait_until="load")
    assert page.locator(".motion [data-value]").count() == len(GRU.nodes)
    assert page.locator(".motion-controls").is_hidden()
    page.locator(".motion summary").click()
    assert page.locator(".motion li").first.is_visible()
    context.close()
