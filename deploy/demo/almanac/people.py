"""People, what they may do to one another, and their passwords.

`may_reset` and `may_set_temporary_password` are asked where a button is drawn and again where its form arrives.  The
relay judges the same once more: it has a table of its own and believes no service blindly.
"""
import argon2

from .database import row, rows

ROLES = ("admin", "manager", "user")  # highest first
ROLE_NAMES = {"admin": "Administrator", "manager": "Manager", "user": "User"}

# Argon2id as OWASP has it for sign-in pages: 19 MiB, two passes.
HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=argon2.Type.ID)
_NOBODY = HASHER.hash("the password of nobody")  # so that an unknown account takes as long as a known one

SHORTEST, LONGEST = 12, 128
COMMON = ("password", "qwertyuiop", "1234567890", "letmein", "iloveyou", "changeme", "welcome", "administrator")


def person_by_id(identifier):
    return row("SELECT people.*, companies.name AS company_name FROM people JOIN companies ON companies.id = company "
               "WHERE people.id = ?", identifier)


def person_by_email(email):
    return row("SELECT people.*, companies.name AS company_name FROM people JOIN companies ON companies.id = company "
               "WHERE email = ?", email)


def colleagues(company):
    return rows("SELECT * FROM people WHERE company = ? ORDER BY name", company)


def company_of_person(person):
    return row("SELECT * FROM companies WHERE id = ?", person["company"])


def company_of_address(email):
    """The company that an address would belong to: for unknown accounts, whose request needs a tenant, too."""
    domain = email.rpartition("@")[2].lower()
    found = row("SELECT id FROM companies ORDER BY domain = ? DESC, id LIMIT 1", domain)
    return found["id"]


def may_see_people(viewer):
    return viewer["role"] in ("admin", "manager")


def may_reset(viewer, person):
    """Administrators and managers, anybody of their own company; their own goes by the sign-in page."""
    return (viewer["company"] == person["company"] and viewer["role"] in ("admin", "manager")
            and viewer["id"] != person["id"])


def may_set_temporary_password(viewer, person):
    """Administrators only, never managers, never for a higher role."""
    return (viewer["company"] == person["company"] and viewer["role"] == "admin" and viewer["id"] != person["id"]
            and ROLES.index(person["role"]) >= ROLES.index(viewer["role"]))


def as_user(person):
    """The person as the relay wants to hear of them."""
    user = {"id": person["id"], "email": person["email"], "name": person["name"], "role": person["role"]}
    for field in ("locale", "timezone"):
        if person[field]:
            user[field] = person[field]
    return user


def as_actor(person):
    return {"role": person["role"], "id": person["id"], "tenant": person["company"]}


def password_opens(person, password):
    """Whether it is their password; takes as long when there is no such person, or the password is suspended."""
    try:
        HASHER.verify(person["password_hash"] if person else _NOBODY, password)
    except argon2.exceptions.VerificationError:
        return False
    return bool(person) and not person["suspended"]


def faults_of_password(person, password, repeated):
    """What is wrong with a new password, as (field, sentence) pairs for the page."""
    lower = password.lower()
    own = [word for word in (*person["name"].lower().split(), person["email"].lower().partition("@")[0])
           if len(word) > 3]
    if len(password) < SHORTEST:
        yield "password", f"Choose a password of at least {SHORTEST} characters."
    elif len(password) > LONGEST:
        yield "password", f"Choose a password of at most {LONGEST} characters."
    elif len(set(lower)) < 5 or any(lower.replace(word, "").strip("0123456789!?.") == "" for word in COMMON):
        yield "password", "This password is easy to guess. Choose another: three or four unrelated words are good."
    elif any(word in lower for word in own):
        yield "password", "Leave your name and your address out of the password."
    if password != repeated:
        yield "repeated", "The two passwords differ. Type the new password again."
