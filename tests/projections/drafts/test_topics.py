"""The same question in other words is one draft, and another question is not: groups written before the rule."""

from __future__ import annotations

from itertools import combinations

from projections.drafts.masking import MASK
from projections.drafts.topics import SAME, topic_of

GROUPS = (
    (
        "Vocês têm estacionamento?",
        "tem estacionamento aí?",
        f"aqui quem fala é o {MASK}, quero saber do estacionamento",
    ),
    ("Entregam no sábado?", "oi, vocês entregam aos sábados?", "gostaria de saber se entregam sábado"),
    ("Aceitam cartão?", "aceita cartão aí?", "queria saber se vocês aceitam cartão"),
    ("Posso levar cachorro?", "dá pra levar cachorro?", "me diz uma coisa, posso levar o cachorro?"),
    ("¿Hacen envíos?", "hola, quería saber si hacen envíos", "disculpe, ¿ustedes hacen envíos?"),
    ("¿Tienen wifi?", "¿hay wifi ahí?", "quisiera saber si tienen wifi"),
    ("Is there parking?", "do you have any parking?", "hi, I would like to know about parking"),
    ("Do you ship abroad?", "just wondering, do you ship abroad?", "could you tell me if you ship abroad?"),
    ("Qual o prazo de troca?", "me fala o prazo de troca", "preciso saber o prazo da troca por favor"),
)
OTHERS = (
    ("Aceitam cachorro?", "Aceitam cartão?"),
    ("Entregam no sábado?", "Abrem no sábado?"),
    ("Quero comprar um bolo", "Quero devolver um bolo"),
    ("Tem estacionamento?", "Quanto custa o estacionamento?"),
    ("¿Hacen envíos?", "¿Cuánto cuestan los envíos?"),
    ("¿Tienen wifi?", "¿Tienen piscina?"),
    ("Is there parking?", "Is there a pool?"),
    ("Do you ship abroad?", "Do you ship tomorrow?"),
    ("Quero cancelar o pedido", "Quero fazer um pedido"),
    ("Posso pagar depois?", "Posso chegar depois?"),
    ("Fazem festa?", "Fazem bolo?"),
    ("Can I change my order?", "Can I cancel my order?"),
)


def same(one: str, other: str) -> bool:
    a, b = topic_of(one), topic_of(other)
    return bool(a | b) and len(a & b) / len(a | b) >= SAME


def test_the_same_question_and_another_one() -> None:
    pairs = [pair for group in GROUPS for pair in combinations(group, 2)]
    missed = [pair for pair in pairs if not same(*pair)]
    joined = [pair for pair in OTHERS if same(*pair)]
    assert len(pairs) == 27
    assert missed == []
    assert joined == []
