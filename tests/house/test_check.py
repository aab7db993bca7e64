"""Each rule of the house check is shown one violation, and must name it."""
import pathlib
import subprocess
import sys

import pytest

CHECK = pathlib.Path(__file__).with_name("check.py")


def run_check(root):
    return subprocess.run([sys.executable, CHECK, "--root", root], capture_output=True, text=True)


def write(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


CLEAN = {
    "common/core/value.h": "#ifndef VALUE_H\n#define VALUE_H\n#include <stddef.h>\nsize_t value_size(void);\n#endif\n",
    "common/core/value.c": '#include "core/value.h"\n/* strcpy(a, b) in a comment */\n'
                           'size_t value_size(void)\n{\n    const char *text = "system(1)";\n    return sizeof text;\n}\n',
    "common/io/clock.c": "#include <time.h>\n",
    "producer/main.c": '#include "core/value.h"\nint main(void)\n{\n    return 0;\n}\n',
    "README.md": "Run ./tests/run.sh; keys live in /etc/reset-relay/keys and /var/lib.\n",
}

VIOLATIONS = {
    "common_includes_a_program": ("common/io/x.c", '#include "producer/serve.h"\n', "common/ includes producer/"),
    "producer_includes_worker": ("producer/x.c", '#include "worker/run.h"\n', "producer/ includes worker/"),
    "worker_includes_producer": ("worker/x.c", '#include "producer/serve.h"\n', "worker/ includes producer/"),
    "include_by_relative_path": ("worker/x.c", '#include "../producer/serve.h"\n', "name it from its room"),
    "core_includes_sockets": ("common/core/x.c", "#include <sys/socket.h>\n", "pure core includes sys/socket.h"),
    "core_includes_the_event_loop": ("common/core/x.c", "#include <event2/event.h>\n", "pure core includes event2/"),
    "core_includes_io": ("common/core/x.c", '#include "io/log.h"\n', "pure core includes io/log.h"),
    "core_reads_the_clock": ("common/core/x.c", "long f(void) { return time(0); }\n", "pure core calls time()"),
    "core_draws_randomness": ("common/core/x.c", "void f(void) { randombytes_buf(0, 0); }\n", "calls randombytes_buf()"),
    "core_reads_the_environment": ("common/core/x.c", 'char *f(void) { return getenv("A"); }\n', "calls getenv()"),
    "banned_strcpy": ("worker/x.c", "void f(char *a) { strcpy(a, a); }\n", "strcpy() is banned"),
    "banned_system_in_a_test": ("tests/unit/x_test.c", 'int f(void) { return system("ls"); }\n', "system() is banned"),
    "header_that_lacks_its_includes": ("worker/x.h", "size_t f(void);\n", "does not compile alone"),
    "header_without_a_guard": ("worker/x.h", "struct twice { int a; };\n", "does not compile alone"),
    "file_that_grew_too_long": ("worker/x.c", "int a;\n" * 450, "450 lines: split it"),
    "path_of_a_machine": ("deploy/x.sh", "cd /ho" + "me/ann/relay\n", "names a path of one machine"),
}


def test_a_clean_tree_passes(tmp_path):
    for name, text in CLEAN.items():
        write(tmp_path, name, text)
    done = run_check(tmp_path)
    assert done.returncode == 0, done.stdout
    assert "clean" in done.stdout


@pytest.mark.parametrize("fault", VIOLATIONS)
def test_a_violation_is_named(tmp_path, fault):
    for name, text in CLEAN.items():
        write(tmp_path, name, text)
    name, text, sentence = VIOLATIONS[fault]
    write(tmp_path, name, text)
    done = run_check(tmp_path)
    assert done.returncode == 1, f"{fault} was not caught"
    lines = [line for line in done.stdout.splitlines() if line.startswith(name + ":")]
    assert any(sentence in line for line in lines), f"expected '{sentence}' in:\n{done.stdout}"


def test_members_and_longer_names_are_not_banned_calls(tmp_path):
    write(tmp_path, "worker/x.c", "void f(struct a *b) { b->open(1); my_system(2); evutil_strtok_r(3); }\n")
    done = run_check(tmp_path)
    assert done.returncode == 0, done.stdout


def test_a_file_just_below_the_limit_passes(tmp_path):
    write(tmp_path, "worker/x.c", "int a;\n" * 449)
    assert run_check(tmp_path).returncode == 0
