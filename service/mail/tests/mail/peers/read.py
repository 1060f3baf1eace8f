"""Reads messages, one in base64 a line, and says in JSON what Python's email package sees in each."""
import base64
import json
import sys
from email import message_from_bytes, policy


def parts(message):
    for part in message.walk():
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            continue
        if part.get_content_maintype() == "message":
            content = [dict(block.items()) for block in part.get_payload()]
        elif part.get_content_maintype() == "text":
            content = part.get_content()
        else:
            content = base64.b64encode(part.get_payload(decode=True)).decode()
        yield {
            "type": part.get_content_type(),
            "name": part.get_filename(),
            "id": part["Content-ID"],
            "location": part["Content-Location"],
            "disposition": part.get_content_disposition(),
            "content": content,
        }


def addresses(message, name):
    header = message[name]
    return [[address.display_name, address.addr_spec] for address in header.addresses] if header else []


def defects(message):
    found = [f"{part.get_content_type()}: {defect!r}" for part in message.walk() for defect in part.defects]
    return found + [f"{name}: {value.defects}" for name, value in message.items() if value.defects]


for line in sys.stdin:
    octets = base64.b64decode(line)
    message = message_from_bytes(octets, policy=policy.default)
    print(json.dumps({
        "headers": [[name, str(value)] for name, value in message.items()],
        "from": addresses(message, "From"),
        "to": addresses(message, "To"),
        "cc": addresses(message, "Cc"),
        "date": int(message["Date"].datetime.timestamp()),
        "type": message.get_content_type(),
        "parameters": dict(message["Content-Type"].params),
        "defects": defects(message),
        "longest": max(len(line) for line in octets.split(b"\r\n")),
        "bare": octets.replace(b"\r\n", b"").count(b"\n") + octets.replace(b"\r\n", b"").count(b"\r"),
        "parts": list(parts(message)),
    }), flush=True)
