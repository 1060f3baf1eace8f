#!/usr/bin/env python3
"""A CMPP 3.0 SP on cmppy. It knows short connections only: each message is a connection with CONNECT, SUBMIT and TERMINATE, and nothing
can be delivered to it. Its one recv for each PDU needs an ISMG that says nothing unasked. See cmpp_common.py for the job and the output.
"""
import contextlib
import io
import socket

from cmppy import Cmppy, SubmitReq
import cmppy

from cmpp_common import JOB, done, emit, fail, message_id

UNITS_A_PART = 64


def submit(number, message, **fields):
    request = SubmitReq(
        JOB["sp_id"], src_id=JOB["src_id"], service_id=JOB["service_id"], dest_terminal_id=message["dest"],
        registered_delivery=int(message.get("report", False)), **fields,
    )
    statuses = []
    parse = cmppy.parse_response

    def noting(octets):
        response = parse(octets)
        if response.command_id == 0x80000001:
            statuses.append(response.status)
        return response

    cmppy.parse_response = noting
    # The library prints every PDU.
    with contextlib.redirect_stdout(io.StringIO()):
        answer = Cmppy(JOB["host"], JOB["port"], JOB["sp_id"], JOB["secret"]).request(request)
    cmppy.parse_response = parse
    if answer is None:
        emit("bind_failed", status=statuses[0] if statuses else None)
        fail("the login failed")
    emit("submitted", message=number, status=answer.result, message_id=message_id(answer.msg_id))


def main():
    socket.setdefaulttimeout(10)
    for number, message in enumerate(JOB["messages"]):
        text = message["text"]
        if len(text) < 70:
            submit(number, message, msg_content=text)
            continue
        parts = [text[i : i + UNITS_A_PART] for i in range(0, len(text), UNITS_A_PART)]
        for index, part in enumerate(parts, 1):
            # The library takes text only: the six octets of the header, 05 00 03 reference total part, are three UTF-16 units.
            header = "\u0500" + chr(0x0300 | 0x2A) + chr(len(parts) << 8 | index)
            submit(number, message, msg_content=header + part, tp_udhi=1, pk_total=len(parts), pk_number=index)
    done()


main()
