"""Makes the documents that are no text files: `python -m tests.knowledge.office_files`.

The Word file comes from python-docx. A spreadsheet and a PDF of one font are small enough to be written by hand.
"""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import ZipFile, ZipInfo

from docx import Document

DOCUMENTS = Path(__file__).parent / "documents"

Row = tuple[str, ...]

BIKE_SHOP: tuple[str | list[Row], ...] = (
    "# Taller La Rueda: precios y condiciones",
    (
        "Precios con IVA. La mano de obra va aparte de las piezas, salvo donde se dice otra cosa. "
        "El presupuesto es gratis si la reparación se hace aquí; si no, cuesta 8 €."
    ),
    "# Reparaciones",
    [
        ("Trabajo", "Precio", "Plazo", "Nota"),
        ("Reparar un pinchazo", "9 €", "en el momento", "cámara aparte"),
        ("Ajuste de frenos", "13 €", "un día", "zapatas aparte"),
        ("Purgado de freno hidráulico", "24 €", "dos días", "por rueda"),
        ("Ajuste de cambio", "16 €", "un día", ""),
        ("Cambio de cadena", "11 €", "en el momento", "cadena desde 17 €"),
        ("Centrado de rueda", "19 €", "dos días", "por rueda"),
        ("Cambio de radio", "15 €", "tres días", "radio incluido"),
        ("Montaje de bicicleta en caja", "45 €", "cuatro días", "se recicla el cartón"),
    ],
    "# Revisiones",
    [
        ("Revisión", "Precio", "Plazo", "Incluye"),
        ("Básica", "38 €", "dos días", "frenos, cambio, presión y engrase"),
        ("Completa", "69 €", "cuatro días", "la básica, limpieza de transmisión y centrado"),
        ("Eléctrica", "95 €", "cinco días", "la completa y diagnóstico de batería"),
    ],
    "# Condiciones",
    (
        "Las bicicletas entran con cita de lunes a viernes y sin ella los sábados. Si aparece algo más, "
        "llamamos antes de gastar nada por encima del presupuesto. Garantizamos el trabajo sesenta días."
    ),
    (
        "Una bicicleta lista que nadie recoge en quince días paga 1 € diario de almacén. A los seis meses se dona "
        "a la asociación del barrio, tras dos avisos por escrito."
    ),
    (
        "Prestamos una bicicleta de paseo mientras dure la avería, gratis para socios y por 5 € al día para los demás. "
        "Compramos bicicletas usadas con factura de compra y documento de identidad."
    ),
    "# Horario",
    (
        "De lunes a viernes, de 10:00 a 14:00 y de 16:30 a 20:00. Sábados, de 10:00 a 13:30. En julio, solo por la "
        "mañana. Enseñamos mecánica básica el primer jueves de cada mes, de 19:00 a 21:00, por 20 €, en grupos de 6."
    ),
)

DENTIST: dict[str, list[Row]] = {
    "Preços": [
        ("Procedimento", "Preço", "Sessões", "Observação"),
        ("Consulta de avaliação", "R$ 120,00", "1", "abatida do tratamento"),
        ("Limpeza e profilaxia", "R$ 190,00", "1", "a cada seis meses"),
        ("Restauração em resina", "R$ 260,00", "1", "por dente"),
        ("Tratamento de canal", "R$ 890,00", "2 a 3", "dente da frente"),
        ("Tratamento de canal de molar", "R$ 1.250,00", "3", ""),
        ("Extração simples", "R$ 280,00", "1", ""),
        ("Extração de siso", "R$ 650,00", "1", "inclui retirada dos pontos"),
        ("Clareamento em casa", "R$ 780,00", "2", "moldeira e gel"),
        ("Clareamento no consultório", "R$ 1.150,00", "3", "não indicado para gestantes"),
        ("Aparelho fixo metálico", "R$ 1.600,00", "24 meses", "manutenção R$ 140,00 por mês"),
        ("Alinhadores transparentes", "R$ 7.900,00", "12 a 18 meses", "em até doze parcelas"),
        ("Implante unitário", "R$ 3.400,00", "4", "coroa à parte"),
        ("Coroa de porcelana", "R$ 1.900,00", "2", "cinco anos de garantia"),
        ("Prótese total", "R$ 2.300,00", "5", "dentadura superior ou inferior"),
        ("Aplicação de flúor infantil", "R$ 90,00", "1", "até doze anos"),
        ("Placa para bruxismo", "R$ 720,00", "2", "para quem range à noite"),
        ("Urgência fora do horário", "R$ 350,00", "1", "só alívio da dor"),
    ],
    "Regras": [
        ("Assunto", "Como fazemos"),
        ("Horário", "Segunda a sexta, das 8h às 20h; sábado, das 8h às 14h"),
        ("Cancelamento", "Avise com 12 horas; falta sem aviso custa R$ 80,00"),
        ("Pagamento", "À vista com Pix, oito por cento de desconto; no cartão, até dez vezes"),
        ("Convênios", "Sorriso Fácil e Dental Mais; não cobrem clareamento nem implante"),
        ("Crianças", "Odontopediatra às quartas, a partir de dois anos"),
        ("Radiografia", "Panorâmica feita no prédio ao lado por R$ 110,00; trazemos o resultado na hora"),
        ("Sedação", "Óxido nitroso por R$ 200,00, com acompanhante adulto"),
        ("Garantia", "Restaurações têm um ano; próteses, dois anos, com revisões em dia"),
        ("Depois da extração", "Dois dias de comida fria e pastosa, sem canudo e sem esforço"),
    ],
}

LANGUAGE_SCHOOL = """\
Harbour Language School: course plan and terms
AUTUMN COURSES
Course; Level; Days; Time; Fee per term; Teacher
Spanish; Beginners; Monday; 18:30 to 20:30; GBP 195; Elena
Spanish; Intermediate; Wednesday; 18:30 to 20:30; GBP 205; Elena
Brazilian Portuguese; Beginners; Tuesday; 19:00 to 21:00; GBP 210; Rafael
French; Improvers; Thursday; 18:00 to 20:00; GBP 199; Odile
English for newcomers; Mixed; weekdays; 9:00 to 11:00; GBP 120; Grace
Japanese; Beginners; Saturday; 10:00 to 13:00; GBP 260; Naoko
Term runs from 29 September to 12 December, eleven weeks, with a break in the last
week of October. Classes have between five and twelve learners. A course with fewer
than five does not start, and everyone gets all their money back.
WHAT BEGINNERS' PORTUGUESE COVERS
Weeks 1 to 3: greetings, spelling your name, ordering coffee. Weeks 4 to 6: telling the
time, directions, the market. Weeks 7 to 9: talking about yesterday. Weeks 10 and 11:
a phone call, and a short play. Photocopies are included; the workbook is GBP 18.
FINDING YOUR LEVEL
Book a chat of fifteen minutes with a teacher, by phone, at no cost. If the group
turns out too hard or too easy, you can move during the first three weeks.
FEES, DISCOUNTS AND REFUNDS
The fee is due a week before term. People on benefits and over sixty-fives pay half.
Bring a friend and both of you save GBP 15. After the first lesson you may leave and
be repaid apart from GBP 25; after the second lesson no refund is given.
MISSED LESSONS AND CERTIFICATES
Lessons are not recorded. Your teacher sends the slides, and once a term you may sit
in on a parallel group. A certificate of attendance needs seventy per cent of lessons;
there is no examination.
ONE-TO-ONE
A private hour is GBP 38 in the school and GBP 34 online. Cancel before noon on the
previous day or the hour counts as taught.
PRACTICAL MATTERS
The building is step-free and has a hearing loop in rooms 2 and 5. Doors close at
21:15. There is a kettle but no canteen. Under-eighteens join with a parent's letter.
Bicycles go in the yard, never in the corridor.
"""


def word(path: Path) -> None:
    document = Document()
    for part in BIKE_SHOP:
        if isinstance(part, list):
            table = document.add_table(rows=0, cols=len(part[0]))
            for row in part:
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    cell.text = text
        elif part.startswith("# "):
            document.add_heading(part[2:], level=1)
        else:
            document.add_paragraph(part)
    document.save(str(path))


def spreadsheet(path: Path) -> None:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    numbered = list(enumerate(DENTIST.items(), 1))
    members = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kind}.worksheet+xml"/>'
            for n, _ in numbered
        )
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        + "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, (name, _) in numbered)
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        + "".join(
            f'<Relationship Id="r{n}" Type="{office}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n, _ in numbered
        )
        + "</Relationships>",
    }
    for n, (_, rows) in numbered:
        members[f"xl/worksheets/sheet{n}.xml"] = (
            f'<worksheet xmlns="{main}"><sheetData>'
            + "".join(
                f'<row r="{r}">'
                + "".join(
                    f'<c r="{chr(65 + c)}{r}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'
                    for c, text in enumerate(row)
                )
                + "</row>"
                for r, row in enumerate(rows, 1)
            )
            + "</sheetData></worksheet>"
        )
    with ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(ZipInfo(name), text)


def pdf(path: Path) -> None:
    """One page, Helvetica of 9 points, a line of text a line."""
    lines = [line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in LANGUAGE_SCHOOL.splitlines()]
    shown = "BT /F1 9 Tf 12 TL 50 800 Td " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(shown)}>>stream\n{shown}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    written, places = "%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(written))
        written += f"{number} 0 obj{text}endobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    written += f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer<</Size {size}/Root 1 0 R>>\n"
    written += f"startxref\n{written.index('xref')}\n%%EOF\n"
    path.write_bytes(written.encode("cp1252"))


if __name__ == "__main__":
    word(DOCUMENTS / "taller-la-rueda.docx")
    spreadsheet(DOCUMENTS / "clinica-sorriso-precos.xlsx")
    pdf(DOCUMENTS / "harbour-language-school.pdf")
