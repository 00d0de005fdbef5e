"""The comparison chapter in a browser: what the sliders show is what NumPy computes."""

import numpy as np
import pytest


@pytest.fixture
def page(browser, address):
    page = browser.new_page()
    page.goto(f"{address}/book/comparison/characters.html")
    page.wait_for_selector("#sampling-temperature")
    yield page
    page.close()


def shown(page, column):
    cells = page.locator(f'[data-play="sampling"] tbody td:nth-child({column})').all_inner_texts()
    return np.array([float(cell.replace("−", "-")) for cell in cells])


@pytest.mark.parametrize("temperature, k", [("1", 7), ("0.1", 7), ("2.5", 3), ("4", 1)])
def test_the_sampling_explorer_computes_a_softmax(page, temperature, k):
    page.locator("#sampling-temperature").fill(temperature)
    page.locator("#sampling-top-k").fill(str(k))
    scores = shown(page, 2)
    kept = np.where(scores >= np.sort(scores)[-k], scores, -np.inf)
    powers = np.exp((kept - kept.max()) / float(temperature))
    np.testing.assert_allclose(shown(page, 3), powers / powers.sum(), atol=0.0006)


def test_the_sampling_explorer_is_moved_by_keys(page):
    page.locator("#sampling-temperature").focus()
    before = shown(page, 3)
    page.keyboard.press("ArrowRight")
    assert not np.array_equal(shown(page, 3), before)
