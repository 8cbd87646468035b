#!/usr/bin/env python3
"""A node of the C++ library, for tests: commands on standard input, answers on standard output, one JSON object a line.

usage: node.py PORT [identity]     binds 127.0.0.1 and ::1 only

  {"do": "bootstrap", "port": N, "host": H}            -> {"ok": true}
  {"do": "put", "key": HEX, "id": N, "data": HEX, "type": N, "user_type": TEXT, "permanent": BOOL,
   "wait": BOOL}                                       -> {"ok": BOOL}; at once if it is not to be waited for
  {"do": "put_signed", ...}                            the same, signed by the node's identity
  {"do": "put_encrypted", ..., "to": HEX64}            the same, encrypted to the owner of a published certificate
  {"do": "get", "key": HEX}                            -> {"values": [VALUE]}
  {"do": "listen", "key": HEX}                         -> {"ok": true}; values are kept
  {"do": "received"}                                      -> {"values": [VALUE], "expired": [ID]}
  {"do": "id"}                                         -> {"node": HEX, "key": HEX, "long": HEX}
  {"do": "nodes"}                                      -> {"good": N}
"""

import json
import sys
import threading

import opendht

port = int(sys.argv[1])
node = opendht.DhtRunner()
identity = opendht.Identity.generate("oracle", bits=2048) if "identity" in sys.argv[2:] else None
if identity is None:
    node.run(port=port, ipv4="127.0.0.1", ipv6="::1")
else:
    node.run(id=identity, port=port, ipv4="127.0.0.1", ipv6="::1")

lock = threading.Lock()
values, expired, tokens = [], [], []


def text(hash):
    """Returns an id as hexadecimal digits."""
    shown = hash.toString()
    return shown.decode() if isinstance(shown, bytes) else shown


def owner(value):
    try:
        return text(value.owner.getLongId())
    except ValueError:  # It is not signed.
        return None


def shown(value):
    return {
        "id": value.id,
        "data": value.data.hex(),
        "user_type": value.user_type,
        "owner": owner(value),
        "recipient": text(value.recipient),
    }


def made(request):
    value = opendht.Value(bytes.fromhex(request["data"]), request.get("type", 0))
    value.id = request["id"]
    value.user_type = request.get("user_type", "")
    return value


def waited(start):
    """Runs an asynchronous put, and returns whether it succeeded."""
    done, result = threading.Event(), []

    def over(ok, nodes):
        result.append(ok)
        done.set()

    start(over)
    return done.wait(25) and bool(result[0])


def on_value(value, gone):
    with lock:
        if gone:
            expired.append(value.id)
        else:
            values.append(shown(value))
    return True


def answer(request):
    do = request["do"]
    key = opendht.InfoHash(request["key"].encode()) if "key" in request else None
    if do == "bootstrap":
        node.bootstrap(request.get("host", "127.0.0.1"), str(request["port"]))
        return {"ok": True}
    if do == "put":
        permanent = request.get("permanent", False)
        put = lambda over: node.put(key, made(request), over, permanent=permanent)
        if not request.get("wait", True):
            put(lambda ok, nodes: None)
            return {"ok": True}
        return {"ok": waited(put)}
    if do == "put_signed":
        return {"ok": waited(lambda over: node.putSigned(key, made(request), over))}
    if do == "put_encrypted":
        to = opendht.PkId(request["to"].encode())
        return {"ok": waited(lambda over: node.putEncrypted(key, made(request), to, over))}
    if do == "get":
        return {"values": [shown(value) for value in node.get(key)]}
    if do == "listen":
        tokens.append(node.listen(key, on_value))
        return {"ok": True}
    if do == "received":
        with lock:
            return {"values": list(values), "expired": list(expired)}
    if do == "id":
        public = identity.publickey if identity else None
        long = text(public.getLongId()) if public else None
        short = text(public.getId()) if public else None
        certificate = str(identity.certificate) if identity else None
        return {"node": text(node.getNodeId()), "key": short, "long": long, "certificate": certificate}
    raise ValueError(do)


print(json.dumps({"ready": port}), flush=True)
for line in sys.stdin:
    try:
        reply = answer(json.loads(line))
    except Exception as error:  # The test prints it.
        reply = {"error": repr(error)}
    print(json.dumps(reply), flush=True)
node.join()
