#!/usr/bin/env python3
"""Fuzzes a token parser that is not ours, with our inputs and our dictionary, and with `handfast` as the judge.

    fuzz/examples/other_parser.py [--parser COMMAND] [--handfast COMMAND] [--lenient] [--tries N] [--seed N]

Without --parser it fuzzes `parse` below, which is what one writes in a minute, and wrong in more than one way. COMMAND is a parser in
any language: it reads texts that end with a zero byte, and answers each with a line, `yes` or `no`.

Each way in which the two disagree is shown by the shortest text that was found. 0 if there is none, 1 if there is one, 2 if one
of them cannot be asked.
"""

import argparse
import json
import os
import pathlib
import random
import re
import shlex
import subprocess
import sys

FUZZ = pathlib.Path(__file__).resolve().parent.parent
TOKEN = re.compile(r"^jami-auth://([0-9a-f]{40}|[0-9a-f]{64})/\d{6}$", re.IGNORECASE)


def parse(text):
    """Whether it is a token. Put your own here."""
    try:
        return TOKEN.match(text.decode()) is not None
    except UnicodeDecodeError:
        return False


class Process:
    """A parser that is asked text by text."""

    def __init__(self, command):
        self.command = command
        try:
            self.process = subprocess.Popen(shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as error:
            fail(f"{command}: {error.strerror}")

    def ask(self, text):
        try:
            self.process.stdin.write(text + b"\0")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        answer = self.process.stdout.readline()
        return answer.decode().strip() if answer else fail(f"{self.command}: has ended")


def fail(why):
    print(why, file=sys.stderr)
    # No buffer is flushed into a process that is gone.
    os._exit(2)


def words():
    """What the dictionary has."""
    lines = (FUZZ / "dictionaries" / "token.dict").read_text().splitlines()
    quoted = [line.strip('"') for line in lines if line.startswith('"')]
    return [re.sub(r"\\x(..)", lambda code: chr(int(code[1], 16)), word).encode("latin-1") for word in quoted]


def change(text, dictionary, draw):
    """The text with something in it changed."""
    # Parsers are often wrong about the end.
    at = draw.choice([draw.randrange(len(text) + 1), draw.randrange(len(text) + 1), len(text)])
    to = min(len(text), at + draw.choice([1, 1, 1, 2, 6, 40]))
    digits = "٣३３௩".encode() if draw.random() < 0.5 else b"\n\r\t +-_"
    piece = draw.choice([
        b"", bytes([draw.randrange(256)]), draw.choice(dictionary), text[at:to].swapcase(), text[at:to] * 2, b"0" * (to - at),
        draw.choice(digits.decode()).encode(),
    ])
    return text[:at] + piece + text[draw.choice([at, to]):]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parser", help="a command; none: the function in this file")
    parser.add_argument("--handfast", default="handfast", help="how the judge is called")
    parser.add_argument("--lenient", action="store_true", help="what today's daemon takes, and not what is specified")
    parser.add_argument("--tries", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    judge = Process(f"{options.handfast} token parse --stdin0{' --lenient' if options.lenient else ''}")
    other = Process(options.parser) if options.parser else None
    takes = (lambda text: other.ask(text) == "yes") if other else parse
    texts = [file.read_bytes() for file in sorted((FUZZ / "corpus" / "token").iterdir())]
    dictionary, draw, found = words(), random.Random(options.seed), {}
    # A text with a zero byte cannot be handed over.
    texts = [text for text in texts if 0 not in text]
    queue = list(texts)
    for _ in range(options.tries):
        text = queue.pop() if queue else draw.choice(texts)
        for _ in range(draw.choice([0, 1, 1, 1, 2, 3])):
            text = change(text, dictionary, draw)
        if 0 in text or len(text) > 1000:
            continue
        verdict = json.loads(judge.ask(text))
        ours, theirs = "error" not in verdict, takes(text)
        if ours != theirs:
            way = "refused, and is a token" if ours else f"taken, and is none: {verdict['error'].rsplit(' at byte', 1)[0]}"
            if way not in found or len(text) < len(found[way]):
                found[way] = text
    for way, text in sorted(found.items()):
        print(f"{way}\n    {text!r}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
