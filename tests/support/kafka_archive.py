"""Makes the archive of Kafka's loaded classes, once for each cache: with it a broker starts with half the work (2.7
seconds of processor instead of 5.2), which a run with dozens of brokers is glad of.  Java ignores one that does not
fit, and so does this: without an archive all is as before, slower.

    PYTHONPATH=tests /usr/bin/python3 -m support.kafka_archive
"""
import os
import pathlib
import subprocess
import sys
import tempfile

from . import kafka_broker, places


def make():
    with tempfile.TemporaryDirectory() as folder:
        archive = pathlib.Path(folder) / "classes.jsa"
        broker = kafka_broker.KafkaBroker(pathlib.Path(folder) / "broker")
        broker.start(f"-XX:ArchiveClassesAtExit={archive}", "-Xlog:disable")
        broker.process.stop(180)
        broker.remove()
        # Beside its place first: others may be looking.
        beside = places.KAFKA_CLASSES.with_suffix(f".{os.getpid()}")
        subprocess.run(["cp", archive, beside], check=True)
        beside.rename(places.KAFKA_CLASSES)


if __name__ == "__main__":
    if not places.KAFKA_CLASSES.exists():
        print("making the archive of Kafka's classes", file=sys.stderr)
        make()
