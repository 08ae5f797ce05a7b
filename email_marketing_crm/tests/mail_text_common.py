"""Texts of mails with holes, and what they are filled in with."""

import re

from hypothesis import strategies as st

LETTERS = st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="«»")
WORDS = st.text(LETTERS, max_size=40)
VALUES = st.fixed_dictionaries({"name": WORDS, "trace": st.integers(1, 10**9).map(str)})
PIECES = st.lists(
    st.one_of(
        st.text(LETTERS, max_size=120),
        st.text("abc =\t.", max_size=200),
        st.text("张三李四王五", max_size=80),
        st.builds(str.__mul__, st.text("abc =.é", min_size=1), st.integers(40, 400)),
        st.sampled_from(["\n", "\r\n", "«name»", "«trace»", "=", " \n", ".\n"]),
    ),
    max_size=25,
).map("".join)
MARKERS = {"«name»": "name", "«trace»": "trace"}


def fill(text, values):
    return re.sub("«(name|trace)»", lambda found: values[found[1]], text)
