"""The page of a proof, opened in a real browser: it stands alone, it fits, and it says what was measured."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from mooring.prove import State
from mooring.report.html import page

from .proofs import HOSTILE, make_proof

DARK: dict[str, object] = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
LIGHT: dict[str, object] = {"features": [{"name": "prefers-color-scheme", "value": "light"}]}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page(make_proof(), "samples of today.json"), "utf-8")
    return path


@pytest.fixture
def opened(browser: webdriver.Chrome, written: Path) -> webdriver.Chrome:
    look(browser, 1280, LIGHT)
    browser.get(written.as_uri())
    return browser


def look(browser: webdriver.Chrome, width: int, media: dict[str, object]) -> None:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)


def log(browser: webdriver.Chrome, kind: str) -> list[dict[str, str]]:
    """What the browser noted since it was last asked."""
    entries: list[dict[str, str]] = browser.get_log(kind)  # type: ignore[no-untyped-call]  # selenium has no types here
    return entries


def all_of(browser: webdriver.Chrome, selector: str) -> list[WebElement]:
    return browser.find_elements(By.CSS_SELECTOR, selector)


def test_it_asks_for_nothing_but_itself_and_logs_nothing(browser: webdriver.Chrome, written: Path) -> None:
    browser.get("about:blank")
    log(browser, "performance")
    log(browser, "browser")
    browser.get(written.as_uri())
    events = [json.loads(entry["message"])["message"] for entry in log(browser, "performance")]
    asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
    assert asked == [written.as_uri()]
    assert log(browser, "browser") == []


def test_it_names_no_address_and_runs_no_script(written: Path) -> None:
    text = written.read_text("utf-8")
    assert set(re.findall(r'https?://[^\s"<]+', text)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "<script" not in text
    assert "<link" not in text
    assert "url(" not in text


def test_the_heading_is_the_result(opened: webdriver.Chrome) -> None:
    headings = [heading.text for heading in all_of(opened, "h1")]
    assert headings == ["3 of 5 servers could not use their Redis before the fix; 4 of 5 can after it."]
    assert opened.title == headings[0]


def test_headings_go_down_one_level_at_a_time(opened: webdriver.Chrome) -> None:
    levels = [int(heading.tag_name[1]) for heading in all_of(opened, "h1, h2, h3, h4")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert len(all_of(opened, "header")) == len(all_of(opened, "main")) == len(all_of(opened, "footer")) == 1


def test_every_chart_is_drawn_and_described(opened: webdriver.Chrome) -> None:
    charts = all_of(opened, "figure svg")
    assert len(charts) == 8
    for chart in charts:
        assert chart.is_displayed()
        assert chart.size["width"] > 250
        assert chart.size["height"] > 100
        assert chart.get_attribute("role") == "img"
        assert len(chart.get_attribute("aria-label") or "") > 40


def test_a_fleet_that_does_not_answer_is_a_line_that_stays_low(opened: webdriver.Chrome) -> None:
    labels = [chart.get_attribute("aria-label") for chart in all_of(opened, "figure svg")]
    assert labels[0] == (
        "Share of lookups answered within a time, hit, one at a time: in the end 40% before and 80% after the fix."
    )


def test_a_service_that_never_connected_has_no_figure(opened: webdriver.Chrome) -> None:
    rows = {row.find_element(By.TAG_NAME, "th").text: row.text for row in all_of(opened, ".services tbody")}
    assert "not measured: never connected" in rows["mended"]
    assert "not measured: never started" in rows["revived"]
    assert "not measured" not in rows["steady"]
    assert "2.55 / 3.05" in rows["steady"]
    assert "p50 better" in rows["faster"]


def test_text_from_a_server_is_text(opened: webdriver.Chrome) -> None:
    assert HOSTILE in opened.find_element(By.CSS_SELECTOR, ".entries").text
    assert all_of(opened, "script") == []


def test_the_samples_are_linked(opened: webdriver.Chrome, written: Path) -> None:
    link = opened.find_element(By.LINK_TEXT, "samples of today.json")
    assert link.get_attribute("href") == (written.parent / "samples of today.json").as_uri()


def test_details_open_from_the_keyboard(opened: webdriver.Chrome) -> None:
    (summary,) = [one for one in all_of(opened, "summary") if one.text.startswith("All figures")]
    summary.send_keys("\n")
    assert opened.find_element(By.CSS_SELECTOR, ".figures").is_displayed()


@pytest.mark.parametrize("media", [LIGHT, DARK], ids=["light", "dark"])
def test_text_stands_out_from_its_ground(opened: webdriver.Chrome, media: dict[str, object]) -> None:
    look(opened, 1280, media)
    colors = opened.execute_script("""
        const style = getComputedStyle(document.documentElement);
        return ["--paper", "--card", "--ink", "--soft", "--before", "--after", "--good", "--bad"]
            .map(name => style.getPropertyValue(name).trim());
    """)
    grounds, inks = colors[:2], colors[2:]
    for ground in grounds:
        for ink in inks:
            assert contrast(ground, ink) >= 4.5, (ground, ink)


def test_dark_and_light_differ_in_page_and_charts(opened: webdriver.Chrome) -> None:
    seen = set()
    for media in (LIGHT, DARK):
        look(opened, 1280, media)
        ground = opened.execute_script("return getComputedStyle(document.body).backgroundColor")
        line = opened.execute_script(
            "return getComputedStyle(document.querySelector('figure svg path[stroke=\"var(--after)\"]')).stroke"
        )
        seen.add((ground, line))
    assert len({ground for ground, _ in seen}) == len({line for _, line in seen}) == 2


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_it_fits_the_width_of_the_screen(opened: webdriver.Chrome, width: int) -> None:
    look(opened, width, LIGHT)
    assert opened.execute_script("return document.documentElement.scrollWidth") <= width
    for chart in all_of(opened, "figure svg"):
        assert chart.location["x"] >= 0
        assert chart.location["x"] + chart.size["width"] <= width


def test_text_in_charts_is_legible_on_a_phone(opened: webdriver.Chrome) -> None:
    look(opened, 390, LIGHT)
    scales = opened.execute_script(
        "return [...document.querySelectorAll('figure svg')].map(s => s.clientWidth / s.viewBox.baseVal.width)"
    )
    # The smallest text is 10.5 units high.
    assert min(scales) * 10.5 >= 9.5


def test_a_fleet_without_any_connection_has_a_page_too(browser: webdriver.Chrome, tmp_path: Path) -> None:
    path = tmp_path / "none.html"
    path.write_text(page(make_proof({"lost": (State.DEAD, State.FAILS, 1.0)})), "utf-8")
    browser.get(path.as_uri())
    assert all_of(browser, "figure svg") == []
    assert "Not measured: no service connected." in browser.find_element(By.TAG_NAME, "main").text
    assert browser.find_element(By.TAG_NAME, "h1").text.startswith("1 of 1 server could not use its Redis before")


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2, from two colours written as #rrggbb."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
