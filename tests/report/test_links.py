"""Every number on the report leads to what it was worked out from, and from there to the calls themselves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from selenium import webdriver

from mooring.cli import main
from mooring.prove import Proof, Side, State, dump
from mooring.report.digest import digest
from mooring.report.html import page
from mooring.report.workings import ABLE, RESPONSE, workings

from .proofs import make_proof
from .test_accessibility import struck_proof
from .test_html import LIGHT, look

# Where a reader's numbers stand, and what must be inside a link there. An axis has no sample: it is a scale.
PLACES = ("h1", ".cards dd:not(.note)", ".aims td:nth-child(3)", "figure", ".services .number", ".figures .number")
NUMBERS = """
    const unlinked = [], links = new Set();
    for (const place of arguments[0])
        for (const one of document.querySelectorAll(place)) {
            if (one.tagName === "TH") continue;
            const own = one.querySelector("a[href^='#']");
            if (own) links.add(own.getAttribute("href"));
            else if (/[0-9]/.test(one.textContent)) unlinked.push(place + ": " + one.textContent.trim());
        }
    return [unlinked, [...links]];
"""
FOLLOWED = """
    history.replaceState(null, "", location.pathname);
    document.querySelectorAll("details").forEach(one => one.open = false);
    location.hash = arguments[0];
    const target = document.querySelector(":target");
    const around = target && (target.closest("details") || target.parentElement);
    return [target !== null && target.getClientRects().length > 0, around ? around.innerText : "",
            around ? [...around.querySelectorAll("li a")].map(one => one.getAttribute("href")) : []];
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    (folder / "samples.json").write_text(dump(struck_proof()))
    fleet = Path(__file__).parents[2] / "examples" / "fleet"
    assert main(["report", str(fleet), "-o", str(folder / "r.html"), "--proof", str(folder / "samples.json")]) == 0
    return folder / "r.html"


def test_every_number_leads_to_its_samples(browser: webdriver.Chrome, report: Path) -> None:
    look(browser, 1280, LIGHT)
    browser.get(report.as_uri())
    unlinked, links = browser.execute_script(NUMBERS, PLACES)
    assert unlinked == []
    assert {
        ABLE,
        "from-typical-hit-1",
        "from-failures",
        "from-share-miss-8",
        "from-times-hit-8",
        "from-fault-restart",
    } <= {link.removeprefix("#") for link in links}
    samples = {link for link in links if link.startswith("#raw-")}
    for link in set(links) - samples:
        seen, told, onward = browser.execute_script(FOLLOWED, link)
        assert seen, f"{link} leads to what stays hidden"
        assert re.search(r"\d|connects", told), link
        if link.startswith("#from-"):
            assert onward and all(one.startswith("#raw-") for one in onward), link
            samples.update(onward)
    assert len(samples) > 20
    for link in samples:
        seen, told, _ = browser.execute_script(FOLLOWED, link)
        assert seen and "round" in told, f"{link} leads to no samples"


def test_a_rule_leads_to_the_first_code_that_breaks_it(browser: webdriver.Chrome, report: Path) -> None:
    browser.get(report.as_uri())
    seen, told, _ = browser.execute_script(FOLLOWED, "#found-MR101")
    assert seen
    assert "MR101 hardcoded-endpoint" in told


def test_the_parts_of_a_share_add_up_to_it() -> None:
    proof = struck_proof()
    told = digest(proof)
    listed = {one.anchor: one for one in workings(proof, told)}
    assert [part.told.split(" → ")[1] for part in listed[ABLE].parts].count(State.CONNECTS) == told.able[Side.AFTER]
    shares = [part.told.split(" → ")[0] for part in listed["from-share-hit-1"].parts]
    assert shares == ["80 of 80", "none", "none", "80 of 80", "none"]


def test_a_change_rests_on_services_with_both_sides_alone() -> None:
    proof = struck_proof()
    (response,) = (one for one in workings(proof, digest(proof)) if one.anchor == RESPONSE)
    assert {part.service for part in response.parts} == {"steady", "faster"}
    assert len(response.parts) == 2 * len(digest(proof).stretches)


def nothing_answers() -> Proof:
    return make_proof({"lost": (State.DEAD, State.FAILS, 1.0)})


@pytest.mark.parametrize("proof", [make_proof(), struck_proof(), nothing_answers()], ids=["plain", "struck", "lost"])
def test_no_link_leads_nowhere(proof: Proof) -> None:
    text = page(proof)
    anchors = re.findall(r'\bid="([^"]+)"', text)
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(anchors)
