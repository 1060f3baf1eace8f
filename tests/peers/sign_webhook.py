#!/usr/bin/env python3
"""The signature that a webhook must carry, by Python's own hmac, as the Standard Webhooks specification has it.

argv[1]: {"secret": "whsec_...", "id": ..., "timestamp": ..., "body": ...}. Prints {"event": "signature", "signature": "v1,..."}.
"""
import base64
import hashlib
import hmac
import json
import sys

job = json.loads(sys.argv[1])
key = base64.b64decode(job["secret"].removeprefix("whsec_"))
signed = f"{job['id']}.{job['timestamp']}.{job['body']}".encode()
digest = hmac.new(key, signed, hashlib.sha256).digest()
print(json.dumps({"event": "signature", "signature": "v1," + base64.b64encode(digest).decode()}))
