"""Documents are brought up to date from where they came."""

from __future__ import annotations

import pytest

from tests.recado.knowledge.conftest import Knowledge
from tests.recado.knowledge.serving import page, serving


@pytest.mark.slow("nine commands, a process each")
async def test_what_changed_is_added_and_what_is_gone_is_named(knowledge: Knowledge) -> None:
    """Given files and pages of which some change and some go, then a refresh adds the first, names the second, and ends
    no document. A page that differs only in what nobody reads is the same."""
    folder = knowledge.home / "docs"
    folder.mkdir()
    for name in ("same", "changes", "goes"):
        (folder / f"{name}.md").write_text(f"# {name}\n\nOpen at 7.\n")
    pages = {name: page(f"<h1>{name}</h1><p>Open at 7.</p>") for name in ("hours", "menu", "old")}
    async with serving(pages) as root:
        host = root.removeprefix("http://")
        urls = [f"{root}/{name}" for name in pages]
        assert "private network" in (await knowledge("add", "shop", urls[0], code=1)).err
        said = await knowledge("add", "shop", str(folder), *urls, "--loopback")
        assert said.out == "6 added, 0 changed, 0 unchanged\n"
        assert (await knowledge("refresh", "--loopback")).out == "0 added, 0 changed, 6 unchanged\n"
        (folder / "changes.md").write_text("# changes\n\nOpen at 8.\n")
        (folder / "goes.md").unlink()
        pages["hours"] = page("<h1>hours</h1><p>Open at 8.</p>")
        pages["menu"] = page("<h1>menu</h1><p>Open at 7.</p><script>nonce = 2</script>")
        del pages["old"]
        done = await knowledge("refresh", "shop", "--loopback", "--json", code=1)
    assert {one["name"].replace(host, "host"): one["outcome"] for one in done.document} == {
        "changes.md": "changed",
        "goes.md": "gone",
        "same.md": "unchanged",
        "host/hours.html": "changed",
        "host/menu.html": "unchanged",
        "host/old.html": "gone",
    }
    assert "Gone: shop/goes.md: there is no such file any more" in done.err
    assert len((await knowledge("list", "shop", "--json")).document) == 6


@pytest.mark.parametrize("given", ["file:///etc/passwd", "https://ana:word@example.com/", "nothing.md"])
async def test_what_cannot_be_a_source(knowledge: Knowledge, given: str) -> None:
    assert (await knowledge("add", "shop", given, code=2)).out == ""
    assert (await knowledge("refresh", "shop", code=1)).out == ""


async def test_words_that_a_page_hides_are_told(knowledge: Knowledge) -> None:
    """The owner of a page of tabs has to know that the text of the closed ones is not there."""
    (knowledge.home / "a.html").write_text("<p>Open daily.</p><div style='display:none'>Closed on holidays.</div>")
    (knowledge.home / "b.html").write_text("<p>Open daily.</p>")
    said = await knowledge("add", "shop", "a.html", "b.html")
    assert said.err.splitlines()[-1:] == ["Left out of shop/a.html: 3 words that it hides."]
    read = (await knowledge("show", "shop", "a.html", "--json")).document
    assert (read["unseen"], read["text"]) == (3, "Open daily.")
