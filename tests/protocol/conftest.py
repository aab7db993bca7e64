"""The model's files name each other plainly, so that explore.py runs by itself too."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
