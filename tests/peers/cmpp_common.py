"""What the CMPP peers share: the job they are given and their JSON lines. `cmppprotocol/`, in Rust, keeps to the same.

The job is one JSON object in argv[1]:
  host, port, sp_id, secret, src_id, service_id   where to log in, as whom, and what its messages say
  messages         [{"dest": [...], "text": ..., "report": bool}]; the client splits what is too long
  expect_reports, expect_mo    how many of those to wait for (default 0)
  stay             after all that, stay connected until standard input ends
  timeout_s        bound on the whole run (default 30)

What they print, one JSON object a line: bound, bind_failed {status}, submitted {message: its number, status, message_id: 16 hex digits},
report {message_id, state, dest, source, to}, mo {source, dest, text, format}, error {reason}, done. Exit code 0 after done only.
"""
import json
import os
import sys
import time

JOB = json.loads(sys.argv[1])
DEADLINE = time.monotonic() + JOB.get("timeout_s", 30)


def emit(event, **fields):
    # One write, so that the lines of several threads do not mix.
    os.write(1, (json.dumps({"event": event, **fields}) + "\n").encode())


def fail(reason):
    emit("error", reason=str(reason))
    os._exit(1)


def message_id(number):
    return f"{number:016x}"


def done():
    """All has come. The libraries' threads would go on for ever: ends at once."""
    emit("done")
    os._exit(0)
