#!/usr/bin/env python3
"""An ESME on python's smpplib: binds, submits, waits for receipts and MO. See common.py for the job and the output."""
import select
import time

import smpplib.client
import smpplib.consts
import smpplib.exceptions
import smpplib.gsm

import common
from common import JOB, SEPTETS_A_PART, Progress, bind_failed, emit, fail, octets, split

progress = Progress()
waiting = {}


def on_answer(pdu):
    kind, part = waiting.pop(pdu.sequence)
    message_id = pdu.message_id.decode() if getattr(pdu, "message_id", None) else ""
    progress.on_answer(kind, part, pdu.status, message_id)


def on_deliver(pdu):
    raw = pdu.short_message or pdu.message_payload or b""
    progress.on_deliver(pdu.esm_class, pdu.data_coding, pdu.source_addr.decode(), pdu.destination_addr.decode(), raw)
    return 0


def connect():
    client = smpplib.client.Client(JOB["host"], JOB["port"], timeout=10, allow_unknown_opt_params=True)
    client.set_message_sent_handler(lambda pdu: on_answer(pdu))
    client.set_message_received_handler(lambda pdu: on_deliver(pdu))
    client.set_error_pdu_handler(lambda pdu: on_answer(pdu) if pdu.command == "submit_sm_resp" else fail(f"{pdu.command} {pdu.status}"))
    client.connect()
    return client


def submit(client, kind, part, **fields):
    pdu = client.send_message(
        source_addr_ton=smpplib.consts.SMPP_TON_NWSPEC,
        source_addr_npi=smpplib.consts.SMPP_NPI_UNK,
        source_addr=JOB["source"],
        dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
        dest_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
        destination_addr=JOB["dest"],
        registered_delivery=True,
        **fields,
    )
    waiting[pdu.sequence] = (kind, part)
    progress.submitted += 1


def send(client, message):
    kind, text = message["kind"], message["text"]
    if kind == "gsm7":
        submit(client, kind, 1, short_message=smpplib.gsm.gsm_encode(text), data_coding=0)
    elif kind == "ucs2":
        submit(client, kind, 1, short_message=octets(text, 8), data_coding=8)
    elif kind == "udh":
        parts, coding, esm_class = smpplib.gsm.make_parts(text)
        for number, part in enumerate(parts, 1):
            submit(client, kind, number, short_message=part, data_coding=coding, esm_class=esm_class)
    elif kind == "sar":
        parts = split(text, SEPTETS_A_PART)
        for number, part in enumerate(parts, 1):
            submit(
                client, kind, number,
                short_message=octets(part, 0), data_coding=0,
                sar_msg_ref_num=0x1234, sar_total_segments=len(parts), sar_segment_seqnum=number,
            )
    elif kind == "payload":
        submit(client, kind, 1, short_message=b"", message_payload=octets(text, 0), data_coding=0)
    else:
        fail(f"smpplib cannot send the kind {kind}")


def bind():
    who = {"system_id": JOB["system_id"], "password": JOB["password"]}
    try:
        if JOB.get("bind") == "pair":
            sender, receiver = connect(), connect()
            sender.bind_transmitter(**who)
            receiver.bind_receiver(**who)
            return [sender, receiver]
        client = connect()
        client.bind_transceiver(**who)
        return [client]
    except smpplib.exceptions.PDUError as refused:
        bind_failed(refused.args[1])


def main():
    clients = bind()
    emit("bound")
    for message in JOB["messages"]:
        send(clients[0], message)
    while not progress.complete():
        left = common.DEADLINE - time.monotonic()
        if left <= 0:
            fail(progress.missing())
        ready, _, _ = select.select([c._socket for c in clients], [], [], min(left, 1))
        for client in clients:
            if client._socket in ready:
                client.read_once()
    for client in clients:
        client.unbind()
        client.disconnect()
    emit("done")


main()
