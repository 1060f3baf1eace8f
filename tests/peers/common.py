"""What every Python peer script shares: the job it was given, its JSON lines, and the rule by which it ends.

The job is one JSON object in argv[1]:
  host, port, system_id, password   where to bind, as whom
  bind                              "transceiver" (default) or "pair" (a transmitter and a receiver)
  source, dest                      addresses of everything it submits
  messages                          [{"kind": ..., "text": ...}], kinds: gsm7 ucs2 udh sar payload udhi_lie
  expect_mo                         how many mobile-originated messages to wait for (default 0)
  timeout_s                         bound on the whole run (default 30)

What it prints, one JSON object a line: bound, bind_failed {status}, submitted {kind, part, status, message_id},
receipt {message_id, state, esm_class}, mo {source, dest, text, data_coding}, error {reason}, done. Exit code 0 after done only.
"""
import json
import os
import re
import sys
import time

JOB = json.loads(sys.argv[1])
DEADLINE = time.monotonic() + JOB.get("timeout_s", 30)
SEPTETS_A_PART = 153


def emit(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def leave():
    """Ends at once and quietly: SystemExit inside an asyncio task would only fill standard error with its traceback."""
    os._exit(1)


def fail(reason):
    emit("error", reason=str(reason))
    leave()


def bind_failed(status):
    emit("bind_failed", status=status)
    leave()


def split(text, size):
    return [text[i : i + size] for i in range(0, len(text), size)]


def octets(text, data_coding):
    """Text as the octets of a short message. Scripts keep to letters on which the GSM alphabet and ASCII agree."""
    return text.encode("utf-16-be") if data_coding == 8 else text.encode("ascii")


class Progress:
    """Counts what came, and says when everything has."""

    def __init__(self):
        self.submitted = 0
        self.answered = 0
        self.accepted = set()
        self.receipts = set()
        self.mo = 0

    def on_answer(self, kind, part, status, message_id):
        self.answered += 1
        if status == 0:
            self.accepted.add(message_id)
        emit("submitted", kind=kind, part=part, status=status, message_id=message_id)

    def on_deliver(self, esm_class, data_coding, source, dest, raw):
        if esm_class & 0x3C == 0x04:
            text = raw.decode("ascii", "replace")
            found = re.search(r"id:(\S+)", text)
            state = re.search(r"stat:(\S+)", text)
            if not found or not state:
                fail(f"a receipt without id or stat: {text!r}")
            self.receipts.add(found[1])
            emit("receipt", message_id=found[1], state=state[1], esm_class=esm_class, text=text)
            return
        self.mo += 1
        text = raw.decode("utf-16-be") if data_coding == 8 else raw.decode("ascii", "replace")
        emit("mo", source=source, dest=dest, text=text, data_coding=data_coding)

    def complete(self):
        return (
            self.answered == self.submitted
            and self.accepted <= self.receipts
            and self.mo >= JOB.get("expect_mo", 0)
        )

    def missing(self):
        return (
            f"not complete in time: {self.answered} of {self.submitted} answers, "
            f"receipts missing for {sorted(self.accepted - self.receipts)}, {self.mo} of {JOB.get('expect_mo', 0)} MO"
        )
