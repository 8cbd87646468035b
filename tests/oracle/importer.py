#!/usr/bin/env python3
"""An importing device that is not ours.

usage: importer.py PORT [VARIANT,...]      PORT: a node of OpenDHT on 127.0.0.1

Prints a token, "secured" once TLS is there from its side, its certificate shown, and then the archive's text, each on a line of its own. Variants: two (a chain of two), late-answer (TLS begins before the
answer is put), no-active, no-listener (the passive line is dead), no-fingerprint, split, joined, empty (how records are framed),
foreign-answer (an answer of another signer comes first), foreign-chain (another's certificates lie at the token's key too), stranger (someone
who knows nothing connects to the exporter first), other-leaf (TLS with another key), no-certificate (TLS without one).
"""

import hashlib
import random
import socket
import ssl
import struct
import sys
import threading
import time

from peer import Dht, Framed, Ice, Identity, Secured, certificate, cut, is_stun, key_of, line, load, pack, stranger
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
import msgpack

port = int(sys.argv[1])
variants = sys.argv[2].split(",") if len(sys.argv) > 2 else []
names = ["Jami Temporary CA", "Jami Temporary User", "Jami Temporary device"]
identity = Identity(names, chain=2 if "two" in variants else 3)
dht = Dht(port)
if "foreign-chain" in variants:
    dht.publish(Identity(names), identity, 2)
dht.publish(identity)
dht.leaf_of(identity.long)
dht.listen(key_of("peer:" + identity.long))
code = random.randint(100000, 999999)
print(f"jami-auth://{identity.long}/{code}", flush=True)

owner, request = next(dht.requests(identity, 120))
exporter = hashlib.sha256(owner).hexdigest()
assert dht.leaf_of(exporter) == owner
ice = Ice("no-fingerprint" not in variants)
listener = socket.create_server(("127.0.0.1", 0))
answer = f"{ice.name}\n{ice.password}\n" + line("7f000001", "127.0.0.1", listener.getsockname()[1], "passive")
if "no-active" not in variants:
    answer += line("7f000001", "127.0.0.1", 9, "active", 2130706175)
content = {"id": request["id"], "ice_msg": answer, "isAnswer": True, "connType": ""}
place = key_of("peer:" + exporter)
if "foreign-answer" in variants:
    dht.put(place, Identity(names).seal(content, owner))
    time.sleep(0.5)
if "late-answer" not in variants:
    dht.put(place, identity.seal(content, owner))

offer = request["ice_msg"].split("\n")
ice.peer_name, ice.peer_password = offer[:2]
passive = [words.split() for words in offer[2:] if "passive" in words]
address = next((words[4], int(words[5])) for words in passive if ":" not in words[4])


def serve(connection, sender):
    framed = Framed(connection)
    while (frame := framed.receive()) is not None:
        if is_stun(frame) and frame[:2] == b"\0\1":
            framed.send(ice.response(frame, sender))


def accept():
    while True:
        threading.Thread(target=serve, args=listener.accept(), daemon=True).start()


if "no-listener" in variants:
    listener.close()
else:
    threading.Thread(target=accept, daemon=True).start()

unknown = stranger(address) if "stranger" in variants else None
framed = Framed(socket.create_connection(address))
framed.send(ice.check(True, True))


def receive():
    """Returns the next frame of TLS; answers checks."""
    while True:
        frame = framed.receive()
        if frame is None or not is_stun(frame):
            return frame
        if frame[:2] == b"\0\1":
            framed.send(ice.response(frame, address))


frame = framed.receive()
while frame[:2] != b"\1\1":
    assert frame[:2] == b"\0\1", frame
    framed.send(ice.response(frame, address))
    frame = framed.receive()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
if "other-leaf" in variants:
    key = rsa.generate_private_key(65537, 2048)
    other = certificate(names[2], key, identity.account, identity.account_key)
    identity.key, identity.chain[0] = key, other
if "no-certificate" not in variants:
    load(context, identity.pem(), identity.key_pem())
how = next((way for way in ("split", "joined") if way in variants), "records")
secured = Secured(context, framed, receive, False, how, "empty" in variants)
if "late-answer" in variants:
    secured.begin()
    time.sleep(0.5)
    dht.put(place, identity.seal(content, owner))
secured.handshake()
leaf = ssl.DER_cert_to_PEM_cert(secured.tls.getpeercert(True)).encode()
from cryptography import x509

form = serialization.PublicFormat.SubjectPublicKeyInfo
shown = x509.load_pem_x509_certificate(leaf).public_key().public_bytes(serialization.Encoding.DER, form)
assert shown == owner, "the exporter's leaf is the signer's key"
print("secured", flush=True)
secured.write(65535, pack({"v": 1}))
message = lambda payload: pack({"schemeId": 0, "payload": payload})
channel, messages = None, msgpack.Unpacker(raw=False, max_buffer_size=1 << 28)
archive = None
for number, data in secured.frames():
    if number == 0:
        name, asked, state = msgpack.unpackb(data, raw=False)
        if state == 0 and name == f"auth:{code}":
            channel = asked
            secured.write(0, pack([name, asked, 1]))
            secured.write(channel, message({}))
        elif state == 0:
            secured.write(0, pack([name, asked, 2]))
    elif number == channel and not data:
        break
    elif number == channel:
        messages.feed(data)
        for one in messages:
            if "authScheme" in one["payload"]:
                secured.write(channel, message({"password": ""}))
            if "accData" in one["payload"]:
                archive = one["payload"]["accData"]
                # As a real one does, which waits for nothing more.
                secured.write(channel, b"")
print(archive if archive is not None else "no archive", flush=True)
sys.stdin.readline()
