"""Where things are: the repository, the built programs, the cache of downloaded parts."""
import os
import pathlib
import shutil

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("RESET_CACHE", ROOT / ".cache"))
BIN = pathlib.Path(os.environ.get("RESET_BIN", ROOT / "build" / "asan" / "bin"))
SCHEMAS = ROOT / "schemas"
DATA = ROOT / "tests" / "data"
KAFKA_LIBS = CACHE / "kafka-4.1.0" / "libs"
KAFKA_CLASSES = CACHE / "kafka-4.1.0" / "classes.jsa"  # support/kafka_archive.py makes it; works without, too


def program(name):
    """A program of ours; RESET_BIN picks another build."""
    path = BIN / name
    assert path.exists(), f"{path} is not built: cmake --build --preset asan"
    return path


def tool(name):
    """A program of the system, or of the packages that tests/run.sh unpacked into the cache."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{CACHE / 'bin'}:/usr/sbin:/sbin")
    assert found, f"{name} is missing: tests/run.sh installs it"
    return found
