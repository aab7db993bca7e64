"""The files here name each other plainly: explore.py and rules.py run by themselves too."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
