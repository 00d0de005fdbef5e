"""The thing to play with in the chapter on plain RNNs: what its script computes is the truth."""

import json

import numpy as np
import pytest

from autograder.reference.rnn import gradient_norms_through_time, rnn_forward

PAGE = "book/rnn/gradient-flow.html"


@pytest.fixture(scope="module")
def page(browser, address):
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.goto(f"{address}/{PAGE}", wait_until="load")
    yield page
    context.close()


def truth(data, kind, radius, strength, steps):
    """The norm of the gradient over all steps, by the reference."""
    weight_hh = radius * np.array(data["matrices"][kind]["W"])
    H = len(weight_hh)
    x = strength * np.array(data["inputs"])[:steps, None, :]
    zeros = np.zeros(H)
    output, _ = rnn_forward(x, np.zeros((1, H)), np.eye(H), weight_hh, zeros, zeros)
    return gradient_norms_through_time(output, weight_hh)[0, 0]


def set_to(page, name, value):
    """Move a setting as its user does, and let the page notice."""
    page.locator(f'[data-play="gradient-flow"] [name="{name}"]').evaluate(
        "(field, value) => { field.value = value;"
        " field.dispatchEvent(new Event('input', { bubbles: true })); }",
        str(value),
    )


@pytest.mark.parametrize("kind", ["random", "orthogonal"])
@pytest.mark.parametrize(
    "radius, strength, steps", [(1.0, 0.0, 60), (0.5, 0.3, 5), (1.5, 0.5, 40), (3.0, 0.1, 60)]
)
def test_the_script_computes_the_reference(page, kind, radius, strength, steps):
    data = json.loads(page.locator('[data-play="gradient-flow"] script').text_content())
    settings = {"radius": radius, "strength": strength, "steps": steps, "kind": kind}
    for name, value in settings.items():
        set_to(page, name, value)
    result = page.locator(".course-result")
    right = truth(data, kind, radius, strength, steps)
    assert float(result.get_attribute("data-norm")) == pytest.approx(right, rel=1e-6)
    assert f"after {steps} steps" in result.text_content()
    described = page.locator('[data-play="gradient-flow"] figure > svg').get_attribute("aria-label")
    assert result.text_content() in described


def test_it_works_by_keyboard(page):
    set_to(page, "radius", 1.0)
    result = page.locator(".course-result")
    before = result.get_attribute("data-norm")
    page.locator('[data-play="gradient-flow"] [name="radius"]').press("ArrowRight")
    assert result.get_attribute("data-norm") != before


def test_without_scripts_a_figure_stands_there(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/{PAGE}", wait_until="load")
    assert page.locator('[data-play="gradient-flow"] figure svg').count() == 1
    context.close()
