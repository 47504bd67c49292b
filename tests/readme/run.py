"""Runs every ```console block of a Markdown file as a test, in one shell session, in an empty folder.

Knows Markdown's fences and a shell; knows nothing of what Bitting prints. The syntax is described
in CONTRIBUTING.md, "Console blocks".

Usage: run.py [--junit FILE] README.md
"""

import argparse
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as tree
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Only a hang is ended by these; a first build is what takes long.
COMMAND_SECONDS = 300
SERVER_SECONDS = 1500
SERVERS = re.compile(r"(\./run|bitting (serve|gate))\b")


@dataclass
class Step:
    """One command with the output that the file promises."""

    line: int
    command: str
    expected: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    code: int = 0

    @property
    def name(self):
        return f"line {self.line}: {self.command.splitlines()[0]}"

    @property
    def ready_file(self):
        """The file that a server writes once it answers, if the command names one."""
        match = re.search(r"--ready-file[ =](\S+)", self.command)
        return match and match[1]

    @property
    def is_server(self):
        command = self.command.strip()
        return bool(SERVERS.match(command)) or (command.endswith("&") and not command.endswith("&&"))


def parse(text):
    """The commands of all console blocks, in order; fails on a block without a command."""
    steps, block, values, code = [], None, [], 0
    for number, line in enumerate(text.splitlines(), 1):
        if block is None:
            if re.fullmatch(r"```console\s*", line):
                block = []
            elif match := re.fullmatch(r"<!-- console-value: (.+) -->", line):
                values.append(match[1])
            elif match := re.fullmatch(r"<!-- console-exit: (\d+) -->", line):
                code = int(match[1])
        elif line.startswith("```"):
            if not block:
                raise ValueError(f"line {number}: a console block without a command")
            block[-1].values, block[-1].code = values, code
            steps += block
            block, values, code = None, [], 0
        elif block and block[-1].command.endswith("\\") and not block[-1].expected:
            block[-1].command += "\n" + line.removeprefix("> ")
        elif line.startswith("$ "):
            block.append(Step(number, line[2:]))
        elif block:
            block[-1].expected.append(line.rstrip())
        else:
            raise ValueError(f"line {number}: output without a command; a command begins with '$ '")
    if block is not None:
        raise ValueError("the last console block is not closed")
    return steps


def unfinished(step):
    """What a shell says of a command that goes on past its end (an open quote, a here-document), or None.

    Typed into the session, it would swallow every command after it and wait until its time is up.
    """
    said = subprocess.run(
        ["bash", "--noprofile", "--norc", "-n", "-c", step.command], capture_output=True, text=True, timeout=30, check=False
    )
    if said.returncode == 0 and not said.stderr:
        return None
    return f"line {step.line}: no whole command: {said.stderr.strip()}"


def matches(expected, actual, open_end=False):
    """Whether the lines are as promised; `...` stands for lines alone and for text within a line."""
    pattern = ""
    for line in expected:
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += "[^\n]*".join(re.escape(part) for part in line.split("...")) + r"[ \t]*\n"
    pattern += r"(?:[^\n]*\n?)*" if open_end else r"\n*"
    text = actual.replace("\r\n", "\n")
    return re.fullmatch(pattern, text if text.endswith("\n") or not text else text + "\n") is not None


class Session:
    """A bash that keeps its variables and its background servers from block to block."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.servers = 0
        binary = os.environ.get("BITTING_BIN", str(ROOT / "target" / "debug" / "bitting"))
        environment = dict(os.environ, PATH=f"{pathlib.Path(binary).parent}{os.pathsep}{os.environ['PATH']}")
        environment.update(NO_COLOR="1", COLUMNS="120", LC_ALL="C.UTF-8", NO_PROXY="localhost,127.0.0.1,::1")
        # The two commands of the README stand in the checkout; here they are called from elsewhere.
        wrapper = self.folder / "run"
        wrapper.write_text(f'#!/bin/sh\nexec "{ROOT}/run" "$@"\n')
        wrapper.chmod(0o755)
        self.control = tempfile.TemporaryDirectory(prefix="bitting-readme-")
        self.shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            env=environment,
            start_new_session=True,
            text=True,
        )

    def _send(self, text):
        self.shell.stdin.write(text)
        self.shell.stdin.flush()

    def run(self, number, command):
        """Runs a command to its end and returns its exit code and what it printed."""
        output = pathlib.Path(self.control.name) / f"{number}.txt"
        code = pathlib.Path(self.control.name) / f"{number}.code"
        self._send(f"{{ {command}\n}} >'{output}' 2>&1 </dev/null; echo $? >'{code}.new'; mv '{code}.new' '{code}'\n")
        deadline = time.monotonic() + COMMAND_SECONDS
        while not code.exists():
            if self.shell.poll() is not None:
                return None, f"the shell ended\n{read(output)}"
            if time.monotonic() > deadline:
                return None, f"did not end\n{read(output)}"
            time.sleep(0.02)
        return int(code.read_text()), read(output)

    def start(self, number, command, arrived):
        """Starts a server and waits until what it printed has `arrived`, or it ended."""
        output = pathlib.Path(self.control.name) / f"{number}.txt"
        code = pathlib.Path(self.control.name) / f"{number}.code"
        command = command.strip().removesuffix("&").rstrip()
        self._send(f"{{ {command}\n echo $? >'{code}'; }} >'{output}' 2>&1 </dev/null &\n")
        deadline = time.monotonic() + SERVER_SECONDS
        while not arrived(read(output)):
            if code.exists() or self.shell.poll() is not None or time.monotonic() > deadline:
                return False, read(output)
            time.sleep(0.05)
        return True, read(output)

    def close(self):
        """Ends the shell and every server it started: they are all of its process group."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.shell.pid, number)
            except ProcessLookupError:
                break
            try:
                self.shell.wait(5)
            except subprocess.TimeoutExpired:
                continue
            time.sleep(0.5 if number == signal.SIGTERM else 0)
        self.shell.stdin.close()
        self.control.cleanup()


def read(path):
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


class Values:
    """What differs from run to run: the sample in the file, and what was really printed."""

    def __init__(self):
        self.pairs = {}

    def learn(self, patterns, expected, actual):
        for pattern in patterns:
            for sample, real in zip(re.findall(pattern, expected), re.findall(pattern, actual)):
                self.pairs[sample] = real

    def fill(self, text):
        for sample, real in sorted(self.pairs.items(), key=lambda pair: -len(pair[0])):
            text = text.replace(sample, real)
        return text


def play(session, number, step, values):
    """Runs one step; returns what went wrong, or None."""
    command = values.fill(step.command)
    sample = "\n".join(step.expected)

    def fits(actual, open_end):
        known = Values()
        known.pairs = dict(values.pairs)
        known.learn(step.values, sample, actual)
        return matches([known.fill(line) for line in step.expected], actual, open_end)

    if step.is_server:
        ready = step.ready_file and session.folder / step.ready_file

        def arrived(text):
            # A reader goes on when the server answers, not when its command was typed.
            if ready:
                return ready.exists() and fits(text, True)
            return (bool(text) or not SERVERS.match(command)) and fits(text, True)

        good, actual = session.start(number, command, arrived)
        if not good:
            return f"the server did not print what the file says\nexpected:\n{sample}\nprinted:\n{actual}"
    else:
        code, actual = session.run(number, command)
        if code != step.code:
            return f"ended with {code}, not {step.code}\nprinted:\n{actual}"
        if not fits(actual, False):
            return f"expected:\n{sample}\nprinted:\n{actual}"
    values.learn(step.values, sample, actual)
    return None


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--junit")
    options.add_argument("file")
    options = options.parse_args()
    suite = tree.Element("testsuite", name=options.file)
    wrong = 0
    try:
        steps = parse(pathlib.Path(options.file).read_text(encoding="utf-8"))
        if not steps:
            raise ValueError(f"{options.file} has no console block")
        if reasons := [reason for step in steps if (reason := unfinished(step))]:
            raise ValueError("; ".join(reasons))
    except ValueError as reason:
        steps, wrong = [], 1
        case = tree.SubElement(suite, "testcase", classname=options.file, name="console blocks")
        tree.SubElement(case, "failure", message=str(reason))
        print(f"FAILED {reason}")
    values = Values()
    with tempfile.TemporaryDirectory(prefix="bitting-readme-") as folder:
        session = Session(folder)
        try:
            for number, step in enumerate(steps):
                problem = play(session, number, step, values)
                case = tree.SubElement(suite, "testcase", classname=options.file, name=step.name)
                print(f"{'FAILED' if problem else 'ok'} {step.name}")
                if problem:
                    wrong += 1
                    tree.SubElement(case, "failure", message=problem[:200]).text = problem
                    print("\n".join("    " + line for line in problem.splitlines()[:60]))
        finally:
            session.close()
    if options.junit:
        # A control character in some output must not spoil the report.
        text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "?", tree.tostring(suite, encoding="unicode"))
        pathlib.Path(options.junit).write_text(text, encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
