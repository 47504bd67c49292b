"""The counting itself: a count that is wrong would hide everything else."""

import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "readme")]

import counts  # noqa: E402
import run as readme  # noqa: E402

JUNIT = """<testsuites><testsuite name="a">
<testcase classname="m" name="good"/>
<testcase classname="m" name="bad"><failure>no</failure></testcase>
<testcase classname="m" name="broken"><error>no</error></testcase>
<testcase classname="m" name="left"><skipped/></testcase>
</testsuite></testsuites>"""

TAP = """TAP version 13
# Subtest: reading
    # Subtest: one
    ok 1 - one
      ---
      duration_ms: 1
      type: 'test'
      ...
    # Subtest: two
    not ok 2 - two
      ---
      failureType: 'testCodeFailure'
      error: 'ok 1 - not a test'
      ...
    # Subtest: three
    ok 3 - three # SKIP later
      ---
      duration_ms: 1
      ...
    1..3
not ok 1 - reading
  ---
  type: 'suite'
  failureType: 'subtestsFailed'
  ...
1..1
# pass 1
"""

LIBTEST = """running 3 tests
test a::good ... ok
test a::bad ... FAILED
test a::left ... ignored, later
test src/lib.rs - thing (line 3) ... ok
test src/lib.rs - text (line 9) ... ignored
test result: FAILED. 2 passed; 1 failed; 2 ignored
"""


class Counts(unittest.TestCase):
    def test_junit(self):
        self.assertEqual(
            list(counts.junit(JUNIT)), [("failed", "m bad"), ("failed", "m broken"), ("skipped", "m left"), ("passed", 1)]
        )

    def test_tap(self):
        self.assertEqual(list(counts.tap(TAP)), [("failed", "two"), ("skipped", "three"), ("passed", 1)])

    def test_libtest(self):
        self.assertEqual(list(counts.libtest(LIBTEST)), [("failed", "a::bad"), ("skipped", "a::left"), ("passed", 2)])

    def test_ignored(self):
        text = '{"rust-suites": {"p::b": {"testcases": {"x": {"ignored": true}, "y": {"ignored": false}}}}}'
        self.assertEqual(list(counts.ignored(text)), [("skipped", "p::b x")])


class Console(unittest.TestCase):
    def test_commands_and_their_output(self):
        text = "```console\n$ echo a\na\n$ b \\\n>   c\n```\n```sh\n$ not run\n```\n<!-- console-exit: 3 -->\n```console\n$ d\n```\n"
        steps = readme.parse(text)
        self.assertEqual([(s.command, s.expected, s.code) for s in steps], [("echo a", ["a"], 0), ("b \\\n  c", [], 0), ("d", [], 3)])

    def test_blocks_that_make_no_sense(self):
        for text in ("```console\nonly output\n```", "```console\n```", "```console\n$ x"):
            with self.assertRaises(ValueError):
                readme.parse(text)

    def test_matching(self):
        good = [
            (["a", "b"], "a\nb\n"), (["a..."], "abc"), (["a ... c"], "a b c\n"), (["...", "z"], "x\ny\nz\n"), (["...", "z"], "z\n"),
            ([], ""), (["a", "..."], "a\n"), (["a", "...", "d"], "a\nb\nc\nd\n"),
        ]
        bad = [(["a"], "b\n"), (["a"], "a\nb\n"), ([], "x\n"), (["a", "b"], "a\n"), (["a...b"], "a\nb\n"), (["a.c"], "abc\n")]
        for expected, actual in good:
            self.assertTrue(readme.matches(expected, actual), (expected, actual))
        for expected, actual in bad:
            self.assertFalse(readme.matches(expected, actual), (expected, actual))
        self.assertTrue(readme.matches(["a"], "a\nmore\n", open_end=True))
        self.assertFalse(readme.matches(["a"], "b\na\n", open_end=True))

    def test_values_that_differ_from_run_to_run(self):
        values = readme.Values()
        values.learn([r"key (\w+)"], "key abc", "key XYZ")
        self.assertEqual(values.fill("use abc twice: abc"), "use XYZ twice: XYZ")

    def test_a_server_may_name_its_ready_file(self):
        self.assertEqual(readme.Step(1, "bitting serve --port 0 --ready-file ready.json &").ready_file, "ready.json")
        self.assertIsNone(readme.Step(1, "bitting serve &").ready_file)

    def test_servers_are_known_by_their_command(self):
        for command, server in {"./run": True, "bitting serve --demo": True, "sleep 9 &": True, "a && b": False, "bitting role list": False}.items():
            self.assertEqual(readme.Step(1, command).is_server, server, command)


if __name__ == "__main__":
    unittest.main()
