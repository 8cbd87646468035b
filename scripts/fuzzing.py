"""What the scripts around the fuzz targets share: where things are, how targets are built and started."""

import os
import pathlib
import re
import resource
import signal
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
FUZZ = ROOT / "fuzz"
# The longest input; the fuzzer's own choice would be that of the longest seed.
LONGEST = {"archive_json": 20000, "archive_open": 12000, "certificate_chain": 20000, "details": 6000, "ice_text": 20000, "message": 6000,
           "trace": 8000}


def build(without_sanitizer, root=ROOT, folder=FUZZ / "target"):
    """Builds every target, and gives the folder of the binaries."""
    sanitizer = ["--sanitizer", "none"] if without_sanitizer else []
    subprocess.run(["cargo", "+nightly", "fuzz", "build", "--target-dir", str(folder), *sanitizer], cwd=root, check=True)
    version = subprocess.run(["rustc", "+nightly", "-vV"], check=True, capture_output=True, text=True).stdout
    host = re.search(r"host: (\S+)", version)[1]
    return folder / host / "release"


def flags(target):
    """The options of libFuzzer in every run of a target."""
    dictionary = FUZZ / "dictionaries" / f"{target}.dict"
    dictionaries = [f"-dict={dictionary}"] if dictionary.exists() else []
    return [f"-max_len={LONGEST.get(target, 512)}", "-timeout=20", "-rss_limit_mb=2048", *dictionaries]


# The status of a target that has used up its seconds of a processor.
USED_UP = -signal.SIGXCPU


def start(binary, arguments, cpu_seconds=None, **environment):
    """Runs a target. Gives its status, what it said, and the seconds of a processor that it took: at most `cpu_seconds`, if there are any."""
    # Frames that are used after they were left need unsafe code, of which there is none; to look for them takes half of the time.
    asan = "detect_odr_violation=0:detect_stack_use_after_return=0"
    environment = {**os.environ, "ASAN_OPTIONS": asan, **environment}
    with tempfile.TemporaryFile("w+", errors="replace") as said:
        limit = (cpu_seconds, cpu_seconds + 60) if cpu_seconds else None
        process = subprocess.Popen([binary, *arguments], stdout=said, stderr=said, env=environment,
                                   preexec_fn=limit and (lambda: resource.setrlimit(resource.RLIMIT_CPU, limit)))
        _, status, used = os.wait4(process.pid, 0)
        said.seek(0)
        return os.waitstatus_to_exitcode(status), said.read(), used.ru_utime + used.ru_stime


def number(pattern, text):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0
