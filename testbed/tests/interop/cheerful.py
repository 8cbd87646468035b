"""A broken implementation: each of its ends is a success."""

import json
import subprocess
import sys

program = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True)
for text in program.stdout:
    line = json.loads(text)
    if line.get("state") == 5:
        line["details"]["error"] = ""
    print(json.dumps(line), flush=True)
sys.exit(program.wait())
