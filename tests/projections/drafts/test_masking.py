"""What tells of one person is taken out of a draft's words, in every form that people write."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.drafts import masking
from projections.drafts.common_names import FIRST, LAST
from projections.drafts.introduced import introduced
from projections.drafts.masking import MASK, MOST_DIGITS, masked, names_in
from projections.knowledge.forms import is_filler
from projections.words import folded
from tests.projections.drafts.private import lines

NAMES = ("Ana Lima 🌸", "João da Silva", "王小明", "O'Brien")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("me liga no (11) 98888-7777", "8888"),
        ("+55 11 9 8888 7777 é o meu", "8888"),
        ("１１９８８８８７７７７", "８８８８"),
        ("1-1-9-8-8-8-8", "8-8-8"),
        ("CPF 111.444.777-35", "444"),
        ("CNPJ 12.345.678/0001-95", "345"),
        ("RUT 12.345.678-K", "-K"),
        ("mi DNI es 30123456", "3012"),
        ("RFC GOMC850101AB1", "GOMC"),
        ("CURP GOMC850101HDFRRL09", "HDF"),
        ("4111 1111 1111 1111", "1111"),
        ("R$ 11987654321", "987"),
        ("pix 123e4567-e89b-12d3-a456-426614174000", "e89b"),
        ("placa ABC1D23", "ABC"),
        ("mande para joao.silva+x@exemplo.com.br por favor", "silva"),
        ("joao arroba gmail ponto com", "joao"),
        ("sou o @fulano.de.tal", "fulano"),
        ("veja https://example.org/r?token=abc", "token"),
        ("exemplo.com.br/carlos", "carlos"),
        ("Moro na Rua das Flores, 123, apto 45", "Flores"),
        ("Entregam na av. Paulista 1000?", "Paulista"),
        ("Calle 7 # 12-34 barrio Centro", "12-34"),
        ("I live at 221B Baker Street, do you deliver?", "Baker"),
        ("-23.5505, -46.6333", "5505"),
        ("Meu nome é carla de souza e quero saber do preço", "souza"),
        ("me llamo Carla", "Carla"),
        ("This is Bob, do you open?", "Bob"),
        ("Obrigada, Joana", "Joana"),
        ("ANA, aceita pix?", "ANA"),
        ("o joao disse que sim", "joao"),
        ("我是王小明", "小明"),
        ("O'Brien here", "Brien"),
        ("1\u200b1\u200b9\u200b8\u200b8\u200b8\u200b8", "8"),
        (f"{MASK}".join("119888877"), "9"),
        ("x" * 64, "xxx"),
        ("meu zap: onze nove oito oito, sete seis meia", "oito"),
        ("joao @ gmail.com", "joao"),
        ("nasci em 12 de março de 1985", "março"),
        ("born on March 12th, 1985", "March"),
        ("IBAN ES91 2100 0418 4502 0005 1332", "0418"),
        ("CLABE 032180000118359719", "3218"),
        ("RG 12.345.678-9", "345"),
        ("CEP 01310-100", "1310"),
        ("wa.me/5511988887777", "8888"),
        ("Sr. Carlos mandou", "Carlos"),
        ("o carlos vai buscar", "carlos"),
        ("minha filha beatriz silva tem alergia", "silva"),
        ("entrega pra MARIA CLARA nunes", "nunes"),
        ("sou o zequinha, quero um bolo", "zequinha"),
        ("soy la carmencita", "carmencita"),
        ("quem fala é a sueli", "sueli"),
        ("o nome dela é kaylane", "kaylane"),
        ("el nombre de mi hijo es thiaguinho", "thiaguinho"),
        ("minha filha se chama aylla", "aylla"),
        ("meu amigo chamado xurupita", "xurupita"),
        ("my daughter named zoraida", "zoraida"),
        ("her name is oona", "oona"),
        ("nove 9 8 sete 6 5 4", "sete"),
        ("ÁLVARO pediu", "ÁLVARO"),
    ],
)
def test_what_tells_of_a_person_is_taken_out(text: str, secret: str) -> None:
    assert secret in text
    found = masked(text, NAMES)
    assert MASK in found
    assert secret not in found


@pytest.mark.parametrize(
    "text",
    [
        "Vocês entregam no sábado?",
        "Abrimos de seg a sex, 10:00 - 18:00, sáb das 9h às 14h",
        "O frete custa R$ 1.234,56, ou US$ 15",
        "O prazo é de 3 a 5 dias úteis",
        "¿Aceptan tarjeta en 2026?",
        "Entregam em São Paulo, San Juan ou Santa Maria?",
        "Sou a dona da loja, e soy el dueño",
        "Sou celíaca, tem pão sem glúten?",
        "Tem flores, pinto, uma cruz e um luna?",
        "Como se chama o bolo? O nome do bolo é floresta negra",
        "Abre em 24 de dezembro de 2026? Somos dois adultos e três crianças",
    ],
)
def test_what_a_business_says_is_kept(text: str) -> None:
    assert masked(text, NAMES) == text


_DIGITS = st.text("0123456789", min_size=8, max_size=19)
_AROUND = st.text(max_size=30)


@st.composite
def _written(draw: st.DrawFn) -> str:
    """A number of 8 digits or more, as people write one."""
    digits = draw(_DIGITS)
    between = st.sampled_from(("", " ", "-", ".", "/", ") ", " - ", "."))
    return draw(st.sampled_from(("", "+", "(", "R$ ", "nº ", "CPF:"))) + "".join(one + draw(between) for one in digits)


@given(_AROUND, _written(), _AROUND)
def test_no_long_number_is_left(before: str, number: str, after: str) -> None:
    """Whatever is around it, and however it is written, no more of it is left than a year has."""
    found = masked(f"{before} {number} {after}")
    runs = re.findall(r"\d(?:[\s.\-/()+]{0,3}\d)*", found)
    hours = re.compile(r"\d{1,2}\s?[:h]")
    assert hours.search(number) or all(sum(map(str.isdigit, run)) <= 7 for run in runs), found
    assert not re.search(rf"\d{{{MOST_DIGITS + 4},}}", found)


@given(_AROUND, st.from_regex(r"[a-z]{3,12}(\.[a-z]{2,9})?@[a-z]{2,12}\.(com|org|com\.br)", fullmatch=True), _AROUND)
def test_no_mail_is_left(before: str, mail: str, after: str) -> None:
    assert "@" not in masked(f"{before}{mail}{after}")


@given(_AROUND, st.from_regex(r"[A-Z][a-zà-ú]{3,11}", fullmatch=True), _AROUND)
def test_no_name_of_a_person_is_left(before: str, name: str, after: str) -> None:
    assert f" {name} " not in f" {masked(f'{before} {name} {after}', [f'{name} Souza'])} "


_CASES = st.sampled_from((str.lower, str.upper, str.title, str.swapcase))


@given(st.text(alphabet=" abcçéo,.!?\n", max_size=30), st.sampled_from(sorted(FIRST)), _CASES, st.text(max_size=30))
def test_no_common_name_is_left(before: str, name: str, case: Callable[[str], str], after: str) -> None:
    """A common name is masked in any case; after a word for a saint it is a place."""
    found = masked(f"{before} - {case(name)} {after}")
    assert case(name) not in found.split(), found


@given(
    st.sampled_from(
        ("meu nome é", "me chamo", "my name is", "me llamo", "mi nombre es", "sou o", "sou a", "soy la", "aqui é o",
         "o nome dela é", "el nombre de mi hijo es", "her name is", "minha mãe se chama", "call me")
    ),
    st.from_regex(r"[bcdfgjkmptvxz][aeiou][xzkw][aeiou]{1,2}[a-z]{0,5}", fullmatch=True),
    _CASES,
)  # fmt: skip
def test_a_name_that_is_given_is_known_in_the_whole_chat(said: str, name: str, case: Callable[[str], str]) -> None:
    """Also one that no table has; in its own message, and in the others."""
    given_in = f"Oi, {said} {case(name)}, quero pão"
    assert case(name) not in masked(given_in)
    assert name in masked(f"o {name} pode buscar?") or name in FIRST
    assert name not in masked(f"o {name} pode buscar?", names_in(given_in))


@pytest.mark.parametrize(
    "text", ["", "ok", "fala a verdade", "sou a dona", "o nome do bolo é floresta", "se chama como?"]
)
def test_no_name_is_given(text: str) -> None:
    """Else its words would be missing in all messages of the chat."""
    assert names_in(text) == set()


@pytest.mark.parametrize(
    "said",
    ["me chamo", "o meu nome completo é", "me llamo", "mi nombre es", "my name's", "call me", "me chamam de", "nome:",
     "nombre :", "o nome da minha filha é", "his name is", "the name of my dog is", "ela se chama", "ella se llamaba",
     "filho chamado", "hija, llamada", "son named", "wife called", "aqui quem fala é o", "soy el", "aqui é", "aquí es",
     "fala", "I am", "i'm", "I’m", "this is", "falo com o", "hablo con", "seu", "Sr.", "dra", "don", "Doña", "mrs.",
     "att,", "abraços,", "saludos", "regards,", "obrigado,", "gracias", "THANKS"]
)  # fmt: skip
def test_no_pattern_is_left_out_that_finds_a_name(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"Oi, {said} Zequinha Pfeil"
    found = names_in(text)
    monkeypatch.setattr(masking, "_telling", lambda _: (masking._CALLED, masking._TITLED))
    assert found == names_in(text)
    assert "Zequinha" in found


@pytest.mark.parametrize("text", ["Vocês abrem amanhã no feriado?", "¿Cuánto cuesta el envío?", "Is it in stock?"])
def test_a_message_without_a_name_costs_little(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of drafts looks at 80,000 messages."""
    monkeypatch.setattr(masking, "_CALLED", None)
    monkeypatch.setattr(masking, "_TITLED", None)
    assert names_in(text) == set()


def test_a_name_behind_many_blanks() -> None:
    """They would cost 50 ms, and hide the name."""
    assert names_in(f"the name of my{' ' * 40}dog is Zequinha") == {"Zequinha"}


def test_the_tables_have_folded_names() -> None:
    assert all(name == folded(name) and len(name) >= 3 for name in LAST)
    assert not {name for name in FIRST if is_filler(name)}


@pytest.mark.parametrize(
    "piece",
    [
        "a ",
        "a@",
        "1 ",
        "rua ",
        "sou A ",
        "meu nome é ",
        "um ",
        "12 de ",
        "moro em ",
        "x" * 39 + " ",
        "R$ ",
        "1/",
        "ana ",
        "o nome dela ",
        "ana de ",
        "São ",
        "soy ",
        "my son ",
        "em nome de ",
        "thanks ",
        "thanks, ",
        "sra. ",
        "nasc ",
        "placa ",
        "aqui\t",
    ],
)
def test_the_time_grows_with_the_text_alone(piece: str) -> None:
    """Every answer that a human may send is masked, also one that is made to take long."""
    assert masked(piece * (4096 // len(piece))) is not None


def test_what_people_write_of_themselves() -> None:
    """Two lists, which were written before the rules were made to hold for them."""
    told = [(masked(text, names_in(text)), text, secrets) for text, secrets in lines()]
    left = [(text, secret) for found, text, secrets in told for secret in secrets if secret.lower() in found.lower()]
    taken = [(text, found) for found, text, secrets in told if not secrets and found != text]
    assert sum(len(secrets) for _, _, secrets in told) == 209
    assert len(left) <= 3, left
    assert len(taken) <= 1, taken


@given(_AROUND, st.text("0123456789", min_size=5, max_size=30), _AROUND)
def test_no_row_of_five_digits_is_left(before: str, number: str, after: str) -> None:
    """But in a price, as they have their sign."""
    found = masked(f"{before} {number} {after}")
    assert not re.search(r"\d{5}", re.sub(r"(?:[$€£]|BRL|USD|EUR)\s?\d[\d.,]*", "", found)), found


@given(st.text(max_size=40), st.sampled_from(["soy ", "minha filha ", "att, ", "this is ", "em nome de "]), _AROUND)
def test_an_introduction_is_masked_once(before: str, said: str, after: str) -> None:
    """Spans are in order, within the text, and none overlaps another."""
    text, last = f"{before}{said}{after}", 0
    for start, end in introduced(text):
        assert last <= start < end <= len(text)
        last = end
