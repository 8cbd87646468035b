"""Plays scripts to a client, and judges what it does: player.py SCRIPTS.json [--orderly] -- CLIENT…

The client reads a step a line and answers a line: {"offered": true, "does": [{"show": "link"}, …], "broken": false}.
"""

import json
import subprocess
import sys


def judge(script, ask, side, add, answer, cancel):
    """The first step at fault and the rule that it breaks, or None."""
    ask({"begin": script["name"]})
    asked, own, ended, cancelled, replied, said, shown, reached = set(), None, None, False, None, False, None, 0
    for number, step in enumerate(script["steps"], 1):
        call, ident, signal = step.get("return"), step.get("id"), "signal" in step
        if script["orderly"] and call and call not in asked:
            continue  # the client has not made the call
        got = ask(step)
        if not got["offered"]:
            continue
        faults, refused, foreign = [], False, signal and own != ident
        asked.discard(call)
        if call == add and asked_add(shown, own, step, got):
            own, ended = (ident if ident > 0 else None), None
        elif signal and not foreign:
            replied = None
            if ended is None and step["state"] == 5:
                ended = step["details"].get("error") in ("", "none")
        elif call == cancel and not step["accepted"]:
            refused = cancelled and own == ident and ended is None
            cancelled = cancelled and not refused
        elif call == answer and own == ident and replied == "called":
            replied = None if step["accepted"] else "refused"
    return None
