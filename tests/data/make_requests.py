#!/usr/bin/python3
"""Writes requests.jsonl: a thousand requests of many tenants, names and locales, the same on every run.

Every request is of another user, so that a thousand links must come out of it.  Names include those that no mail may
show (too long, a link, bidi characters): their mails go out without a name.
"""
import json
import pathlib
import random

NAMES = ["Ann Lee", "Jürgen Groß", "Zoë Ångström", "María José Ñúñez", "Đặng Thị Hoa", "Олена Шевченко", "Γιώργος",
         "יעל כהן", "محمد الأحمد", "山田 花子", "김서연", "张伟", "प्रिया शर्मा", "สมชาย", "O'Brien \"Bob\"", "Ann <b>Lee</b>",
         "=?utf-8?q?not_encoded?=", "R. & D.", "😀 Smile", "x" * 64, "x" * 65, "Hacked? evil.example", "a/b", "ann@lee",
         "abc\u202edef", "Ann  Lee ", "e\u0301clair", "{{name}} %s", ""]
LOCALES = ["en", "en-GB", "en-US", "fr", "de-CH", "ar", "ar-EG", "he", "ja", "ja-JP", "zh-Hans-CN", "zh-TW", "pt-BR",
           "ko", "tlh", None]
TENANTS = ["acme", "globex", "initech", "umbrella-corp", "tenant.with.dots", "t-0", "wayne_enterprises", "株式会社"]
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Tokyo", None]


def request(number, draw):
    tenant = TENANTS[number % len(TENANTS)]
    user = f"u{number:04}" if number % 3 else f"ldap-{number:04}-{tenant[:4].encode('ascii', 'ignore').decode()}"
    local = draw.choice([f"user{number}", f"first.last+{number}", f"o'neil-{number}", f"{number}_x", f"UPPER{number}"])
    person = {"id": user, "email": f"{local}@{draw.choice(['example.com', 'mail.example.org', 'sub.example.net'])}"}
    name, locale, zone = draw.choice(NAMES), draw.choice(LOCALES), draw.choice(ZONES)
    if name:
        person["name"] = name
    if locale:
        person["locale"] = locale
    if zone:
        person["timezone"] = zone
    role = draw.choice(["admin", "manager", "self"])
    body = {"tenant": tenant, "user": person,
            "actor": {"role": role, "id": user if role == "self" else f"boss-{number % 7}", "tenant": tenant},
            "method": "link"}
    if number % 5 == 0:
        body["client"] = {"ip": f"192.0.2.{number % 250}", "user_agent": "Mozilla/5.0 (Relay test)"}
    return body


def main():
    draw = random.Random(1618)
    path = pathlib.Path(__file__).with_name("requests.jsonl")
    with open(path, "w", encoding="utf-8") as out:
        for number in range(1000):
            out.write(json.dumps(request(number, draw), ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
