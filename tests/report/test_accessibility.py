"""The whole report in a real browser: what axe says of it in light and dark, whether it fits, links and prints."""

from __future__ import annotations

import base64
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

from mooring.cli import main
from mooring.prove import Block, Load, Outcome, Proof, Sample, Scenario, Side, Tally, dump, read_target
from mooring.prove.compare import compare
from mooring.prove.targets import answer
from mooring.report.html import page

from .proofs import make_proof
from .test_html import DARK, LIGHT, look

FLEET = Path(__file__).parents[2] / "examples"
AXE = "const done = arguments[0]; axe.run().then(found => done(found.violations.map(v => [v.id, v.nodes[0].html])))"


def struck_proof() -> Proof:
    """The proof by hand, with a fault that one side lives through and one does not, and with targets."""
    made = make_proof()
    samples, tallies = list(made.measurement.samples), list(made.measurement.tallies)
    for side in Side:
        block = Block(side, Scenario.RESTART, 4, 1)
        for index in range(60):
            bad = side is Side.BEFORE and 20 <= index < 40
            outcome = Outcome.ERROR if bad else Outcome.OK
            samples.append(Sample("steady", block, 100 + index / 20, 0.01, outcome, "gone" if bad else None))
        tallies.append(Tally("steady", side, Scenario.RESTART, 4, 1, 3.0, 60, 60, 0, None, 101.0, 101.5))
    measurement = replace(made.measurement, samples=tuple(samples), tallies=tuple(tallies))
    comparisons = compare(measurement)
    load = Load(20, 4, (1, 8), faults=(Scenario.RESTART,))
    wanted = [read_target(text) for text in ("hit=10", "hit=1", "failures=0.1")]
    targets = answer(wanted, measurement, comparisons)
    return replace(made, load=load, measurement=measurement, comparisons=comparisons, targets=targets)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("pages")
    (folder / "samples.json").write_text(dump(struck_proof()))
    (folder / "proof.html").write_text(page(struck_proof(), "samples.json"), "utf-8")
    options = ["--claims", str(FLEET / "claims.toml"), "--proof", str(folder / "samples.json")]
    assert main(["report", str(FLEET / "fleet"), "-o", str(folder / "report.html"), *options]) == 0
    return {name: (folder / f"{name}.html").as_uri() for name in ("proof", "report")}


@pytest.mark.parametrize(("width", "media"), [(1280, LIGHT), (390, DARK)], ids=["desk, light", "phone, dark"])
def test_axe_finds_nothing(
    browser: webdriver.Chrome, pages: dict[str, str], width: int, media: dict[str, object]
) -> None:
    look(browser, width, media)
    browser.get(pages["report"])
    some = "[...document.querySelectorAll('details')].slice(0, 4), ...document.querySelectorAll('.working')"
    browser.execute_script(f"[...{some}].forEach(one => one.open = true)")
    browser.execute_script(resources.files("axe_core_python").joinpath("axe.min.js").read_text("utf-8"))
    found: list[Any] = browser.execute_async_script(AXE)
    assert found == []


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_whole_report_fits_the_width_of_the_screen(
    browser: webdriver.Chrome, pages: dict[str, str], width: int
) -> None:
    look(browser, width, LIGHT)
    browser.get(pages["report"])
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_a_fault_is_a_line_that_says_what_failed(browser: webdriver.Chrome, pages: dict[str, str]) -> None:
    browser.get(pages["proof"])
    label = browser.execute_script("return document.querySelector('#faults ~ .charts svg').getAttribute('aria-label')")
    assert label.startswith("Calls while the Redis went through restart, first round; it was whole again after 0.5 s.")
    assert "steady before: calls failed during 1." in label
    assert "steady after: no call failed." in label


def test_targets_are_answered_at_the_top(browser: webdriver.Chrome, pages: dict[str, str]) -> None:
    browser.get(pages["report"])
    answers = browser.execute_script(
        "return [...document.querySelectorAll('header .aims b')].map(one => one.textContent)"
    )
    assert answers == ["met", "missed", "missed"]


def test_a_number_leads_to_its_samples(browser: webdriver.Chrome, pages: dict[str, str]) -> None:
    look(browser, 1280, LIGHT)
    browser.get(pages["report"])
    shown = browser.execute_script("""
        const link = document.querySelector('.services .number a');
        location.hash = link.getAttribute('href');
        const target = document.querySelector(location.hash);
        return [target.textContent, target.closest('details').querySelectorAll('dd').length > 8];
    """)
    assert shown == ["steady: hit, 1 at once", True]


def test_it_prints_as_pdf(browser: webdriver.Chrome, pages: dict[str, str]) -> None:
    browser.get(pages["report"])
    printed: dict[str, str] = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    assert base64.b64decode(printed["data"]).startswith(b"%PDF-")
