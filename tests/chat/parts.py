"""Sound parts of every kind, for properties."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from events.parts import FILES, Option, Parameters, Part

_WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), min_size=1, max_size=60).filter(
    lambda words: words.strip()
)
_LONG = st.one_of(_WORDS, st.integers(1, 300).map(lambda times: "um texto longo. " * times))
_DIGEST = st.integers(0, 2**256 - 1).map("{:064x}".format)
_WHERE = st.one_of(
    _DIGEST.map(lambda digest: {"object": f"LIBRARY/{digest}"}),
    st.sampled_from([{"url": "https://ex.com/a_b.pdf"}, {"object": "MEDIA/abc"}]),
)
_OPTIONS = st.lists(
    st.builds(Option, id=_WORDS, title=_WORDS, description=st.one_of(st.none(), _LONG.map(lambda words: words[:1000]))),
    min_size=1,
    max_size=10,
    unique_by=(lambda option: option.id, lambda option: option.title.strip().casefold()),
)


def parts() -> st.SearchStrategy[Part]:
    """A part of any kind that `faults` finds no fault in."""
    return st.one_of(
        st.builds(Part, kind=st.just("text"), text=_LONG),
        st.builds(_file, st.sampled_from(sorted(FILES)), _WHERE, st.one_of(st.none(), _LONG)),
        st.builds(
            Part,
            kind=st.just("location"),
            latitude=st.floats(-90, 90),
            longitude=st.floats(-180, 180),
            name=st.one_of(st.none(), _WORDS),
        ),
        st.builds(Part, kind=st.just("contact"), name=_WORDS, phones=st.just(("+5511999990001",))),
        st.builds(Part, kind=st.just("choices"), text=st.one_of(st.none(), _LONG), choices=_OPTIONS.map(tuple)),
        st.builds(Part, kind=st.just("link"), text=_LONG, url=st.just("https://ex.com/pay?a=1"), title=_WORDS),
        st.builds(
            Part,
            kind=st.just("template"),
            name=st.just("order_ready"),
            language=st.just("pt_BR"),
            parameters=st.one_of(st.none(), st.just(Parameters(body=("Ana", "12")))),
        ),
        st.builds(Part, kind=st.just("reaction"), to=st.just("wamid.1"), emoji=st.sampled_from(["👍", "", "❤️"])),
    )


def _file(kind: str, where: dict[str, Any], caption: str | None) -> Part:
    captioned = caption if kind in ("image", "video", "document") else None
    return Part(kind=kind, caption=captioned, **where)
