"""Reads a test runner's own report and prints one line per fact: `passed N`, `failed NAME`, `skipped NAME`.

Usage: counts.py junit FILE | tap FILE | libtest FILE | ignored FILE
Knows the report formats; knows nothing of what was tested. A missing report
is a failure of its own: nothing may pass that was not counted.
"""

import json
import re
import sys
import xml.etree.ElementTree as tree


def junit(text):
    """The XML of pytest and of nextest."""
    passed = 0
    for case in tree.fromstring(text).iter("testcase"):
        name = f"{case.get('classname', '')} {case.get('name', '')}".strip()
        if case.find("failure") is not None or case.find("error") is not None:
            yield "failed", name
        elif case.find("skipped") is not None:
            yield "skipped", name
        else:
            passed += 1
    yield "passed", passed


def tap(text):
    """TAP as node writes it: leaves count, the suites around them do not."""
    lines = text.splitlines()
    passed = 0
    for at, line in enumerate(lines):
        match = re.match(r"(\s*)(not ok|ok) \d+ - (.*)$", line)
        if not match:
            continue
        # A suite says so in the block that follows its line.
        block = []
        for following in lines[at + 1 :]:
            block.append(following)
            if following.strip() == "..." or re.match(r"\s*(not ok|ok) \d+", following):
                break
        if any(inner.strip() in ("type: 'suite'", "failureType: 'subtestsFailed'") for inner in block):
            continue
        name, directive = (match[3].split(" # ", 1) + [""])[:2]
        if directive.upper().startswith(("SKIP", "TODO")):
            yield "skipped", name
        elif match[2] == "ok":
            passed += 1
        else:
            yield "failed", name
    yield "passed", passed


def libtest(text):
    """What `cargo test` prints, doc tests included."""
    passed = 0
    for line in text.splitlines():
        match = re.match(r"test (.+?) \.\.\. (ok|FAILED|ignored)\b", line)
        if not match:
            continue
        name = re.sub(r" - should panic$", "", match[1])
        if match[2] == "ok":
            passed += 1
        elif match[2] == "FAILED":
            yield "failed", name
        elif not re.search(r" - .*\(line \d+\)", name):
            # A doc example marked `ignore` is a text, not a test that was left out.
            yield "skipped", name
    yield "passed", passed


def ignored(text):
    """`cargo nextest list --message-format json`: the tests that stand there but do not run."""
    for binary, suite in json.loads(text)["rust-suites"].items():
        for name, case in suite["testcases"].items():
            if case["ignored"]:
                yield "skipped", f"{binary} {name}"


def main():
    kind, path = sys.argv[1:]
    try:
        text = open(path, encoding="utf-8", errors="replace").read()
        facts = list({"junit": junit, "tap": tap, "libtest": libtest, "ignored": ignored}[kind](text))
    except (FileNotFoundError, tree.ParseError, json.JSONDecodeError) as reason:
        print(f"failed no report in {path}: {reason}")
        return
    for fact, value in facts:
        print(fact, " ".join(str(value).split()))


if __name__ == "__main__":
    main()
