"""Almanac: companies, their people, and how people get back in.  `application.py` puts it together."""
