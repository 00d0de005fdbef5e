"""Every page in a browser: no other host, no error, every formula drawn, light, no overflow."""

import re
from urllib.parse import urlsplit

import numpy as np
import pytest

from autograder.reference.lstm import lstm_step, sigmoid
from tests.book.pages import page_paths

MAX_WEIGHT = 1_500_000


class Visit:
    """What one page did while a browser loaded it."""

    def __init__(self, page, address):
        self.requests, self.errors, self.responses = [], [], []
        # Milliseconds: a machine that has much else to do loads a page, too.
        page.set_default_timeout(300_000)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("response", lambda response: self.responses.append(response))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console",
            lambda message: self.errors.append(message.text) if message.type == "error" else None,
        )
        page.goto(address, wait_until="load")
        page.evaluate("() => window.MathJax?.startup?.promise")
        page.wait_for_load_state("networkidle")

    def sizes(self):
        """Return the size in bytes of everything that the page loaded, by address (dict)."""
        return {response.url: len(response.body()) for response in self.responses}


BACKGROUND_AND_INK = """() => [...document.querySelectorAll("main svg[role=img]")].map(figure => {
    let paper = figure;
    while (paper && getComputedStyle(paper).backgroundColor === "rgba(0, 0, 0, 0)")
        paper = paper.parentElement;
    return [paper ? getComputedStyle(paper).backgroundColor : "rgb(255, 255, 255)",
            getComputedStyle(figure).color];
})"""


@pytest.fixture(scope="module")
def seen(browser, html, address):
    """Load every page once; what each did and how it looks, wide and narrow (dict by its path)."""
    pages = {}
    for path in page_paths(html):
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        page = context.new_page()
        visit = Visit(page, f"{address}/{path}")
        pages[path] = {
            "requests": visit.requests,
            "errors": visit.errors,
            "sizes": visit.sizes(),
            "formulas": page.locator("span.math, div.math").count(),
            "rendered": page.locator("mjx-container").count(),
            "wrong": page.locator("mjx-merror, merror, [data-mjx-error]").count(),
        }
        for theme in ("light", "dark"):
            # As the theme's own button does it.
            page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
            pages[path][theme] = page.evaluate(BACKGROUND_AND_INK)
        page.set_viewport_size({"width": 360, "height": 800})
        pages[path]["width"] = page.evaluate("document.documentElement.scrollWidth")
        context.close()
    return pages


def test_pages_load_everything_from_here_without_error_and_are_light(seen, address):
    here = urlsplit(address).netloc
    for path, page in seen.items():
        elsewhere = [url for url in page["requests"] if urlsplit(url).netloc not in (here, "")]
        assert elsewhere == [], path
        assert page["errors"] == [], path
        assert sum(page["sizes"].values()) < MAX_WEIGHT, (path, page["sizes"])


def test_every_formula_is_drawn(seen):
    assert sum(page["formulas"] for page in seen.values()) > 0
    for path, page in seen.items():
        assert page["rendered"] >= page["formulas"], path
        assert page["wrong"] == 0, path


def test_no_page_is_wider_than_a_telephone(seen):
    for path, page in seen.items():
        assert page["width"] <= 360, (path, page["width"])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_stand_out_from_the_page(seen, theme):
    def brightness(colour):
        return sum(map(int, re.findall(r"\d+", colour)[:3])) / (3 * 255)

    figures = 0
    for path, page in seen.items():
        for paper, ink in page[theme]:
            figures += 1
            assert abs(brightness(paper) - brightness(ink)) > 0.5, (path, paper, ink)
            assert (brightness(paper) > 0.5) == (theme == "light"), (path, paper)
    assert figures > 0


PLAY = "book/lstm/play.html"


def shown(explorer):
    """Return all numbers that an explorer shows, by node (dict of str to a set of str)."""
    numbers = {}
    for place in explorer.locator("[data-value]").all():
        numbers.setdefault(place.get_attribute("data-value"), set()).add(place.text_content())
    return numbers


def by_numpy(a_i, a_f, a_g, a_o, c_prev):
    """Return what the reference makes of pre-activations and an old cell state (dict)."""
    given = dict(a_i=a_i, a_f=a_f, a_g=a_g, a_o=a_o, c_prev=c_prev)
    # Without weights the biases are the pre-activations.
    nothing, bias = np.zeros((4, 1)), np.array([a_i, a_f, a_g, a_o])
    zero, c_prev = np.zeros((1, 1)), np.array([[c_prev]])
    h, c = lstm_step(zero, zero, c_prev, nothing, nothing, bias, np.zeros(4))
    kept = c_prev.item() * sigmoid(np.array(a_f)).item()
    return given | {"kept": kept, "written": c.item() - kept, "c": c.item(), "h": h.item()}


def assert_shows(explorer, expected):
    numbers = shown(explorer)
    for name, value in expected.items():
        assert len(numbers[name]) == 1, (name, numbers[name])
        read = float(numbers[name].pop().replace("−", "-"))
        assert abs(read - value) <= 0.005 + 1e-9, (name, read, value)


def test_sliders_change_the_numbers_to_what_numpy_computes(browser, html, address):
    page = browser.new_page()
    page.goto(f"{address}/{PLAY}")
    explorer = page.locator(".explorer")
    sliders = {dial: explorer.locator(f'[data-dial="{dial}"]') for dial in by_numpy(0, 0, 0, 0, 0)}
    sliders = {dial: slider for dial, slider in sliders.items() if slider.count()}
    assert sliders.keys() == {"a_i", "a_f", "a_g", "a_o", "c_prev"}
    at = {dial: float(slider.input_value()) for dial, slider in sliders.items()}
    assert_shows(explorer, by_numpy(**at))
    random = np.random.default_rng(3)
    for _ in range(5):
        for dial, slider in sliders.items():
            at[dial] = round(random.uniform(-3, 3), 1)
            slider.fill(f"{at[dial]:g}")
        assert_shows(explorer, by_numpy(**at))
    for dial, slider in sliders.items():
        before = shown(explorer)
        slider.focus()
        page.keyboard.press("ArrowRight")
        at[dial] += 0.1
        assert_shows(explorer, by_numpy(**at))
        assert shown(explorer) != before, dial
    page.close()


def test_slow_motion_ends_at_what_numpy_computes(browser, html, address):
    page = browser.new_page()
    page.goto(f"{address}/{PLAY}")
    motion = page.locator(".motion")
    following = motion.get_by_role("button", name="Next")
    presses = 0
    following.focus()
    while following.is_enabled():
        page.keyboard.press("Enter")
        presses += 1
        assert motion.get_by_role("status").text_content().strip()
    assert presses == motion.locator("details li").count()
    # The cell worked by hand, on the inputs 1 and −1.
    weight_ih, weight_hh = np.array([[-1.0, 1, 0.5, 1]]).T, np.array([[2.0, 2, 1, -2]]).T
    bias_ih, bias_hh = np.array([0.5, 0.5, 0, 0.5]), np.array([-0.5, -0.5, 0, 0.5])
    h, c = np.array([[0.5]]), np.array([[2.0]])
    for x in (1.0, -1.0):
        h, c = lstm_step(np.array([[x]]), h, c, weight_ih, weight_hh, bias_ih, bias_hh)
    assert_shows(motion, {"h": h.item(), "c": c.item()})
    page.close()


def test_without_scripts_the_explorer_shows_one_state_and_no_dead_sliders(browser, html, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/{PLAY}")
    explorer = page.locator(".explorer")
    assert not explorer.locator("input").first.is_visible()
    at = {
        slider.get_attribute("data-dial"): float(slider.get_attribute("value"))
        for slider in explorer.locator("[data-dial]").all()
    }
    assert_shows(explorer, by_numpy(**at))
    assert explorer.locator("svg").is_visible()
    context.close()


def test_answers_of_a_quiz_open_by_keyboard(browser, html, address):
    quizzes = [path for path in page_paths(html) if path.endswith("/quiz.html")]
    assert quizzes
    page = browser.new_page()
    for path in quizzes:
        page.goto(f"{address}/{path}")
        answer = page.locator("details.quiz").first
        assert not answer.locator("p").first.is_visible()
        answer.locator("summary").focus()
        page.keyboard.press("Enter")
        assert answer.locator("p").first.is_visible()
    page.close()
