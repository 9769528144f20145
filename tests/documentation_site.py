"""The documentation as a site: what MkDocs does beside `.mkdocs.yml`.

The README is the first page, so that nothing is said twice. Links are right in the repository, where README
and pages are in different folders; here they become links of the site.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

README = Path(__file__).parent.parent / "README.md"
HOME = "index.md"
STYLE = """.wy-nav-content { max-width: 70rem }
.wy-table-responsive table td, .wy-table-responsive table th { white-space: normal }
"""
"""`site.css`: most tables have sentences in them, which the theme would not break into lines."""


def on_files(files: Any, config: Any) -> Any:
    """Add the first page and the style; MkDocs calls this when it has listed the files of `docs/`."""
    from mkdocs.structure.files import File

    files.append(File.generated(config, HOME, content=home_page(README.read_text(encoding="utf-8"))))
    files.append(File.generated(config, "site.css", content=STYLE))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The text of a page; MkDocs calls this before it makes HTML of it."""
    return markdown.replace("](../README.md", f"]({HOME}")


def home_page(readme: str) -> str:
    """The README as a page of `docs/`."""
    return re.sub(r"\]\(docs/", "](", readme)
