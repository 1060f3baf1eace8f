#!/usr/bin/env python3
"""One GET over HTTPS, by Python's own TLS. argv[1]: {"url": ..., "ca": file in PEM}. Prints answer {status} or error {reason}."""
import json
import ssl
import sys
import urllib.request

job = json.loads(sys.argv[1])
try:
    context = ssl.create_default_context(cafile=job["ca"])
    with urllib.request.urlopen(job["url"], context=context, timeout=10) as answer:
        print(json.dumps({"event": "answer", "status": answer.status}))
except OSError as error:
    print(json.dumps({"event": "error", "reason": str(error)}))
