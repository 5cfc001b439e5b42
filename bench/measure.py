"""Running programs and measuring them: seconds, processor time, and the memory of the process."""

import dataclasses
import os
import statistics
import subprocess
import sys
import time


@dataclasses.dataclass
class Measured:
    seconds: float  # by the wall clock, from the start of the process to its end
    processor: float  # seconds of all threads, user and system
    peak: int  # bytes resident at most, as the kernel counts for the whole process


def run(command, **options):
    """Runs to the end; a failure ends the bench, with what the program said on the terminal."""
    start = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], **options)
    # wait4 tells of this one child; getrusage would mix it with the others.
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"bench: exit status {process.returncode} of: {' '.join(map(str, command))}")
    return Measured(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def first_byte_and_total(command):
    """Seconds from the start until the first byte of output, and until the end of the process."""
    start = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE)
    first = os.read(process.stdout.fileno(), 1)
    until_first = time.perf_counter() - start
    while os.read(process.stdout.fileno(), 1 << 16):
        pass
    process.stdout.close()
    if process.wait() != 0 or not first:
        sys.exit(f"bench: no output from: {' '.join(map(str, command))}")
    return until_first, time.perf_counter() - start


def spread(seconds):
    """Median, lowest and highest in milliseconds."""
    milliseconds = [1000 * s for s in seconds]
    return (f"{statistics.median(milliseconds):7.1f} ms  "
            f"({min(milliseconds):.1f} to {max(milliseconds):.1f})")


def size(count):
    return f"{count / (1 << 20):,.0f} MiB"


def rate(pairs, seconds):
    """Millions a second."""
    return f"{pairs / seconds / 1e6:,.2f} M/s" if seconds > 0 else "-"


def machine():
    """The machine in the words of docs/performance.md: cores and memory only."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{len(os.sched_getaffinity(0))} cores, {memory / (1 << 30):.0f} GiB"
