"""Every kind of mail in every language as real Chromium shows it, without images: on a phone and on a desk, by day
and by night."""
import pytest

import looks
import mails

# A manager's mail is an administrator's with another word.
each = pytest.mark.parametrize(("kind", "locale", "trigger"),
                               [mail for mail in mails.all_of_them() if mail[2] != "manager"])


def in_all(views, key, judge):
    """Nothing that `judge` finds wrong in any window."""
    faults = {window: found for window, seen in views(*key).items() if (found := judge(seen))}
    assert not faults, "\n".join(f"{window}: {fault}" for window, found in faults.items() for fault in found)


@each
def test_nothing_is_cut_off_or_wider_than_the_window(views, kind, locale, trigger):
    in_all(views, (kind, locale, trigger), looks.cut)


@each
def test_all_text_stands_out_from_what_is_behind_it(views, kind, locale, trigger):
    in_all(views, (kind, locale, trigger), looks.faint)
    seen = views(kind, locale, trigger)
    assert all(page["scheme"] == scheme for (_, scheme), page in seen.items())
    for width in (360, 600):  # night is not day
        light, dark = ({tuple(text["behind"]) for text in seen[width, scheme]["texts"]} for scheme in ("light", "dark"))
        assert light != dark


@each
def test_the_page_is_in_its_language_and_direction(views, kind, locale, trigger):
    direction = "rtl" if locale in mails.RIGHT_TO_LEFT else "ltr"
    for seen in views(kind, locale, trigger).values():
        assert (seen["lang"], seen["dir"], seen["direction"]) == (locale, direction, direction)
        against = {text["words"] for text in seen["texts"] if text["direction"] != direction}
        allowed = {mails.LINK, mails.PASSWORD, mails.HOST, mails.REQUEST, mails.NAME, "acme", *mails.PASSWORD.split("-")}
        assert not {words for words in against if words not in allowed and words.strip("-") not in allowed}
        assert min(text["size"] for text in seen["texts"]) >= looks.SMALLEST_TEXT


@each
def test_a_sentence_ends_where_its_line_ends(views, kind, locale, trigger):
    """Else a full stop or a colon has jumped to the other side, as it does beside text of the other direction."""
    in_all(views, (kind, locale, trigger), looks.astray)


@pytest.mark.parametrize("trigger", ["self", "administrator"])
@pytest.mark.parametrize("locale", mails.LOCALES)
def test_the_button_leads_where_the_link_below_it_says(views, locale, trigger):
    for (width, _), seen in views("link", locale, trigger).items():
        button = seen["button"]
        assert button["words"] and button["hit"], "the button is not to be seen"
        assert button["href"] == mails.LINK
        assert button["box"]["height"] >= looks.TOUCH and button["box"]["width"] >= 2 * looks.TOUCH
        assert button["box"]["top"] < 1.2 * seen["window"]["height"], "the button is far down the page"
        assert seen["links"] == [{"href": mails.LINK, "words": button["words"]}, {"href": mails.LINK, "words": mails.LINK}]


@pytest.mark.parametrize("locale", mails.LOCALES)
def test_links_and_passwords_run_from_left_to_right(views, locale):
    for kind, part, words in (("link", "address", mails.LINK), ("temporary_password_mailed", "secret", mails.PASSWORD)):
        for seen in views(kind, locale).values():
            shown = seen[part]
            assert shown["words"] == words and shown["direction"] == "ltr"
            assert shown["first"]["left"] < shown["second"]["left"] and shown["first"]["top"] == shown["second"]["top"]


@pytest.mark.parametrize("locale", mails.LOCALES)
@pytest.mark.parametrize("kind", sorted(set(mails.KINDS) - {"link"}))
def test_other_mails_have_no_link_at_all(views, kind, locale):
    for seen in views(kind, locale).values():
        assert not seen["links"] and not seen["button"]


@pytest.mark.parametrize("name", ["محمد علي", "עדי לוי", "Kim (العربية)", "W" * 64, "山田 太郎", "a-b_c.d" * 9, "1234"], ids=ascii)
@pytest.mark.parametrize("locale", ["ar", "en", "ja"])
def test_a_name_of_any_script_and_length_does_not_disturb_the_page(look, tmp_path, locale, name):
    source = mails.part(mails.render("link", locale, "administrator", "--name", name), "html")
    for seen in look(tmp_path, "page", source, picture=False).values():
        assert not looks.cut(seen) and not looks.astray(seen)
