"""Plays scripts to a client and judges what it does: player.py SCRIPTS.json [--orderly] -- CLIENT ...

The client reads a step a line and answers a line: {"offered": true, "does": [{"show": "link"}], "broken": false}.
Exit codes: 0 no rule is broken, 1 some are, 2 usage.
"""

import collections
import json
import subprocess
import sys

def judge(ask, script, add, answer, cancel):
    """Returns the first step at fault with the rules that it breaks."""
    ask({"begin": script["name"]})
    made, pending, own, ended, cancelled, reply, said, shown, reached = set(), False, None, None, False, None, False, None, 0
    for number, step in enumerate(script["steps"], 1):
        call, ident, signal = step.get("return"), step.get("id"), "signal" in step
        if script["orderly"] and call and call not in made:
            continue  # The client did not make the call.
        got = ask(step)
        if not got["offered"]:
            continue
        made.discard(call)
        faults, refused, foreign = set(), False, signal and own != ident
        if call == add and pending:
            pending, own, ended = False, ident if ident > 0 else None, None
        elif signal and not foreign:
            reply = None
            if ended is None and step["state"] == 5:
                ended = step["details"].get("error") in ("", "none")
        elif call == cancel and not step["accepted"] and cancelled and own == ident and ended is None:
            cancelled, refused = False, True
        elif call == answer and own == ident and reply == "called":
            reply = None if step["accepted"] else "refused"
        for done in got["does"]:
            if done == {"call": add}:
                pending, own, ended, cancelled, reply, said, reached = True, None, None, False, None, False, 0
            elif done == {"call": answer}:
                faults |= {"called-again"} if reply == "refused" else set()
                reply = "called"
            elif "cancel" in done:
                cancelled = cancelled or done["cancel"] == own
            said = said or done == "goes-on"
            made.add(cancel if "cancel" in done else done.get("call")) if done != "goes-on" else None
            shown = done.get("show", shown) if done != "goes-on" else shown
            if done != "goes-on" and "show" in done:
                faults |= {"foreign"} if foreign else set()
                faults |= {"false-success"} if shown == "success" and ended is not True else set()
        place = signal and {1: 1, 2: 2, 3: 3, 4: 3}.get(step["state"])
        if place and {"show": "link"} in got["does"]:
            faults |= {"back"} if place < reached else set()
            reached = max(reached, place)
        faults |= {"broken"} if got["broken"] else set()
        faults |= {"refused-unsaid"} if refused and not said else set()
        if shown == "away" and own is not None and not cancelled and not said:
            faults |= {"left-alone"} if ended is None else {"kept"} if not ended and add == "addAccount" else set()
        if faults:
            return number, sorted(faults)
    return None


def main(args):
    if "--" not in args[1:]:
        sys.exit(__doc__)
    options, command = args[: args.index("--")], args[args.index("--") + 1 :]
    with open(options[0]) as file:
        kit = json.load(file)
    calls = ("addAccount", "provideAccountAuthentication", "removeAccount")
    calls = calls if kit["side"] == "import" else ("addDevice", "confirmAddDevice", "cancelAddDevice")
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(line):
        client.stdin.write(json.dumps(line) + "\n")
        client.stdin.flush()
        return json.loads(client.stdout.readline() or '{"offered": true, "does": [], "broken": true}')

    rules = {rule["rule"]: rule for rule in kit["rules"]}
    broken, played = collections.Counter(), 0
    for script in kit["scripts"]:
        if script["orderly"] or "--orderly" not in options:
            fault, played = judge(ask, script, *calls), played + 1
            for rule in fault[1] if fault else ():
                broken[rule] += 1
                if broken[rule] == 1:
                    print(f"{script['name']}, step {fault[0]}: {rule} ({rules[rule]['requirement']}): {rules[rule]['says']}")
    client.stdin.close()
    client.wait()
    weak = sorted({rules[rule].get("weakness", rule) for rule in broken})
    print(json.dumps({"scripts": played, "broken": dict(sorted(broken.items())), "weaknesses": weak}))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
