"""A relay by aiosmtpd: relay.py JOB, of which it knows
   certificate, key  (PEM files; STARTTLS is offered then),
   implicit          (TLS at once),
   login             ([name, password], demanded),
   refuse            ({recipient: reply}),
   answer            (the reply to a message, instead of 250),
   size              (largest message)
It prints its port, then a line of JSON for each message."""
import asyncio
import base64
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

job = json.loads(sys.argv[1])
context = None
if "certificate" in job:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(job["certificate"], job["key"])


def say(**line):
    print(json.dumps(line), flush=True)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        reply = job.get("refuse", {}).get(address)
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        say(
            sender=envelope.mail_from,
            options=envelope.mail_options,
            recipients=envelope.rcpt_tos,
            tls=server.transport.get_extra_info("ssl_object") is not None,
            login=getattr(session.auth_data, "login", b"").decode() if session.auth_data else None,
            hello=session.host_name,
            peer=session.peer[1],
            content=base64.b64encode(envelope.original_content).decode(),
        )
        return job.get("answer", "250 2.0.0 Queued here")


def authenticate(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and [data.login.decode(), data.password.decode()] == job["login"]
    return AuthResult(success=good, auth_data=data, handled=False)


def protocol():
    options = dict(hostname="relay.example", enable_SMTPUTF8=True)
    if context and not job.get("implicit"):
        options.update(tls_context=context, require_starttls="login" in job)
    if "login" in job:
        options.update(authenticator=authenticate, auth_required=True, auth_exclude_mechanism=job.get("without", []))
        options.update(auth_require_tls=not job.get("implicit"))
    if "size" in job:
        options.update(data_size_limit=job["size"])
    return SMTP(Handler(), **options)


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=context if job.get("implicit") else None)
    say(port=server.sockets[0].getsockname()[1])
    await server.serve_forever()


asyncio.run(main())
