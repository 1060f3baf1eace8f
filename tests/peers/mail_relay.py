#!/usr/bin/env python3
"""A mail server by aiosmtpd that takes whatever it is given, and reads it with Python's own email package.

The job is one JSON object in argv[1]:
  dsn              whether it offers delivery status notifications (RFC 3461; default false)
  timeout_s        bound on the whole run (default 120)

Orders, one JSON object a line on standard input:
  {"do": "refuse", "reply": "451 4.7.1 later", "count": 1}   the next messages are answered so, at their end
  {"do": "hold"}, {"do": "release"}                          the answers to messages wait, from then on and until then
  {"do": "stop"}                                             or the end of input

What it prints, one JSON object a line:
  ready {port}
  held {}, refused {message_id}      as ordered
  mail {sender, recipients, mail_options, rcpt_options, subject, from, to, headers {name: value}, type, body,
        parts [{type, name, disposition, text, data}], defects, fields}
                                     data in base64; text for texts; fields: the groups of fields of a report's second part
"""
import asyncio
import base64
import email
import email.policy
import json
import os
import sys
import threading

from aiosmtpd.smtp import SMTP

JOB = json.loads(sys.argv[1])
DSN = JOB.get("dsn", False)
refusals = []
held = asyncio.Event()
held.set()


def emit(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def part(p):
    data = p.get_payload(decode=True) or b""
    text = data.decode(p.get_content_charset("ascii"), "replace") if p.get_content_maintype() == "text" else None
    name, disposition = p.get_filename(), p.get_content_disposition()
    return dict(type=p.get_content_type(), name=name, disposition=disposition, text=text, data=base64.b64encode(data).decode())


def fields(message):
    for p in message.walk():
        if p.get_content_type() in ("message/delivery-status", "message/disposition-notification"):
            payload = p.get_payload()
            groups = payload if isinstance(payload, list) else [email.message_from_string(payload)]
            return [{k.lower(): v for k, v in group.items()} for group in groups if group.items()]
    return None


class Handler:
    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        if refusals:
            emit("refused", message_id=message["message-id"])
            return refusals.pop(0)
        if not held.is_set():
            emit("held")
            await held.wait()
        leaves = [part(p) for p in message.walk() if not p.is_multipart()]
        emit(
            "mail",
            sender=envelope.mail_from,
            recipients=envelope.rcpt_tos,
            mail_options=session.mail_parameters,
            rcpt_options=session.rcpt_parameters,
            subject=message["subject"],
            to=message["to"],
            headers={k.lower(): str(v) for k, v in message.items()},
            type=message.get_content_type(),
            parts=leaves,
            defects=[str(d) for p in message.walk() for d in p.defects],
            fields=fields(message),
            **{"from": message["from"]},
        )
        return "250 2.0.0 Taken"

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        session.mail_parameters, session.rcpt_parameters = [], []
        return responses[:-1] + ["250-DSN"] * DSN + responses[-1:]


class Server(SMTP):
    """Takes the parameters of RFC 3461, which aiosmtpd does not know."""

    def split(self, arg):
        words = (arg or "").split(" ")
        ours = [w for w in words if w.split("=")[0].upper() in ("RET", "ENVID", "NOTIFY", "ORCPT")]
        return " ".join(w for w in words if not DSN or w not in ours), ours if DSN else []

    async def smtp_MAIL(self, arg):
        arg, self.session.mail_parameters = self.split(arg)
        await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg):
        arg, self.session.rcpt_parameters = self.split(arg)
        await super().smtp_RCPT(arg)


def orders(loop):
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "refuse":
            refusals.extend([order["reply"]] * order.get("count", 1))
        elif order["do"] == "hold":
            loop.call_soon_threadsafe(held.clear)
        elif order["do"] == "release":
            loop.call_soon_threadsafe(held.set)
        else:
            break
        emit("ordered", order=order["do"])
    os._exit(0)


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Server(Handler(), hostname="relay.example"), "127.0.0.1", 0)
    emit("ready", port=server.sockets[0].getsockname()[1])
    threading.Thread(target=orders, args=(loop,), daemon=True).start()
    await asyncio.sleep(JOB.get("timeout_s", 120))
    os._exit(1)


asyncio.run(main())
