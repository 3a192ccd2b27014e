"""Tells whether an answer says that it does not know, in Portuguese, Spanish or English. Pure.

A table of forms: a negation, with what it denies. The denied thing has to be knowledge (a person who knows, finds or
confirms something, a document that says it), since "we have no gluten" is an answer. It may be wrong: a person reads
the draft that is made of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_BEGINNING: Final = 600
"""Characters of an answer in which it may say so."""

_SENTENCE = re.compile(r"[.!?;\n]+")
_IF = re.compile(
    r"(?:^\s*|,\s*)(?:if|in\s+case|unless|when|se|caso|si|en\s+caso|quando|cuando)\b[^,]*(?:,|$)", re.IGNORECASE
)
"""A condition: "if you do not find it" denies nothing."""


def _of(*forms: str) -> re.Pattern[str]:
    return re.compile("|".join(forms), re.IGNORECASE)


_SOME: Final = r"(?:[\w'’]+\s+){0,4}"
_FEW: Final = r"(?:[\w'’]+\s+){0,2}"

_ORDER: Final = (
    r"(?!\s+(?:a|o|la|el|su|tu|sua|seu|the|your|an?)\s+"
    r"(?:reserva|pedido|pagamento|pago|cita|agendamento|booking|order|appointment))"
)
"""An order that waits for something is no gap of the documents."""

_PT_FACT: Final = (
    r"(?:nada\s+(?:sobre|a\s+respeito)|informaç|informac|detalhe|dado|resposta|registro|menç|referência|certeza"
    r"|conhecimento|acesso\s+a\s+ess)"
)
_PT_DOC: Final = r"(?:documento|trecho|passage[mn]|materia[li]|arquivo|texto|fonte|base)\w*"
_PT_LIST: Final = r"(?:card[áa]pio|menu|lista|tabela|termo|pol[íi]tica|cat[áa]logo|p[áa]gina|contrato)\w*"
_PT_SAYS: Final = r"(?:mencion|inform|especific|di(?:z|zem)\b|indic|cit|fala|detalh|tra(?:z|zem)\b|esclarec|consta)"
_PORTUGUESE = _of(
    r"\bdesconhe[çc]o\b|\bn[ãa]o\s+(?:sei|saberia)\b(?!\s+se\s+(?:voc[êe]s?|vc|tu|o\s+senhor|a\s+senhora|j[áa])\b)",
    r"\bn[ãa]o\s+(?:fa[çc]o|tenho)\s+(?:a\s+m[íi]nima\s+)?ideia\b",
    r"\bn[ãa]o\s+(?:encontrei|encontro|encontramos|achei|localizei|localizamos|foi\s+encontrad[oa])\b"
    r"(?!\s+(?:dificuldade|motivo|problema|raz))",
    r"\bn[ãa]o\s+(?:tenho\s+como|d[áa]\s+(?:para|pra))\s+(?:saber|confirmar|informar|dizer|responder|afirmar)",
    rf"\bn[ãa]o\s+(?:tenho|temos|tinha|possuo|possu[íi]mos|disponho|dispomos|h[áa]|existem?|tem|vi|vejo)\s+{_SOME}{_PT_FACT}",
    r"\bn[ãa]o\s+(?:consegui|conseguimos|consigo|pude|posso|podemos|foi\s+poss[íi]vel|[ée]\s+poss[íi]vel|sei)\s+(?:lhe\s+|te\s+)?"
    rf"(?:encontrar|achar|localizar|confirmar|informar|responder|dizer|afirmar|verificar)\b{_ORDER}",
    r"\bn[ãa]o\s+me\s+foi\s+(?:informad|pass|dit)",
    r"\bn[ãa]o\s+(?:me\s+)?(?:constam?|figuram?|aparecem?)\b",
    rf"\bn[ãa]o\s+(?:[ée]|s[ãa]o|foi|foram|est[áa]|est[ãa]o|vem|fica)\s+{_FEW}(?:especificad|mencionad|informad|indicad|descrit"
    r"|citad|detalhad|clar[ao]\s+(?:n|se))",
    rf"\bn[ãa]o\s+(?:[ée]|s[ãa]o|foi|est[áa]|est[ãa]o)\s+{_FEW}(?:n[oa]s?|em)\s+{_FEW}{_PT_DOC}",
    r"\b(?:informaç(?:ão|ões)|detalhes?|respostas?|dados?)\b[^,]{0,20}\sn[ãa]o\s+(?:est|foi|[ée]\b|fo)",
    rf"\b{_PT_DOC}\s+{_SOME}n[ãa]o\s+(?:{_PT_SAYS}|cont[ée]m|inclu|cobre|tem\b|t[êe]m\b|apresent|fal)",
    rf"\b{_PT_LIST}\s+{_SOME}n[ãa]o\s+{_PT_SAYS}",
    rf"\b(?:nenhuma?|sem)\s+{_FEW}(?:informaç|menç|refer[êe]ncia|detalhe|dado\s)",
    rf"\bnada\s+{_FEW}(?:n[oa]s?|sobre)\s+{_FEW}{_PT_DOC}",
)

_ES_FACT: Final = (
    r"(?:nada\s+(?:sobre|al\s+respecto)|informaci|detalle|dato|respuesta|registro|menci|referencia|certeza"
    r"|conocimiento|acceso\s+a\s+es)"
)
_ES_DOC: Final = r"(?:documento|pasaje|fragmento|materia[l]|archivo|texto|fuente)\w*"
_ES_LIST: Final = r"(?:men[úu]|carta|lista|tarifa|t[ée]rmino|condicion|pol[íi]tica|cat[áa]logo|p[áa]gina|contrato)\w*"
_ES_SAYS: Final = r"(?:mencion|inform|especific|dicen?\b|indic|cita|habla|detall|traen?\b|aclar|consta|recoge)"
_SPANISH = _of(
    r"\bdesconozco\b|\bno\s+(?:l[oa]s?\s+)?(?:s[é]|sabr[íi]a)\b"
    r"(?!\s+si\s+(?:(?:l[oae]s?|ya|te|se)\s+)?(?:ha\b|has\b|han\b|usted|t[úu]\b|quier|prefier|vio|viste))",
    r"\bno\s+tengo\s+(?:ni\s+)?idea\b",
    r"\bno\s+(?:(?:lo|la|los|las)\s+)?(?:encontr[ée]|encuentro|encontramos|hall[ée]|localic[ée]|he\s+encontrado|hemos\s+encontrado"
    r"|he\s+localizado|he\s+hallado)\b(?!\s+(?:dificultad|motivo|problema|raz))",
    r"\bno\s+se\s+(?:encontr(?:[óo]|aron)|puede\s+(?:saber|confirmar|determinar))\b",
    r"\b(?:la\s+)?informaci[óo]n\s+(?:[\w]+\s+){0,3}no\s+(?:cubr|inclu|mencion|indic|dice)",
    rf"\bno\s+(?:tengo|tenemos|poseo|poseemos|dispongo|disponemos|cuento|contamos|hay|existen?|veo|manejo)\s+{_SOME}{_ES_FACT}",
    r"\bno\s+(?:(?:lo|la|te|le)\s+)?(?:pude|puedo|podemos|pudimos|logr[ée]|logro|consigo|consegu[íi]|he\s+podido|(?:me\s+)?(?:fue|es)\s+posible"
    r"|sabr[íi]a)\s+(?:encontrar|localizar|hallar|confirmar|responder|decir|indicar|informar|asegurar|verificar)(?:l[oa]s?)?\b"
    rf"{_ORDER}",
    r"\bno\s+(?:me\s+)?(?:constan?|figuran?|aparecen?)\b",
    r"\bno\s+se\s+(?:especific|mencion|indic|detall|inform|aclar|dice\b|menciona)",
    rf"\bno\s+(?:est[áa]n?|viene|vienen|es|fue)\s+{_FEW}(?:especificad|mencionad|indicad|detallad|descrit|aclarad|clar[oa]\s+si)",
    rf"\bno\s+est[áa]n?\s+{_FEW}en\s+{_FEW}{_ES_DOC}",
    r"\b(?:informaci[óo]n|detalles?|respuestas?|datos?)\b[^,]{0,20}\sno\s+(?:est|fue|se\s|la\s|lo\s)",
    r"\bno\s+estoy\s+segur[oa]\b(?!\s+de\s+(?:qu[ée]|cu[áa]l)\b)",
    rf"\b{_ES_DOC}\s+{_SOME}no\s+(?:{_ES_SAYS}|contien|inclu|cubr|tienen?\b|aparec|habl)",
    rf"\b{_ES_LIST}\s+{_SOME}no\s+{_ES_SAYS}",
    r"\blista\s+de\s+precios\s+no\s+inclu|\blista\s+de\s+preços\s+n[ãa]o\s+inclu|\bprice\s+list\s+(?:does\s+not|doesn['’]t)\s+inclu",
    rf"\b(?:ning[úu]na?|sin)\s+{_FEW}(?:informaci|menci|referencia|detalle|dato\s)",
    rf"\bnada\s+{_FEW}(?:en|sobre)\s+{_FEW}{_ES_DOC}",
)

_NOT: Final = r"(?:not|n['’]?t)"
_NO: Final = r"(?:\bnot|n['’]t)"
_CAN: Final = r"(?:can\s?not|can['’]t|cant|(?:could|was|were|am|are|['’]m|did|do|have)\s?(?:not|n['’]?t))"
_EN_FACT: Final = (
    r"(?:information\b(?!\s+(?:desk|office|counter|point|booth))|info\b|details?\b(?!\s+(?:are\s+)?(?:needed|required))"
    r"|data\b(?!\s+(?:limit|plan|cap|roaming))|knowledge|answer\b(?!\s+(?:within|in|after)\b)|mention\b|records?\s+of|reference\s+to|access\s+to\s+(?:that|this|the|such))"
)
_EN_DOC: Final = r"(?:information|documents?|passages?|materials?|files?|sources?|texts?|documentation|records|FAQs?)"
_EN_LIST: Final = (
    r"(?:menu|list|terms|policy|policies|catalogue|catalog|page|price\s+list|brochure|conditions|contract)"
)
_EN_SAYS: Final = r"(?:mention|say|state|specify|indicate|tell|show|list|clarify|address)"
_ENGLISH = _of(
    rf"(?<!\byou)\s(?:do|does|did)\s?{_NOT}\s+(?:actually\s+|currently\s+)?know\b"
    r"(?!\s+(?:(?:if|whether|what|which|who|how|where|when)\s+)?you)",
    rf"\b(?:do|does|did|have|had)\s?{_NOT}\s+(?:\w+ly\s+)?(?:have\s+|got\s+|find\s+|found\s+|see\s+|seen\s+)?{_SOME}{_EN_FACT}",
    rf"(?<!\byou)\s(?:{_CAN}|unable)\s+"
    rf"(?:able\s+)?(?:to\s+)?(?:find|found|locate[d]?|see\s+any|confirm|tell|say|answer|verify|determine)\b(?!\s+you\s+apart){_ORDER}",
    r"(?<!\byou)(?:\s|['’])(?:am|m|are|was|were)\s+(?:not\s+able|unable)\s+to\s+(?:find|locate|confirm|tell|say|answer|verify"
    r"|determine|provide\s+(?:that|this|an\s+answer|information|details))",
    rf"\bdo\s?{_NOT}\s+see\s+(?:any|it\b|that\b)",
    rf"{_NO}\s+(?:sure|certain)\b(?!\s+(?:(?:about|of|if|whether)\s+)?(?:you|your|what\s+you|which|what|who)\b)",
    rf"\b(?:no|lack|lacks|without)\s+(?:any\s+|the\s+|such\s+|specific\s+|further\s+)?{_EN_FACT}",
    rf"\b{_EN_DOC}\s+{_SOME}(?:(?:do|does|did|have)\s?{_NOT}|fail\s+to)\s+(?:\w+ly\s+)?(?:{_EN_SAYS}|include|cover|contain|give"
    r"|provide|have|describe|discuss)",
    rf"\b{_EN_LIST}\s+{_SOME}(?:do|does|did)\s?{_NOT}\s+(?:\w+ly\s+)?{_EN_SAYS}",
    rf"{_NO}\s+(?:\w+ly\s+)?(?:mentioned|specified|stated|documented|indicated|addressed|clear\s+from)\b",
    rf"{_NO}\s+(?:\w+ly\s+)?(?:covered|listed|provided|available|included|given|described|said|found|in|part)\s+{_SOME}"
    rf"(?:{_EN_DOC}|{_EN_LIST}|what\s+I\s+(?:have|was|know))\b",
    r"\bno\s+way\s+(?:of\s+knowing|to\s+(?:know|tell|confirm))|\bnot\s+aware\s+of\b|\b(?:beyond|outside)\s+(?:of\s+)?what\s+(?:\w+\s+){0,2}"
    r"(?:documents?|I)\s+(?:cover|have|know)",
    rf"\b(?:information|detail|details|answer)\s+{_FEW}(?:is|are|was|were)\s?{_NOT}\b",
    rf"\bnothing\s+{_FEW}(?:in|about|on)\s+{_SOME}(?:{_EN_DOC}|{_EN_LIST})\b",
    rf"\b{_EN_DOC}\s+(?:is|are)\s+silent\b|\bunknown\s+to\s+me\b|\bI\s+would\s?{_NOT}\s+know\b",
    r"\b(?:is|was|found|have|has|see|says?)\s+nothing\s+(?:about|on|regarding)\b",
    rf"\b(?:do|does)\s?{_NOT}\s+have\s+{_FEW}on\s+(?:file|record|that|this)\b",
    rf"\b(?:is|['’]s)\s?{_NOT}\s+something\s+(?:that\s+)?(?:I|we|the)\b",
)

_FORMS: Sequence[re.Pattern[str]] = (_PORTUGUESE, _SPANISH, _ENGLISH)


def says_not_known(text: str) -> bool:
    """True if the answer says that it does not know."""
    for sentence in _SENTENCE.split(text[:_BEGINNING]):
        told = f" {_IF.sub(' ', sentence)}"
        if any(forms.search(told) for forms in _FORMS):
            return True
    return False
