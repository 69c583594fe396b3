"""Every relative link of the documents leads somewhere."""

from __future__ import annotations

from pathlib import Path

from tests.docs import pages


def test_every_relative_link_and_anchor_resolves() -> None:
    problems = []
    for line, target in pages.links():
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        page = pages.ROOT / line.page
        where = (page.parent / name).resolve() if name else page
        if not where.exists() or not where.is_relative_to(pages.ROOT):
            problems.append(f"{line.page}:{line.number}: {target} is not there")
        elif anchor and anchor not in pages.anchors(where):
            problems.append(f"{line.page}:{line.number}: {target} has no such heading")
    assert problems == []


def test_links_are_really_found() -> None:
    found = {(line.page, target) for line, target in pages.links()}
    assert ("README.md", "docs/positions.md") in found
    assert ("docs/operators.md", "../SECURITY.md#the-token") in found


def linked_from(names: set[str]) -> set[Path]:
    """What the named documents link to."""
    found = [
        (pages.ROOT / line.page).parent / target.partition("#")[0]
        for line, target in pages.links()
        if line.page in names
    ]
    return {path.resolve() for path in found}


def test_every_document_is_linked_from_the_readme() -> None:
    """A page in a folder below `docs` from the README itself or from that folder's."""
    documents = set(pages.pages()) - {pages.ROOT / "README.md"}
    nested = {page for page in documents if page.parent.parent == pages.ROOT / "docs"}
    assert documents - nested - linked_from({"README.md"}) == set()
    indexes = {str(page.parent.relative_to(pages.ROOT) / "README.md") for page in nested}
    assert nested - linked_from({"README.md", *indexes}) == set()


def test_every_file_of_code_that_security_md_names_is_there() -> None:
    named = [text for line, text in pages.spans() if line.page == "SECURITY.md" and text.startswith("bee/")]
    missing = [text for text in named if not text.startswith("bee/re") and not text.startswith("bee/e2e")]
    assert [text for text in missing if not (pages.ROOT / text).exists()] == []
    assert len(named) > 10
