"""A catalogue of invented things in Portuguese, Spanish and English, whose pieces read like text.

A third of it is in each language. No piece says what a document of the set says, so each question keeps its right passage.
"""

# ruff: noqa: E501 - sentences
from __future__ import annotations

from collections.abc import Iterator
from random import Random

_THINGS = {
    "pt": "mesa de canto|estante de pinho|luminária de chão|abajur de cabeceira|poltrona de leitura|tapete de sala|cortina de linho|"
    "vaso de barro|regador de jardim|banco de praça|guarda-sol de varanda|rede de descanso|panela de pressão|frigideira de ferro|"
    "jogo de talheres|garrafa térmica|tábua de corte|balança de precisão|violão de estudo|teclado musical|flauta doce|caderno de capa "
    "dura|caneta-tinteiro|mochila escolar|quebra-cabeça|jogo de tabuleiro|boneca de pano|carrinho de madeira|camisa de algodão|"
    "jaqueta impermeável|cachecol de lã|bota de trilha|relógio de parede|espelho redondo|câmera fotográfica|fone de ouvido",
    "es": "mesa auxiliar|estantería de pino|lámpara de pie|flexo de escritorio|sillón de lectura|alfombra de salón|cortina de lino|"
    "maceta de barro|regadera de jardín|banco de exterior|sombrilla de terraza|hamaca de descanso|olla a presión|sartén de hierro|"
    "juego de cubiertos|termo de acero|tabla de cortar|báscula de precisión|guitarra de estudio|teclado musical|flauta dulce|"
    "cuaderno de tapa dura|pluma estilográfica|mochila escolar|rompecabezas|juego de mesa|muñeca de trapo|cochecito de madera|"
    "camisa de algodón|chaqueta impermeable|bufanda de lana|bota de montaña|reloj de pared|espejo redondo|cámara de fotos|auricular",
    "en": "side table|pine shelf|floor lamp|bedside light|reading armchair|living room rug|linen curtain|clay pot|garden watering can|"
    "park bench|patio parasol|hammock|pressure cooker|iron frying pan|cutlery set|vacuum flask|chopping board|kitchen scale|"
    "student guitar|keyboard|recorder flute|hardback notebook|fountain pen|school backpack|jigsaw puzzle|board game|rag doll|"
    "wooden toy car|cotton shirt|rain jacket|wool scarf|hiking boot|wall clock|round mirror|camera|pair of headphones",
}
_MAKERS = "Arvo|Belmira|Corvina|Dunas|Ebrel|Farol|Gaivo|Horten|Iriza|Jandaia|Kestrel|Lumen|Marlo|Norvik|Ondara|Petra|Quilha|Rovere|"
_MAKERS += "Solane|Tamis|Umbra|Velmar|Wexley|Xareu|Yarrow|Zafra"
_COLOURS = {
    "pt": "azul|verde|cinza|vermelha|preta|bege|amarela|marrom",
    "es": "azul|verde|gris|roja|negra|beis|amarilla|marrón",
    "en": "blue|green|grey|red|black|beige|yellow|brown",
}
_SENTENCES = {
    "pt": "O modelo pesa {small} quilos e mede {large} centímetros de altura.|Na cor {colour}, sai por R$ {price} e vem montado da "
    "fábrica.|A peça é feita à mão em lotes de {large} unidades.|Limpe com um pano seco e guarde longe do sol forte.|A garantia do "
    "fabricante cobre {small} anos contra defeitos de material.|Restam {large} unidades no depósito e a próxima remessa chega em {small} "
    "semanas.|Combina com a linha {other} e aceita as mesmas peças de reposição.|Foi desenhada para ambientes pequenos e suporta "
    "{large} quilos.|A versão anterior custava R$ {price} e saiu de linha.|A embalagem traz o manual, {small} parafusos e uma chave.",
    "es": "El modelo pesa {small} kilos y mide {large} centímetros de alto.|En color {colour} sale por {price} € y viene montado de "
    "fábrica.|La pieza se hace a mano en lotes de {large} unidades.|Se limpia con un paño seco y se guarda lejos del sol fuerte.|La "
    "garantía del fabricante cubre {small} años por defectos del material.|Quedan {large} unidades en el almacén y la próxima remesa "
    "llega en {small} semanas.|Combina con la línea {other} y acepta los mismos recambios.|Se diseñó para espacios pequeños y soporta "
    "{large} kilos.|La versión anterior costaba {price} € y ya no se fabrica.|La caja trae el manual, {small} tornillos y una llave.",
    "en": "This model weighs {small} kilos and stands {large} centimetres tall.|In {colour} it sells for £{price} and comes ready "
    "assembled.|Each piece is made by hand in batches of {large}.|Wipe it with a dry cloth and store it away from strong sun.|The "
    "maker's guarantee covers {small} years against faults in the material.|There are {large} left in the warehouse and the next "
    "shipment comes in {small} weeks.|It matches the {other} line and takes the same spare parts.|It was designed for small rooms and "
    "bears {large} kilos.|The earlier version cost £{price} and is no longer made.|The box holds the manual, {small} screws and a key.",
}
_LANGUAGES = tuple(_THINGS)


def catalogue(pieces: int, sections: int, seed: int = 19) -> Iterator[tuple[str, str]]:
    """(name, text) of documents with so many pieces together, `sections` of them in each."""
    chance = Random(seed)
    makers = _MAKERS.split("|")
    for number in range(pieces // sections):
        language = _LANGUAGES[number % 3]
        things, colours = _THINGS[language].split("|"), _COLOURS[language].split("|")
        sentences = _SENTENCES[language].split("|")
        parts = []
        for section in range(sections):
            words = " ".join(chance.sample(sentences, 2)).format(
                small=chance.randint(2, 9),
                large=chance.randint(11, 180),
                price=f"{chance.randint(9, 990)}.90",
                colour=chance.choice(colours),
                other=chance.choice(makers),
            )
            heading = f"{chance.choice(things).capitalize()} {chance.choice(makers)} {number * sections + section}"
            parts.append(f"## {heading}\n\n{words}")
        yield f"other-{number}.md", "\n\n".join(parts)
