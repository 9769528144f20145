from __future__ import annotations

from fnnctl.reference.pages import headings, page_text, topics


def test_a_link_to_another_page_names_the_command_that_shows_it() -> None:
    page = page_text("training")
    assert "[Settings]" not in page
    assert "Settings (`fnnctl help settings`)" in page


def test_a_link_to_a_section_of_the_page_names_it() -> None:
    page = page_text("why")
    assert 'less is certain (see "Up to 4,000 rows")' in page
    assert [topic for topic in topics() if "](#" in page_text(topic)] == []


def test_headings_come_with_their_pages_and_without_comments_in_code() -> None:
    found = [*headings()]
    assert {page for page, _ in found} <= {*topics()}
    assert ("predictions", "What a threshold changes") in found
    assert ("training", "Training") in found
    comments = {
        line.removeprefix("# ") for line in page_text("model-files").splitlines() if line.startswith("# ")
    }
    assert len(comments & {heading for page, heading in found if page == "model-files"}) == 1  # the title
