"""What the documents name exists, and what exists is documented."""

import re

from callcenter.settings import PROJECT, ExternalAsterisk, ExternalFreeswitch, Settings


def test_every_setting_is_documented() -> None:
    text = (PROJECT / "docs/reference/settings.md").read_text()
    named = set(re.findall(r"`\[?(\w+)\]?`", text))
    tables = (Settings, ExternalAsterisk, ExternalFreeswitch)
    assert {name for table in tables for name in table.model_fields} <= named


def test_links_between_documents_lead_somewhere() -> None:
    pages = [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]
    assert len(pages) > 8
    for page in pages:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
