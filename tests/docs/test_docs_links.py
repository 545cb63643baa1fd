"""Every link inside the documentation leads somewhere, also where no site is built."""

import importlib
import pkgutil
import re
import sys

import pytest
from pages import DOCS, FRONT, PAGES, ROOT, anchors, links, name, prose

import slmkit

sys.path.insert(0, str(DOCS))
import hooks  # noqa: E402

WITH_OWN_TEXT = [page for page in [*FRONT, *PAGES] if "<!-- include " not in page.read_text(encoding="utf-8")]


def problem(page, link):
    """What is wrong with a link; None for nothing, and for those that lead out of the project."""
    if "://" in link or link.startswith("mailto:"):
        return None
    target, _, anchor = link.partition("#")
    place = (page.parent / target).resolve() if target else page
    if not place.exists():
        return "there is no such file"
    if DOCS in page.parents and DOCS not in place.parents:
        return "it leads out of docs/, where the site ends"
    if not anchor:
        return None
    source = ROOT / found[1] if (found := hooks._INCLUDE.search(place.read_text(encoding="utf-8"))) else place
    known = anchors(source) | set(api_names(place))
    return None if anchor in known else f"{place.name} has no heading {anchor!r}"


def api_names(page):
    """Public names that a page of the reference has, as anchors."""
    text = page.read_text(encoding="utf-8")
    listed = [full for package in hooks._API.findall(text) for full in hooks.public_names(package)]
    return [*listed, *re.findall(r"^::: (\S+)$", text, re.MULTILINE)]


@pytest.mark.parametrize("page", WITH_OWN_TEXT, ids=name)
def test_links_lead_somewhere(page):
    wrong = {link: said for link in links(page) if (said := problem(page, link))}
    assert not wrong


def test_every_page_is_in_the_menu():
    menu = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert not [page for page in PAGES if page.relative_to(DOCS).as_posix() not in menu]


def test_a_link_to_nowhere_is_noticed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# One `two` three\n\n[a](#one-two-three) [b](#four) [c](gone.md) `[d](code.md)` [e](https://x.y)\n"
    )
    assert [link for link in links(page) if problem(page, link)] == ["#four", "gone.md"]


def test_what_is_included_links_to_the_site():
    assert hooks.site_link("docs/privacy.md#what") == "privacy.md#what"
    assert hooks.site_link("MODEL_CARD.md") == "model-card.md"
    with pytest.raises(ValueError, match="nowhere.md is not on the site"):
        hooks.site_link("nowhere.md")
    for source in hooks.INCLUDED:
        assert "](docs/" not in hooks.included(source)


def test_every_public_name_is_in_the_reference():
    named = {full for page in (DOCS / "api").glob("*.md") for full in api_names(page)}
    packages = [found.name for found in pkgutil.walk_packages(slmkit.__path__, "slmkit.") if found.ispkg]
    offering = ["slmkit", *(name for name in packages if hasattr(importlib.import_module(name), "__all__"))]
    assert "slmkit.tasks.classification" in offering
    missing = [name for name in offering if not named.issuperset(hooks.public_names(name))]
    assert not missing, f"put <!-- api {missing[0]} --> into a page of docs/api"


def test_the_results_page_has_the_published_tables():
    page = hooks.on_page_markdown((DOCS / "benchmarks.md").read_text(encoding="utf-8"))
    assert "| sst2 | slmkit |" in page
    assert "| sst2 | slmkit |" not in prose(DOCS / "benchmarks.md")
