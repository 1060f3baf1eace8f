#!/usr/bin/env python3
"""A CMPP 2.1 SP on pycmpp (GPL: this script is a program of its own). It never answers a DELIVER; what comes is only noted here.
See cmpp_common.py for the job and the output.
"""
import struct
import sys
import threading
import time

from pycmpp import Cmpp
from pycmpp.response import ConnectResponseInstance, SubmitResponseInstance

import cmpp_common
from cmpp_common import JOB, done, emit, fail, message_id

CONNECT_RESP, SUBMIT_RESP, DELIVER = 0x80000001, 0x80000004, 0x00000005
changed = threading.Condition()
bound = False
answers = 0
reports = set()
mo = 0


def text(octets):
    return octets.split(b"\0")[0].decode("ascii")


def handler(function):
    """In the library's form: made from connection and octets, then called. Whatever it does, the library answers nothing."""

    def make(_connection, octets):
        def call():
            with changed:
                function(octets)
                changed.notify_all()

        return call

    return make


def on_connected(octets):
    global bound
    response = ConnectResponseInstance()
    response.resolve(octets)
    if response.status:
        emit("bind_failed", status=response.status)
        fail("the login failed")
    bound = True
    emit("bound")


def on_answer(octets):
    global answers
    response = SubmitResponseInstance()
    response.resolve(octets)
    answers += 1
    emit("submitted", status=response.status, message_id=message_id(response.msg_id))


def on_deliver(octets):
    global mo
    sequence, = struct.unpack("!L", octets[8:12])
    body = octets[12:]
    dest, kind, source, is_report, length = text(body[8:29]), body[41], text(body[42:63]), body[63], body[64]
    content = body[65 : 65 + length]
    if is_report:
        about, = struct.unpack("!Q", content[:8])
        reports.add((about, text(content[35:56])))
        emit("report", message_id=message_id(about), state=text(content[8:15]), dest=text(content[35:56]), source=source, to=dest, sequence=sequence)
        return
    mo += 1
    emit("mo", source=source, dest=dest, text=content.decode("utf-16-be" if kind == 8 else "gbk"), format=kind, sequence=sequence)


def wait(condition, what):
    with changed:
        if not changed.wait_for(condition, timeout=max(0, cmpp_common.DEADLINE - time.monotonic())):
            fail(f"not in time: {what()}")


def main():
    sp = Cmpp(JOB["host"], JOB["port"], JOB["sp_id"], JOB["secret"], JOB["src_id"])
    sp.handlers[CONNECT_RESP] = handler(on_connected)
    sp.handlers[SUBMIT_RESP] = handler(on_answer)
    sp.handlers[DELIVER] = handler(on_deliver)
    threading.Thread(target=sp.run, daemon=True).start()
    wait(lambda: bound, lambda: "the answer to CONNECT")
    submits = 0
    for message in JOB["messages"]:
        sp.delivery = int(message.get("report", False))
        # As the library splits: below 70 characters in one, above in parts of 64.
        submits += 1 if len(message["text"]) < 70 else -(-len(message["text"]) // 64)
        sp.submit(message["text"], message["dest"])
    wait(lambda: answers >= submits, lambda: f"{answers} of {submits} answers")
    wait(
        lambda: len(reports) >= JOB.get("expect_reports", 0) and mo >= JOB.get("expect_mo", 0),
        lambda: f"{len(reports)} reports and {mo} MO",
    )
    if JOB.get("stay"):
        emit("staying")
        sys.stdin.read()
    sp.disconnect()
    done()


main()
