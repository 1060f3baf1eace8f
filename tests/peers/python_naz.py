#!/usr/bin/env python3
"""An ESME on python's naz (transceiver only). See common.py for the job and the output."""
import asyncio
import logging
import struct
import time

import naz

import common
from common import JOB, SEPTETS_A_PART, Progress, bind_failed, emit, fail, split

progress = Progress()
bound = asyncio.Event()


class Hook(naz.hooks.BaseHook):
    async def to_smsc(self, smpp_command, log_id, hook_metadata, pdu):
        pass

    async def from_smsc(self, smpp_command, log_id, hook_metadata, status, pdu):
        code = struct.unpack(">I", pdu[8:12])[0]
        if smpp_command == "bind_transceiver_resp":
            if code:
                bind_failed(code)
            bound.set()
        if smpp_command == "submit_sm_resp":
            kind, part = hook_metadata.split("/")
            progress.on_answer(kind, int(part), code, pdu[16:].split(b"\0")[0].decode())
        elif smpp_command == "deliver_sm":
            on_deliver(pdu[16:])


def on_deliver(body):
    fields = body.split(b"\0", 1)[1]
    source, rest = fields[2:].split(b"\0", 1)
    dest, rest = rest[2:].split(b"\0", 1)
    esm_class = rest[0]
    _, rest = rest[3:].split(b"\0", 1)
    _, rest = rest.split(b"\0", 1)
    coding, length = rest[2], rest[4]
    progress.on_deliver(esm_class, coding, source.decode(), dest.decode(), rest[5 : 5 + length])


async def submit(client, kind, part, text, **fields):
    progress.submitted += 1
    await client.send_message(naz.protocol.SubmitSM(
        short_message=text, source_addr=JOB["source"], destination_addr=JOB["dest"],
        source_addr_ton=3, source_addr_npi=0, log_id=f"{kind}-{part}", hook_metadata=f"{kind}/{part}", **fields,
    ))


async def send(client, message):
    kind, text = message["kind"], message["text"]
    if kind == "gsm7":
        await submit(client, kind, 1, text)
    elif kind == "ucs2":
        await submit(client, kind, 1, text, encoding="ucs2")
    elif kind == "sar":
        parts = split(text, SEPTETS_A_PART)
        for number, part in enumerate(parts, 1):
            await submit(client, kind, number, part,
                         sar_msg_ref_num=0x77, sar_total_segments=len(parts), sar_segment_seqnum=number)
    elif kind == "payload":
        await submit(client, kind, 1, "", message_payload=text)
    else:
        fail(f"naz cannot send the kind {kind}")


async def main():
    quiet = logging.getLogger("naz.quiet")
    quiet.addHandler(logging.NullHandler())
    quiet.propagate = False
    client = naz.Client(
        smsc_host=JOB["host"], smsc_port=JOB["port"], system_id=JOB["system_id"], password=JOB["password"],
        broker=naz.broker.SimpleBroker(maxsize=100), hook=Hook(), logger=quiet, drain_duration=0.2, socket_timeout=10.0,
    )
    await client.connect()
    await client.tranceiver_bind()
    tasks = [asyncio.create_task(client.receive_data())]

    async def until(condition, what):
        while not condition():
            for task in tasks:
                if task.done():
                    task.result()
            if time.monotonic() > common.DEADLINE:
                fail(what())
            await asyncio.sleep(0.02)

    # Its sender sleeps for the socket timeout when it finds the session not yet bound, so it starts after the response.
    await until(bound.is_set, lambda: "not bound in time")
    emit("bound")
    tasks += [asyncio.create_task(client.dequeue_messages()), asyncio.create_task(client.enquire_link())]
    for message in JOB["messages"]:
        await send(client, message)
    await until(progress.complete, progress.missing)
    for task in tasks[1:]:
        task.cancel()
    await client.shutdown()
    tasks[0].cancel()
    emit("done")


asyncio.run(main())
