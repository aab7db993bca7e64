#!/usr/bin/python3
"""Prints credentials_vectors.h: what the token, temporary password, keyring, signature and uuid modules must answer, computed with hashlib
alone.

    /usr/bin/python3 tests/unit/credentials_vectors.py > tests/unit/credentials_vectors.h
"""
import base64
import hashlib
import hmac

MASTER = bytes(range(32))
RECORD_MASTER = bytes(range(100, 132))
SEED = bytes(range(200, 232))
TENANT, USER, EMAIL = b"acme", b"u-17", "zo\u00eb@example.com".encode()
REQUEST, METHOD, EXPIRES = b"0190a5c1-7d3e-7c3a-8000-0123456789ab", b"link", 1750000000123
SECRET, VALUE = b"Zk3mQ0b7s9w1x5y8A2c4E6g8J0l2N4p6", b'{"specversion":"1.0"}'
LONG_SECRET = b"s" * 100
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
INC, SALT, MADE = bytes(range(40, 48)), bytes(range(60, 76)), 1749990000456
CHOSEN = "vier bl\u00fchende \u00c4ste"
# argon2-cffi, the reference implementation: argon2.low_level.hash_secret_raw(CHOSEN.encode(), SALT, time_cost=2,
# memory_cost=19456, parallelism=1, hash_len=32, type=argon2.Type.ID, version=19)
STRETCHED = bytes.fromhex("3a79948d80653ebc41f1b26e2dc4a7c4e1280615f340daa8e0f0d1b2f554bb57")


def lp(*parts):
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def blake(size, data, key=b""):
    return hashlib.blake2b(data, digest_size=size, key=key).digest()


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def kdf(master, number, context):
    """libsodium's crypto_kdf: keyed BLAKE2b of nothing, the id as salt and the context as personal."""
    return hashlib.blake2b(b"", digest_size=32, key=master, salt=number.to_bytes(8, "little") + bytes(8),
                           person=context + bytes(8)).digest()


def uuid8(data):
    data = bytearray(data)
    data[6] = data[6] & 0x0F | 0x80
    data[8] = data[8] & 0x3F | 0x80
    text = data.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def shown(block):
    """24 characters, evenly from the alphabet; a block that runs out is hashed on."""
    found = ""
    while len(found) < 24:
        found += "".join(ALPHABET[byte % 31] for byte in block if byte < 248)
        block = blake(64, block)
    return "-".join(found[at:at + 4] for at in range(0, 24, 4))


def decimal(number):
    return str(number).encode()


K_record, K_recipient = kdf(RECORD_MASTER, 1, b"rrrecord"), kdf(RECORD_MASTER, 2, b"rrrecipi")
token = base64url(blake(32, lp(TENANT, USER, REQUEST, SEED), MASTER))
stored = blake(32, token.encode()).hex()
recipient = blake(16, lp(TENANT, USER, EMAIL), K_recipient)
mac = blake(32, lp(stored.encode(), TENANT, USER, METHOD, REQUEST, recipient, decimal(EXPIRES), decimal(MADE)),
            K_record)
K_password = kdf(RECORD_MASTER, 3, b"rrpasswd")
password = shown(blake(64, lp(b"temporary-password", TENANT, USER, REQUEST, SEED), MASTER))
canonical = password.replace("-", "").encode()
verifier = blake(32, lp(TENANT, USER, b"generated", canonical), K_password)
chosen_verifier = blake(32, lp(TENANT, USER, b"argon2id", STRETCHED), K_password)
password_mac = blake(32, lp(b"password", TENANT, USER, REQUEST, INC, decimal(MADE), decimal(EXPIRES), b"1",
                            b"temporary_password_chosen", SALT, chosen_verifier), K_record)
staged_mac = blake(32, lp(b"staged", TENANT, USER, REQUEST, decimal(MADE), b"temporary_password_handed", bytes(16),
                          verifier), K_record)

values = {
    "TENANT": TENANT.decode(), "USER": USER.decode(), "REQUEST": REQUEST.decode(), "METHOD": METHOD.decode(),
    "MASTER": MASTER.hex(), "RECORD_MASTER": RECORD_MASTER.hex(), "SEED": SEED.hex(),
    "K_RECORD": K_record.hex(), "K_RECIPIENT": K_recipient.hex(),
    "SLOT": base64url(blake(16, lp(TENANT, USER))), "TOKEN": token, "STORED": stored, "RECIPIENT": recipient.hex(),
    "MAILBOX": blake(16, lp(EMAIL), K_recipient).hex(), "MAC": mac.hex(),
    "K_PASSWORD": K_password.hex(), "INC": INC.hex(), "SALT": SALT.hex(), "STRETCHED": STRETCHED.hex(),
    "PASSWORD": password, "CANONICAL": canonical.decode(), "VERIFIER": verifier.hex(),
    "CHOSEN_VERIFIER": chosen_verifier.hex(), "PASSWORD_MAC": password_mac.hex(), "STAGED_MAC": staged_mac.hex(),
    "PASSWORD_OF_COUNTED_BYTES": shown(bytes(range(200, 256)) + bytes(8)), "PASSWORD_OF_ONES": shown(b"\xff" * 64),
    "SECRET": SECRET.decode(), "LONG_SECRET": LONG_SECRET.decode(),
    "SIGNATURE": hmac.new(SECRET, VALUE, hashlib.sha256).hexdigest(),
    "LONG_SIGNATURE": hmac.new(LONG_SECRET, VALUE, hashlib.sha256).hexdigest(),
    "SECRET_HASH": blake(32, SECRET).hex(),
    "IDEMPOTENT_ID": uuid8(blake(16, lp(b"k1", b"form-8f2e"))),
}
print("/* Made by credentials_vectors.py, independently of the code under test. */")
print("#ifndef TESTS_UNIT_CREDENTIALS_VECTORS_H\n#define TESTS_UNIT_CREDENTIALS_VECTORS_H\n\n/* clang-format off */")
for name, text in values.items():
    print(f'#define VECTOR_{name} "{text}"')
print('#define VECTOR_EMAIL "zo\\xC3\\xAB@example.com"')
print(f"#define VECTOR_EXPIRES INT64_C({EXPIRES})")
print(f"#define VECTOR_MADE INT64_C({MADE})")
print('#define VECTOR_CHOSEN "vier bl\\xC3\\xBC" "hende \\xC3\\x84ste"')
print('#define VECTOR_VALUE "' + VALUE.decode().replace('"', '\\"') + '"')
print("/* clang-format on */\n\n#endif")
