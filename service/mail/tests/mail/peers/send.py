"""Sends a message that Python's email package makes, with smtplib: send.py PORT CERTIFICATE"""
import smtplib
import ssl
import sys
from email.message import EmailMessage
from email.utils import make_msgid

port, certificate = int(sys.argv[1]), sys.argv[2]
message = EmailMessage()
message["From"] = '"Müller, Bob" <bob@example.com>'
message["To"] = "Alice <+447700900123/TYPE=PLMN@mms.example>, Zoë <zoe@mms.example>"
message["Cc"] = "carol@example.com"
message["Subject"] = "Grüße aus 北京 — a subject that is long enough to be folded over two lines at least 😀"
message["Date"] = "Mon, 03 Mar 2025 10:00:00 +0100"
message["Message-ID"] = "<python-1@example.com>"
message["In-Reply-To"] = "<earlier@mms.example>"
message["Importance"] = "High"
message["Disposition-Notification-To"] = "bob@example.com"
message["X-Mms-Message-Class"] = "Informational"
message["X-Mms-Transaction-ID"] = '"abc-1"'
message.set_content("Hello,\nthis is the plain text: äöü €\n.\n..\nBye\n", cte="quoted-printable")
cid = make_msgid(domain="example.com")
message.add_alternative(f"<html><body><p>Hello, <b>this</b> is HTML <img src='cid:{cid[1:-1]}'></p></body></html>", subtype="html")
message.get_payload()[1].add_related(bytes(range(256)) * 40, "image", "png", cid=cid, filename="логотип.png")
message.add_attachment(b"%PDF-1.4 not really", maintype="application", subtype="pdf", filename="a very long name of a file, with commas; and 漢字 in it, that needs continuations in RFC 2231.pdf")
message.add_attachment("BEGIN:VCARD\r\nFN:Zoë\r\nEND:VCARD\r\n", subtype="vcard", charset="iso-8859-1", filename="zoe.vcf")

context = ssl.create_default_context(cafile=certificate)
with smtplib.SMTP("localhost", port, local_hostname="client.example") as smtp:
    smtp.starttls(context=context)
    smtp.login("alice", "secret")
    refused = smtp.send_message(message, mail_options=["RET=HDRS"], rcpt_options=["NOTIFY=SUCCESS"])
    print(sorted(refused))
    # The second message over the same connection, to nobody who is known.
    try:
        smtp.sendmail("bob@example.com", ["x@elsewhere.example"], b"Subject: x\r\n\r\nx")
    except smtplib.SMTPRecipientsRefused as error:
        print({name: code for name, (code, _) in error.recipients.items()})
