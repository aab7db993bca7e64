"""Each protection patch still applies, and names a row and a test that there are."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "protections"))
import patches  # noqa: E402


@pytest.mark.parametrize("path", sorted(patches.FOLDER.glob("*.patch")), ids=lambda path: path.stem)
def test_a_patch_applies_and_names_what_there_is(path):
    patches.judge(patches.read(path))


HEADER = "Row: 15 Redis lost data\nRemoves: a rule\nTest: unit: uuid_test\nExpect: FAILED\n\n"


@pytest.mark.parametrize("text, complaint", [
    (HEADER.replace("15", "99"), "no row '99'"),
    (HEADER.replace("uuid_test", "no_such_test"), "there is no test"),
    (HEADER.replace("Removes: a rule\n", ""), "needs one of"),
    (HEADER + "--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-not there\n+x\n", "does not apply"),
])
def test_a_patch_that_says_what_is_not_so_is_refused(tmp_path, text, complaint):
    path = tmp_path / "wrong.patch"
    path.write_text(text)
    with pytest.raises(patches.PatchError, match=complaint):
        patches.judge(patches.read(path))
