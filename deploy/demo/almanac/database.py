"""SQLite: the schema, and one connection for each request.

Policy: a change is one transaction (`with changing()`), so that "the password is new", "its request is spent", "all
sessions ended" and "the change is to be announced" hold together or not at all.  No secret is kept as it is: passwords as
Argon2id, session keys as hashes.  Times are seconds since 1970.
"""
import contextlib
import json
import os
import secrets
import sqlite3
import time

from flask import current_app, g

SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS companies (id TEXT PRIMARY KEY, name TEXT NOT NULL, domain TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS people (
    id TEXT PRIMARY KEY,
    company TEXT NOT NULL REFERENCES companies,
    name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    previous_email TEXT, moved_at INTEGER,       -- where their mail went before, and until when
    role TEXT NOT NULL CHECK (role IN ('admin', 'manager', 'user')),
    locale TEXT, timezone TEXT,
    password_hash TEXT NOT NULL,
    suspended INTEGER NOT NULL DEFAULT 0,        -- 1: the old password no longer opens, a temporary one was set
    links_ended_at INTEGER, links_ended_by TEXT);-- when every link and temporary password died, by what
CREATE TABLE IF NOT EXISTS sessions (
    key_hash TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES people,
    started INTEGER NOT NULL, expires INTEGER NOT NULL,
    temporary_request TEXT);                     -- signed in with a temporary password: may only change it
CREATE TABLE IF NOT EXISTS requests (
    id TEXT PRIMARY KEY,                         -- as the relay calls it
    company TEXT NOT NULL, person TEXT, asked_by TEXT REFERENCES people,
    method TEXT NOT NULL, asked_at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS requests_of_person ON requests (person, asked_at);
CREATE TABLE IF NOT EXISTS spent_requests (id TEXT PRIMARY KEY, spent_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS activity (
    number INTEGER PRIMARY KEY, person TEXT NOT NULL REFERENCES people,
    at INTEGER NOT NULL, what TEXT NOT NULL, request TEXT, seen INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS announcements (
    id TEXT PRIMARY KEY, body TEXT NOT NULL, due INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS tries (account TEXT PRIMARY KEY, count INTEGER NOT NULL, not_before INTEGER NOT NULL);
"""


def now():
    return int(time.time())


def connect(path):
    connection = sqlite3.connect(path, timeout=10, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def create(path, companies, hash_password):
    """Makes what is missing; `companies` (a JSON file) fills an empty database.  Returns the application's secret."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    with contextlib.closing(connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(SCHEMA)
        connection.execute("INSERT OR IGNORE INTO settings VALUES ('secret', ?)", (secrets.token_hex(32),))
        if companies and not connection.execute("SELECT 1 FROM companies").fetchone():
            _fill(connection, json.loads(companies.read_text("utf-8")), hash_password)
        return connection.execute("SELECT value FROM settings WHERE name = 'secret'").fetchone()["value"]


def _fill(connection, document, hash_password):
    connection.execute("BEGIN IMMEDIATE")
    for company in document["companies"]:
        connection.execute("INSERT INTO companies VALUES (:id, :name, :domain)", company)
        for person in company["people"]:
            connection.execute(
                "INSERT INTO people (id, company, name, email, role, locale, timezone, password_hash) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (person["id"], company["id"], person["name"], person["email"], person["role"], person.get("locale"),
                 person.get("timezone"), person.get("password_hash") or hash_password(document["password"])))
    connection.execute("COMMIT")


def database():
    """The connection of this request."""
    if "database" not in g:
        g.database = connect(current_app.config["DATABASE"])
    return g.database


def close(_error=None):
    connection = g.pop("database", None)
    if connection is not None:
        connection.close()


def row(statement, *values):
    return database().execute(statement, values).fetchone()


def rows(statement, *values):
    return database().execute(statement, values).fetchall()


@contextlib.contextmanager
def changing():
    """One transaction; whatever is raised inside takes it back."""
    connection = database()
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
