"""The documentation as a site: what MkDocs does beside `.mkdocs.yml`.

README, CONTRIBUTING and SECURITY are pages, too, so that nothing is said twice. Links are right in the
repository, where these files are in other folders than the pages; here they become links of the site.
It lies beside the tests because they have its names, and lint and types look at them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
HOME = "index.md"
SOURCES = {
    HOME: "README.md",
    "contributing.md": ".github/CONTRIBUTING.md",
    "security.md": ".github/SECURITY.md",
}
"""The pages that are not in `docs/`."""
STYLE = """.wy-nav-content { max-width: 70rem }
.wy-table-responsive table td, .wy-table-responsive table th { white-space: normal }
"""
"""`site.css`: most tables have sentences in them, which the theme would not break into lines."""


def on_files(files: Any, config: Any) -> Any:
    """Add the other pages and the style; MkDocs calls this when it has listed the files of `docs/`."""
    from mkdocs.structure.files import File

    for page, source in SOURCES.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    files.append(File.generated(config, "site.css", content=STYLE))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The text of a page with links of the site; MkDocs calls this before it makes HTML of it."""
    for page, source in SOURCES.items():
        name = re.escape(Path(source).name)
        markdown = re.sub(rf"\]\((?:\.\./)?(?:\.github/)?{name}", f"]({page}", markdown)
    return re.sub(r"\]\((?:\.\./)?docs/", "](", markdown)
