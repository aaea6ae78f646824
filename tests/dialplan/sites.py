"""Hypothesis strategies for sites: everything the models accept, nasty texts included."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from config.models import Site

digits = "0123456789"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
names = st.builds(
    "{}{}".format, st.sampled_from(LETTERS), st.text(st.sampled_from(f"{LETTERS}{digits}_-"), max_size=6)
)
phones = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True) | st.from_regex(
    r"\+7495[0-9]{7}", fullmatch=True
)
nasty = st.sampled_from(
    ["${SHELL(touch /tmp/x)}", "$[1+1]", ";--", ";", '"', '\\"', "\\", "]", "[x](!)", "#exec id", "=>", "&",
     ",", "|", "<1>", " "]
)  # fmt: skip
texts = (
    st.lists(
        nasty | st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=10), max_size=6
    )
    .map("".join)
    .filter(lambda text: 1 <= len(text) <= 200)
)
secrets = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=";"), min_size=1, max_size=40
)
hosts = st.sampled_from(["127.0.0.1", "sip.example.org", "2001:db8::1", "10.0.0.1"])
seconds = st.sampled_from(["500ms", "1s", "15s", "2m", "1h"])
languages = st.none() | st.sampled_from(["ru", "en"])


@st.composite
def sites(draw: st.DrawFn) -> Site:
    """A site with all references in order."""

    def table(value: st.SearchStrategy[dict[str, Any]], size: int = 3) -> dict[str, dict[str, Any]]:
        return draw(st.dictionaries(names, value, min_size=1, max_size=size))

    trunks = table(
        st.fixed_dictionaries(
            {
                "host": hosts,
                "lines": st.integers(1, 100),
                "port": st.integers(1, 65535),
                "username": st.none() | st.from_regex(r"[A-Za-z0-9._+-]{1,20}", fullmatch=True),
                "password": st.none() | secrets,
                "register_with_carrier": st.booleans(),
                "match": st.lists(hosts, max_size=2),
            }
        )
    )
    groups = table(
        st.fixed_dictionaries(
            {"title": texts, "ring_time": seconds, "wrap_up": seconds, "skill": st.none() | names}
        )
    )
    in_groups = st.sampled_from(sorted(groups))
    agents = table(
        st.fixed_dictionaries(
            {
                "name": texts,
                "extension": st.from_regex(r"[0-9]{2,8}", fullmatch=True),
                "password": secrets,
                "groups": st.lists(in_groups, min_size=1, max_size=2),
                "skills": st.dictionaries(names, st.integers(1, 10), max_size=2),
                "auto_answer": st.sampled_from(["none", "call-info", "alert-info"]),
                "language": languages,
            }
        ),
        5,
    )
    some_trunks = st.sampled_from(sorted(trunks))
    lines = table(
        st.fixed_dictionaries(
            {
                "label": texts,
                "numbers": st.lists(phones, min_size=1, max_size=3),
                "trunks": st.lists(some_trunks, min_size=1, max_size=2),
                "group": in_groups,
                "greeting": st.none() | names,
                "language": languages,
            }
        )
    )
    campaigns = table(
        st.fixed_dictionaries(
            {
                "title": texts,
                "mode": st.sampled_from(["progressive", "ratio", "preview"]),
                "list": names,
                "group": in_groups,
                "trunk": some_trunks,
                "caller_id": phones,
                "hours": st.just({"mon-fri": ["09:00-20:00"]}),
                "grace": seconds,
                "message": names,
                "screening": st.sampled_from(["on", "off"]),
                "greeting": st.none() | names,
                "voicemail": st.none() | names,
                "lines": st.integers(1, 50),
                "language": languages,
            }
        )
    )
    reasons = draw(
        st.dictionaries(
            names,
            st.fixed_dictionaries({"title": texts, "code": st.from_regex(r"[0-9]{1,2}", fullmatch=True)}),
            max_size=3,
        )
    )
    means = st.sampled_from(["success", "callback", "refusal", "no_contact"])
    code = st.none() | st.from_regex(r"[0-9]{1,2}", fullmatch=True)
    said = st.fixed_dictionaries({"title": texts, "means": means, "code": code})
    dispositions = draw(st.dictionaries(names, said, max_size=3))
    return Site.model_validate(
        {
            "system": {
                "name": draw(st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)),
                "ami": {"secret": draw(secrets)},
            },
            "trunks": trunks,
            "lines": lines,
            "groups": groups,
            "agents": agents,
            "campaigns": campaigns,
            "pause_reasons": reasons,
            "dispositions": dispositions,
        }
    )
