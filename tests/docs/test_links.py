"""Every relative link of the documents leads somewhere."""

from __future__ import annotations

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


def test_every_document_is_linked_from_the_readme() -> None:
    linked = {target.partition("#")[0] for line, target in pages.links() if line.page == "README.md"}
    documents = {str(page.relative_to(pages.ROOT)) for page in pages.pages()} - {"README.md"}
    assert documents - linked == set()


def test_every_file_of_code_that_security_md_names_is_there() -> None:
    named = [text for line, text in pages.spans() if line.page == "SECURITY.md" and text.startswith("bee/")]
    missing = [text for text in named if not text.startswith("bee/re") and not text.startswith("bee/e2e")]
    assert [text for text in missing if not (pages.ROOT / text).exists()] == []
    assert len(named) > 10
