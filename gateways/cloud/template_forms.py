"""Meta's own form of each template that is sent: it says which kind of file a header takes, and what each button is."""

from __future__ import annotations

from events.details import Detail
from events.inbound import ReceiptError
from events.parts import Part
from gateways.cloud.template_list import TemplateList
from gateways.templates.form import is_address, place_in
from gateways.templates.known import TemplatesUnread, TemplateUnknown
from gateways.templates.template import HEADER_FILES, Template

KEPT = 3600.0
"""Seconds for which the forms are used without asking; a refusal asks at once."""

AGAIN_AFTER = 10.0
"""Seconds after which a refusal asks once more."""

CHANGED = frozenset({100, 131008, 131009, 132000, 132012, 132018})
"""Codes with which Meta refuses values that another form of the template would have taken."""


_STORES = ("LIBRARY/", "MEDIA/")


class FormUnknown(Exception):
    """The part cannot be put into Meta's form without knowing the template; `error` is what a receipt says."""

    def __init__(self, error: ReceiptError) -> None:
        super().__init__(error.detail)
        self.error = error


class TemplateForms:
    """The forms of the templates of one number; without `templates` none is known."""

    def __init__(self, templates: TemplateList | None = None) -> None:
        self._templates = templates

    async def of(self, part: Part | None, older_than: float = KEPT) -> Template | None:
        """The form of the template that the part names; None if it names none, or Meta does not show it and the part
        can do without. Raises FormUnknown."""
        if part is None or part.kind != "template":
            return None
        if self._templates is None:
            _refuse_if_needed(part, "this gateway does not read templates", again=False)
            return None
        try:
            known = await self._templates.known(older_than)
            return known.find(f"{part.name}:{part.language}")
        except TemplatesUnread as refusal:
            _refuse_if_needed(part, str(refusal), again=refusal.again)
        except TemplateUnknown as unknown:
            if older_than > AGAIN_AFTER:
                return await self.of(part, AGAIN_AFTER)
            _refuse_if_needed(part, str(unknown), again=False)
        return None

    async def header_file(self, part: Part | None) -> Part | None:
        """The file of the object stores in the header of the template that the part names; None if it has none, or the
        form is not known, which the sending tells. Once this returns, `of` need not ask Meta."""
        try:
            form = await self.of(part)
        except FormUnknown:
            return None
        values = part.parameters if part is not None and form is not None else None
        if part is None or form is None or values is None or form.header not in HEADER_FILES:
            return None
        if not any(value.startswith(_STORES) for value in values.header):
            return None
        return Part(kind=form.header, object=values.header[0], filename=part.filename)

    async def renewed(self, part: Part, before: Template | None, error: ReceiptError) -> Template | None:
        """The form as it is now, if this refusal may come of a change and it is another one than `before`."""
        if part.kind != "template" or error.code not in CHANGED:
            return None
        try:
            form = await self.of(part, AGAIN_AFTER)
        except FormUnknown:
            return None
        return form if form != before else None


def _refuse_if_needed(part: Part, reason: str, *, again: bool) -> None:
    values = part.parameters
    is_needed = values is not None and (
        values.buttons
        or (again and values.header)
        or any(is_address(one) or place_in(one) is not None for one in values.header)
    )
    if is_needed:
        detail = Detail.FORM_UNKNOWN.said(reason=reason)
        raise FormUnknown(ReceiptError(class_="transient" if again else "content", detail=detail[:500]))
