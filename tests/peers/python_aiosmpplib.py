#!/usr/bin/env python3
"""An ESME on python's aiosmpplib. See common.py for the job and the output."""
import asyncio
import struct
import time

from aiosmpplib import ESME, AbstractHook, PhoneNumber, SubmitSm
from aiosmpplib.log import ERROR
from aiosmpplib.state import (
    NPI, SAR_MSG_REF_NUM, SAR_SEGMENT_SEQNUM, SAR_TOTAL_SEGMENTS, TON, BindMode, OptionalParam, SmppCommand,
)

import common
from common import JOB, SEPTETS_A_PART, Progress, bind_failed, emit, fail, split

progress = Progress()
sent = {}
bound = 0


class Hook(AbstractHook):
    async def sending(self, smpp_message, pdu, client_id):
        if isinstance(smpp_message, SubmitSm) and smpp_message.smpp_command == SmppCommand.SUBMIT_SM:
            sent[smpp_message.sequence_num] = tuple(smpp_message.extra_data.split("/"))

    async def received(self, smpp_message, pdu, client_id):
        # The bytes, not the object: for a part of a long message the object is a placeholder.
        global bound
        _, command, status, sequence = struct.unpack(">IIII", pdu[:16])
        if command & 0xFFFFFFF0 == 0x80000000 and command & 0xF in (1, 2, 9):
            if status:
                bind_failed(status)
            bound += 1
        elif command == 0x80000004:
            kind, part = sent.pop(sequence)
            progress.on_answer(kind, int(part), status, pdu[16:].split(b"\0")[0].decode())
        elif command == 0x00000005:
            on_deliver(pdu[16:])

    async def send_error(self, smpp_message, error, client_id):
        fail(repr(error))


def on_deliver(body):
    fields = body.split(b"\0", 1)[1]
    source, rest = fields[2:].split(b"\0", 1)
    dest, rest = rest[2:].split(b"\0", 1)
    esm_class = rest[0]
    _, rest = rest[3:].split(b"\0", 1)
    _, rest = rest.split(b"\0", 1)
    coding, length = rest[2], rest[4]
    progress.on_deliver(esm_class, coding, source.decode(), dest.decode(), rest[5 : 5 + length])


def client(mode):
    return ESME(
        smsc_host=JOB["host"], smsc_port=JOB["port"], system_id=JOB["system_id"], password=JOB["password"],
        bind_mode=mode, hook=Hook(), log_level=ERROR, socket_timeout=10.0,
    )


async def submit(esme, kind, part, **fields):
    progress.submitted += 1
    await esme.broker.enqueue(SubmitSm(
        source=PhoneNumber(JOB["source"], ton=TON.NETWORK_SPECIFIC, npi=NPI.UNKNOWN),
        destination=PhoneNumber(JOB["dest"], ton=TON.INTERNATIONAL, npi=NPI.ISDN),
        log_id=f"{kind}-{part}", extra_data=f"{kind}/{part}", registered_delivery=1, **fields,
    ))


async def send(esme, message):
    kind, text = message["kind"], message["text"]
    if kind == "gsm7":
        await submit(esme, kind, 1, short_message=text, encoding="gsm0338")
    elif kind == "ucs2":
        await submit(esme, kind, 1, short_message=text, encoding="ucs2")
    elif kind == "udhi_lie":
        # The library then sets the UDH indicator on a message that has no user data header.
        await submit(esme, kind, 1, short_message=text, encoding="gsm0338", esm_class=0x40)
    elif kind == "sar":
        parts = split(text, SEPTETS_A_PART)
        for number, part in enumerate(parts, 1):
            await submit(esme, kind, number, short_message=part, encoding="gsm0338", optional_params=[
                OptionalParam(SAR_MSG_REF_NUM, 0x4321),
                OptionalParam(SAR_TOTAL_SEGMENTS, len(parts)),
                OptionalParam(SAR_SEGMENT_SEQNUM, number),
            ])
    elif kind == "payload":
        await submit(esme, kind, 1, message_payload=text, encoding="gsm0338")
    else:
        fail(f"aiosmpplib cannot send the kind {kind}")


async def main():
    pair = JOB.get("bind") == "pair"
    esmes = [client(BindMode.TRANSMITTER), client(BindMode.RECEIVER)] if pair else [client(BindMode.TRANSCEIVER)]
    tasks = [asyncio.create_task(esme.start()) for esme in esmes]

    async def until(condition, what):
        while not condition():
            for task in tasks:
                if task.done():
                    task.result()
            if time.monotonic() > common.DEADLINE:
                fail(what())
            await asyncio.sleep(0.02)

    await until(lambda: bound == len(esmes), lambda: "not bound in time")
    emit("bound")
    for message in JOB["messages"]:
        await send(esmes[0], message)
    await until(progress.complete, progress.missing)
    for esme in esmes:
        await asyncio.wait_for(esme.stop(), 10)
    emit("done")


asyncio.run(main())
