"""Plays scripts to a client and judges what it does: player.py SCRIPTS.json [--orderly] -- CLIENT ...

The client reads a step a line and answers a line: {"offered": true, "does": [{"show": "link"}], "broken": false}.
Exit codes: 0 no rule is broken, 1 some are, 2 usage, 3 the client cannot be played with.
"""

import collections
import json
import subprocess
import sys
import threading
import time

SECONDS = 30  # that a client may take to answer


class Player:
    """A client that runs."""

    def __init__(self, command):
        self.command, self.client, self.until, self.began = command, None, None, False
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        """Ends a client that does not answer."""
        while True:
            time.sleep(1)
            client, until = self.client, self.until
            if client and until and time.monotonic() > until:
                client.kill()

    def ask(self, line):
        """Returns the answer to a line. One that does not come, or is not an answer, is that of a broken client, which is then started anew."""
        if self.client is None:
            self.client = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.until = time.monotonic() + SECONDS
        try:
            self.client.stdin.write(json.dumps(line) + "\n")
            self.client.stdin.flush()
            answer = json.loads(self.client.stdout.readline())
            offered, does, broken = answer["offered"], answer["does"], answer["broken"]
            if not all(done == "goes-on" or isinstance(done, dict) for done in does):
                raise ValueError(does)
            return offered, does, broken
        except (OSError, ValueError, KeyError, TypeError):
            self.end(0)
            return True, [], True
        finally:
            self.until = None

    def end(self, seconds):
        """Lets the client end by itself for so long."""
        client, self.client = self.client, None
        if client is None:
            return
        try:
            client.stdin.close()
        except OSError:
            pass  # It is gone.
        try:
            client.wait(seconds)
        except subprocess.TimeoutExpired:
            client.kill()
            client.wait()


class Judge:
    """The facts about a client in one script, and the rules that they break."""

    def __init__(self, calls):
        self.add, self.answer, self.cancel = calls
        self.made = set()  # calls that have not returned
        self.reached = 0  # how far the screen was
        self.pending, self.own, self.ended, self.cancelled = False, None, None, False  # the last operation
        self.answered, self.said, self.shown = None, False, None

    def input(self, step):
        """Takes a step. Returns whether it is a signal of another operation, and whether it refuses a cancel."""
        call, ident = step.get("return"), step.get("id")
        self.made.discard(call)
        if call == self.add and self.pending:
            self.pending, self.own, self.ended = False, ident if ident > 0 else None, None
        elif call == self.answer and ident == self.own and self.answered == "called":
            self.answered = None if step["accepted"] else "refused"
        elif call == self.cancel and not step["accepted"]:
            if self.cancelled and ident == self.own and self.ended is None:
                self.cancelled = False
                return False, True
        elif "signal" in step:
            if ident != self.own:
                return True, False
            self.answered = None
            if step["state"] == 5 and self.ended is None:
                self.ended = step["details"].get("error") in ("", "none")
        return False, False

    def output(self, done, foreign):
        """Takes one thing that the client does. Returns the rules that it breaks."""
        if done == "goes-on":
            self.said = True
        elif done.get("call") == self.add:
            self.made.add(self.add)
            self.pending, self.own, self.ended, self.cancelled = True, None, None, False
            self.answered, self.said, self.reached = None, False, 0
        elif done.get("call") == self.answer:
            self.made.add(self.answer)
            was, self.answered = self.answered, "called"
            return {"called-again"} if was == "refused" else set()
        elif "cancel" in done:
            self.made.add(self.cancel)
            self.cancelled = self.cancelled or done["cancel"] == self.own
        elif "show" in done:
            self.shown = done["show"]
            false = self.shown == "success" and self.ended is not True
            return ({"foreign"} if foreign else set()) | ({"false-success"} if false else set())
        return set()

    def step(self, step, does, broken):
        """Returns the rules that a step and what the client does then break."""
        foreign, refused = self.input(step)
        faults = {"broken"} if broken else set()
        for done in does:
            faults |= self.output(done, foreign)
        place = {1: 1, 2: 2, 3: 3, 4: 3}.get(step.get("state"))
        if place and {"show": "link"} in does:
            faults |= {"back"} if place < self.reached else set()
            self.reached = max(self.reached, place)
        if refused and not self.said:
            faults.add("refused-unsaid")
        if self.shown == "away" and self.own is not None and not self.cancelled and not self.said:
            if self.ended is None:
                faults.add("left-alone")
            elif not self.ended and self.add == "addAccount":
                faults.add("kept")
        return faults


def play(player, script, calls):
    """Returns the number of the first step at fault and the rules that it breaks, or None."""
    judge = Judge(calls)
    if player.ask({"begin": script["name"]})[2]:
        return 0, {"broken"}
    for number, step in enumerate(script["steps"], 1):
        call = step.get("return")
        if script["orderly"] and call and call not in judge.made:
            if call == judge.add:
                return None  # The rest is of an operation that this client did not begin.
            continue
        offered, does, broken = player.ask(step)
        player.began = player.began or {"call": judge.add} in does
        faults = judge.step(step, does, broken) if offered else set()
        if faults:
            return number, faults
    return None


def main(args):
    if "--" not in args[1:-1] or set(args[1 : args.index("--")]) - {"--orderly"}:
        print(__doc__, file=sys.stderr)
        return 2
    options, player = args[1 : args.index("--")], Player(args[args.index("--") + 1 :])
    try:
        with open(args[0]) as file:
            kit = json.load(file)
    except (OSError, ValueError) as error:
        print(f"{args[0]}: {error}", file=sys.stderr)
        return 2
    calls = ("addDevice", "confirmAddDevice", "cancelAddDevice")
    if kit["side"] == "import":
        calls = ("addAccount", "provideAccountAuthentication", "removeAccount")
    rules = {rule["rule"]: rule for rule in kit["rules"]}
    broken, played = collections.Counter(), 0
    for script in kit["scripts"]:
        if not script["orderly"] and "--orderly" in options:
            continue
        try:
            number, faults = play(player, script, calls) or (0, ())
        except OSError as error:
            print(f"the client cannot be started: {error}", file=sys.stderr)
            return 3
        if faults and number == 0:
            print(f"{script['name']}: the client does not answer when a script begins", file=sys.stderr)
            return 3
        played += 1
        for rule in sorted(faults):
            broken[rule] += 1
            if broken[rule] == 1:
                print(f"{script['name']}, step {number}: {rule} ({rules[rule]['requirement']}): {rules[rule]['says']}")
    player.end(SECONDS)
    if not broken and not player.began:
        print("the client began no link in any script", file=sys.stderr)
        return 3
    weak = sorted({rules[rule].get("weakness", rule) for rule in broken})
    print(json.dumps({"scripts": played, "broken": dict(sorted(broken.items())), "weaknesses": weak}))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
