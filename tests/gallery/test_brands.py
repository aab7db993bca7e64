"""Tenants with a look of their own, as real Chromium shows them: whatever colour, name, contact and time zone they
have, their mails stay as readable as the others."""
import re

import pytest

import looks
import mails

COLOURS = ["#ffffff", "#000000", "#ffd400", "#767676", "#1e293b", "#00ff00", "#f00", "#7f7f7f"]
WORDY = {"name": "Stadtwerke & Verkehrsbetriebe Mittelfranken-Oberpfalz GmbH", "support": "helpdesk.for.all.of.us@"
         "a-very-long-subdomain-of-the-company.example.com or +49 911 1234567, Monday to Friday", "footer": "Registered in "
         "Fürth, HRB 12345 · 3 < 5 & \"so on\"", "logo": "https://cdn.example.com/logo.png"}
CASES = [(colour, "en") for colour in COLOURS] + [("#ffd400", "ar"), ("#1e293b", "de"), ("#b91c1c", "ja")]


@pytest.fixture(scope="module")
def tenants(tmp_path_factory):
    """One tenant for each colour, wordy in everything else; and one with a name that runs the other way."""
    path = tmp_path_factory.mktemp("tenants") / "tenants.ini"
    sections = {colour.strip("#"): dict(WORDY, colour=colour) for colour in (*COLOURS, "#b91c1c")}
    sections["rtl"] = {"name": "شركة (أكمي)", "support": "الدعم: help@example.com", "footer": "القاهرة، مصر."}
    path.write_text("\n".join(f"[{tenant}]\n" + "\n".join(f"{key} = {value}" for key, value in values.items())
                              for tenant, values in sections.items()))
    path.chmod(0o600)
    return path


def rendered(tenants, kind, locale, tenant, *options):
    return mails.part(mails.render(kind, locale, "administrator", "--set", f"templates.tenants={tenants}", "--tenant", tenant,
                                   *options), "html")


@pytest.mark.parametrize(("colour", "locale"), CASES)
def test_a_tenants_colour_leaves_all_text_readable(look, album, tenants, colour, locale):
    tenant = colour.strip("#")
    for kind in ("link", "temporary_password_mailed"):
        source = rendered(tenants, kind, locale, tenant)
        for window, seen in look(album / "brands", f"{tenant}-{locale}-{kind}", source).items():
            assert not looks.cut(seen) and not looks.faint(seen) and not looks.astray(seen), window
            shown = " ".join(text["words"] for text in seen["texts"])
            assert WORDY["name"] in shown and WORDY["support"] in shown and WORDY["footer"] in shown
            if kind == "link":
                button = seen["button"]
                assert button["hit"] and button["box"]["height"] >= looks.TOUCH
                assert looks.told_apart(button), f"{window}: the button {button} melts into the card"


@pytest.mark.parametrize("locale", ["ar", "en"])
def test_a_logo_that_is_not_fetched_leaves_the_tenants_name(look, tmp_path, tenants, locale):
    source = rendered(tenants, "link", locale, "ffd400")
    for seen in look(tmp_path, "page", source, picture=False).values():
        assert [image["alt"] for image in seen["images"]] == [WORDY["name"]]
        image = seen["images"][0]
        assert image["width"] == 0, "images are off in this browser"
        assert image["box"]["right"] <= seen["width"] and image["box"]["left"] >= 0
        assert looks.contrast(image["colour"], tuple(image["behind"])) >= looks.CONTRAST


@pytest.mark.parametrize("locale", ["ar", "de", "en", "ja"])
def test_a_tenant_whose_name_runs_the_other_way_does_not_turn_sentences(look, album, tenants, locale):
    for kind in mails.KINDS:
        source = rendered(tenants, kind, locale, "rtl")
        for window, seen in look(album / "brands", f"rtl-{locale}-{kind}", source, picture=kind == "link").items():
            assert not looks.cut(seen) and not looks.faint(seen) and not looks.astray(seen), window


@pytest.mark.parametrize(("zone", "hour", "said"), [("Asia/Kathmandu", "10:55", "UTC+5:45"), ("Europe/Berlin", "06:10", "UTC+1"),
                                                    ("America/St_Johns", "01:40", "UTC-3:30"), ("Etc/UTC", "05:10", "UTC"),
                                                    ("Nowhere/At_All", "05:10", "UTC")])
@pytest.mark.parametrize("locale", mails.LOCALES)
def test_a_time_is_the_readers_own_and_says_so(locale, zone, hour, said):
    raw = mails.render("link", locale, "administrator", "--timezone", zone)
    for words in (mails.part(raw, "plain"), mails.part(raw, "html")):
        words = re.sub(r"\W*h\W*(?=\d)", ":", words) if locale == "fr" else words
        assert re.search(rf"(?<!\d){hour}\D{{0,12}}{re.escape(said)}(?![\d+-])", words), words
