"""Threads that do the same again and again beside a test."""
import threading


class Repeating:
    """`step(number of the thread)` until the context ends; it returns the seconds until that thread's next one."""

    def __init__(self, step, threads):
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(step, number), daemon=True) for number in range(threads)]

    def _run(self, step, number):
        while not self._end.is_set():
            self._end.wait(step(number))

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        for thread in self._threads:
            thread.join(60)
