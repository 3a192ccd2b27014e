"""Documents of the business: added from the command line, looked up by the model, told by `why`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.chaos.log_watch import watching
from tests.chaos.outsider import ANA, BOB, outsider
from tests.chaos.process import Recado, embeds, recado
from tests.doubles.openai_server import OpenAIDouble
from tests.waiting import until

SHIPPING = "# Envios\n\nO frete para o Rio custa R$ 15.\n"
PRICES = "pão;1,50\nbolo;20\n"
ASK = '!tool look_up {"query": "quanto custa o frete?"}'


async def knowledge(process: Recado, *arguments: str, code: int = 0) -> str:
    done = await process.run("knowledge", *arguments)
    assert done.code == code, done
    return done.out + done.err


@pytest.mark.slow("ten commands, and a start after kill -9")
async def test_the_way_of_a_document(tmp_path: Path) -> None:
    """A folder is added, one file of which cannot be read; a chat is answered from a document, before and after a kill
    -9; the document changes and ends. `why` names the version that was shown, and the index is what the stream says."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "shipping.md").write_text(SHIPPING)
    (folder / "prices.csv").write_text("nome;preço\n" + PRICES)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 but no more")
    with recado(tmp_path, command="up", RECADO_KNOWLEDGE="shop") as process:
        await process.started()
        said = await knowledge(process, "add", "shop", str(folder), code=1)
        assert "2 added" in said
        assert "Not added: shop/broken.pdf:" in said
        assert "2 unchanged" in await knowledge(process, "add", "shop", str(folder), code=1)
        assert "| pão | 1,50 |" in await knowledge(process, "show", "shop", "prices.csv")
        bus = process.embedded_bus()
        async with watching(bus.url, bus.token) as log, outsider(bus.url, bus.token) as someone:
            await someone.write(ANA, "m1", ASK)
            ending = await log.ended(ANA, "m1")
            assert "[1] shop/shipping.md (added 2" in ending.event.text
            assert "R$ 15" in ending.event.text
            status, page = await process.asked("/desk/documents/shop?q=frete")
            assert (status, "R$ 15" in page) == (200, True), page
            process.kill()
            await process.started()
            await someone.write(BOB, "m2", ASK)
            assert (await log.ended(BOB, "m2")).event.text == ending.event.text
            (folder / "shipping.md").write_text(SHIPPING.replace("15", "99"))
            assert "1 changed" in await knowledge(process, "add", "shop", str(folder / "shipping.md"))

            async def changed() -> bool:
                return "R$ 99" in await knowledge(process, "search", "shop", "frete")

            await until(changed)
            await knowledge(process, "remove", "shop", "shipping.md")
            await knowledge(process, "remove", "shop", "shipping.md", code=1)
            listed = json.loads(await knowledge(process, "list", "--json"))
            assert [one["name"] for one in listed] == ["prices.csv"]
            told = await process.run("why", "m1")
            assert "the model was shown shop/shipping.md, version 2, piece 0: Envios O frete para o Rio" in told.out
            assert (await process.run("replay")).code == 0
            verified = await process.run("verify")
            assert (verified.code, "knowledge.pieces" in verified.out) == (0, True), verified


@pytest.mark.slow("an instance, a kill -9, and five commands")
async def test_a_question_in_other_words(tmp_path: Path) -> None:
    """Given a model that makes vectors, then a question without a word of the passage finds it, in a chat and on the
    command line, also after a kill -9, which costs no second request; when its server is gone, words alone answer."""
    document = tmp_path / "shipping.md"
    document.write_text(SHIPPING)
    other = tmp_path / "prices.csv"
    other.write_text("nome;preço\n" + PRICES)
    asked = '!tool look_up {"query": "do you deliver?"}'
    async with OpenAIDouble() as double:
        settings = embeds(double)
        with recado(tmp_path / "recado", command="up", **settings) as process:
            await process.started()
            await knowledge(process, "add", "shop", str(document), str(other))
            await knowledge(process, "add", "private", str(other))
            await process.said("pieces_embedded")

            async def found() -> bool:
                return "R$ 15" in await knowledge(process, "search", "shop", "do", "you", "deliver?", "--most", "1")

            await until(found)
            process.kill()
            made = [text for texts in double.embeddings.asked for text in texts if "frete" in text]
            assert len(made) == 1
            await process.started()
            bus = process.embedded_bus()
            async with watching(bus.url, bus.token) as log, outsider(bus.url, bus.token) as someone:
                await someone.write(ANA, "m1", asked)
                text = (await log.ended(ANA, "m1")).event.text
                assert "] shop/shipping.md (added 2" in text
                assert "[private" not in text
                assert [text for texts in double.embeddings.asked for text in texts if "frete" in text] == made
                assert "no vector yet" not in await knowledge(process, "search", "shop", "frete")
                await double.stop()
                await someone.write(BOB, "m2", ASK)
                assert "R$ 15" in (await log.ended(BOB, "m2")).event.text
                assert "R$ 15" in await knowledge(process, "search", "shop", "frete")
                await process.said("question_not_embedded")

                async def counted() -> bool:
                    """The question's vector for its chat, those of the documents for none."""
                    usage = json.loads((await process.run("usage", "--json")).out)
                    vectors = {(one["chat"], one["backend"]) for one in usage if one["model"] == "small"}
                    return vectors == {(ANA.chat, "scripted"), ("", "documents")}

                await until(counted)
            verified = await process.run("verify")
            assert (verified.code, "knowledge.meanings" in verified.out) == (0, True), verified


@pytest.mark.slow("two starts, the model's process, and three commands")
async def test_meaning_without_a_key(tmp_path: Path) -> None:
    """Given the model of a package, then a question in another language finds the passage. After the index is gone, the
    vectors come from the bus."""
    document = tmp_path / "shipping.md"
    document.write_text(SHIPPING)
    other = tmp_path / "prices.csv"
    other.write_text("nome;preço\n" + PRICES)
    data = tmp_path / "recado"
    with recado(data, command="up", RECADO_KNOWLEDGE="shop", OPENAI_EMBEDDING_MODEL="embedded") as process:
        await process.started()
        await knowledge(process, "add", "shop", str(document), str(other))
        await process.said("pieces_embedded")

        async def found() -> bool:
            said = await knowledge(process, "search", "shop", "what", "does", "delivery", "cost?", "--most", "1")
            return "R$ 15" in said and "no vector yet" not in said

        await until(found)
        process.kill()
        for file in data.rglob("knowledge.db*"):
            file.unlink()
        await process.started()
        await until(found)
        verified = await process.run("verify")
        assert (verified.code, "knowledge.meanings" in verified.out) == (0, True), verified
