"""The rows: each module measures those that it names in ROWS, which share their runs."""
import importlib

MODULES = ("sink_ceiling", "engine", "dot_delay", "drain", "intake", "stalled", "refused", "workers", "backlog", "send",
           "start_stop", "oracle", "argon2")


def table():
    """{row's name: its module}, in order."""
    modules = [importlib.import_module(f"rows.{name}") for name in MODULES]
    return {row: module for module in modules for row in module.ROWS}
