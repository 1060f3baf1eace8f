#!/usr/bin/env python3
"""Runs the test programs of the workspace, a few at the same time, and prints the output of each as a whole.

`cargo test` runs one program after the other; most of ours wait for peers more than they compute.
  WAXWING_TEST_PROGRAMS   programs at the same time (2)
"""
import json
import os
import subprocess
import sys
import threading
import time

CARGO = os.environ.get("CARGO", "cargo")
LIMIT = 600  # seconds for one program


def programs():
    """Every test program with its package's folder, as cargo names them."""
    command = [CARGO, "test", "--workspace", "--locked", "--no-run", "--message-format=json-render-diagnostics"]
    built = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    for line in built.stdout.splitlines():
        artifact = json.loads(line)
        if artifact.get("reason") == "compiler-artifact" and artifact["profile"]["test"] and artifact["executable"]:
            yield artifact["executable"], os.path.dirname(artifact["manifest_path"])


def run(program, folder):
    """Runs one; how it ended, and what it said."""
    env = dict(os.environ, CARGO_MANIFEST_DIR=folder)
    began = time.monotonic()
    try:
        done = subprocess.run([program], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT, check=False)
        status, said = done.returncode, done.stdout
    except subprocess.TimeoutExpired as late:
        status, said = -1, (late.stdout or b"") + b"\ntest (it took too long) ... FAILED\n"
    return status, said, time.monotonic() - began


def main():
    waiting = sorted(programs())
    lock, failed = threading.Lock(), []

    def work():
        while True:
            with lock:
                if not waiting:
                    return
                program, folder = waiting.pop(0)
            status, said, seconds = run(program, folder)
            with lock:
                print(f"     Running {os.path.relpath(program)} ({seconds:.1f} s)", flush=True)
                sys.stdout.buffer.write(said)
                sys.stdout.flush()
                if status != 0:
                    failed.append(program)
                    # A program that dies has no line of its own that says so.
                    if b"test result: FAILED" not in said:
                        print(f"test {os.path.basename(program)} (ended with {status}) ... FAILED", flush=True)

    workers = [threading.Thread(target=work) for _ in range(int(os.environ.get("WAXWING_TEST_PROGRAMS", "2")))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    documented = subprocess.run([CARGO, "test", "--workspace", "--locked", "--doc", "--no-fail-fast"],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    sys.stdout.buffer.write(documented.stdout)
    for program in failed:
        print(f"failed: {os.path.relpath(program)}")
    return 1 if failed or documented.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
