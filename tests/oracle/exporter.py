#!/usr/bin/env python3
"""An exporting device that is not ours.

usage: exporter.py PORT TOKEN VARIANT,...       PORT: a node of OpenDHT on 127.0.0.1; the archive's text is the first line of standard input

Its device is one of the account in the archive. Prints "asked" once the request is put, and "linked", or "no answer" where the next line of
standard input comes before an answer does. Variants: check (a check of its own), dial (it connects too), two (a chain of two), no-active,
loopback-2 (a second address), dead-line (a passive line that is refused), duplicate (the request twice), no-version, stranger (someone who
knows nothing connects to the importer first),
unpublished, alone, no-authority (chains that vouch for nothing), no-passive (an offer without a passive line), signed-only, other-leaf (TLS with
another device of the account). With other-leaf "secured" comes first, once TLS is there.
"""

import json
import random
import re
import socket
import ssl
import sys
import threading
import time

import msgpack
from cryptography.hazmat.primitives import hashes, serialization
from peer import Dht, Framed, Ice, Identity, Secured, is_stun, key_of, line, load, pack, stranger

port, token = int(sys.argv[1]), sys.argv[2]
variants = sys.argv[3].split(",") if len(sys.argv) > 3 else []
archive = sys.stdin.readline().rstrip("\n")
importer, code = re.fullmatch(r"jami-auth://([0-9a-f]{64})/(\d{6})", token).groups()
identity = Identity(
    ["Jami CA", "Jami", "Jami device"],
    is_authority="no-authority" not in variants,
    alone="alone" in variants,
    chain=2 if "two" in variants else 3,
    archive=None if "no-authority" in variants else json.loads(archive),
)
dht = Dht(port)
if "unpublished" not in variants:
    dht.publish(identity)
    dht.leaf_of(identity.long)
dht.listen(key_of("peer:" + identity.long))
owner = dht.leaf_of(importer)

ice = Ice()
second = "loopback-2" in variants
listeners = [socket.create_server(("127.0.0.1", 0))]
own_port = listeners[0].getsockname()[1]
if second:
    listeners.append(socket.create_server(("127.0.0.2", own_port)))
offer = f"{ice.name}\n{ice.password}\n"
if "no-passive" not in variants:
    offer += line("7f000001", "127.0.0.1", own_port, "passive")
if "no-active" not in variants:
    offer += line("7f000001", "127.0.0.1", 9, "active", 2130706175)
if second:
    offer += line("7f000002", "127.0.0.2", own_port, "passive", 2130706175)
if "dead-line" in variants:
    offer += line("7f000003", "127.0.0.3", 1, "passive", 2130705919)
content = {"id": random.getrandbits(52) + 1, "ice_msg": offer, "isAnswer": False, "connType": ""}
made = identity.sign(content, owner) if "signed-only" in variants else identity.seal(content, owner)
for _ in range(2 if "duplicate" in variants else 1):
    dht.put(key_of("peer:" + importer), made)
print("asked", flush=True)
ending = threading.Thread(target=lambda: (sys.stdin.readline(), dht.end()), daemon=True)
ending.start()

answers, chosen, lock = [], [], threading.Lock()
changed = threading.Condition(lock)


class Connection:
    """An accepted or opened connection, with the frames of TLS on it."""

    def __init__(self, connection, sender):
        self.framed, self.sender, self.checked = Framed(connection), sender, False
        self.frames, self.more = [], threading.Condition()
        threading.Thread(target=self.run, daemon=True).start()

    def check(self):
        if self.checked:
            return
        self.checked = True
        with changed:
            changed.wait_for(lambda: answers, 30)
        self.framed.send(ice.check(False, False))

    def run(self):
        while True:
            frame = self.framed.receive()
            if frame is not None and is_stun(frame):
                if frame[:2] == b"\0\1":
                    self.framed.send(ice.response(frame, self.sender))
                    if "check" in variants:
                        threading.Thread(target=self.check, daemon=True).start()
                    if b"\0\x25\0\0" in frame:
                        with changed:
                            chosen.append(self)
                            changed.notify_all()
                continue
            with self.more:
                self.frames.append(frame)
                self.more.notify_all()
            if frame is None:
                return

    def receive(self):
        """Returns the next frame; none at the end. Silence is no end."""
        with self.more:
            if not self.more.wait_for(lambda: self.frames, 60):
                raise TimeoutError("the other side is silent")
            return self.frames.pop(0)


def accept(listener):
    while True:
        Connection(*listener.accept())


for listener in listeners:
    threading.Thread(target=accept, args=[listener], daemon=True).start()
for signer, answer in dht.requests(identity, None):
    if signer == owner and answer["isAnswer"] and answer["id"] == content["id"]:
        ice.peer_name, ice.peer_password = answer["ice_msg"].split("\n")[:2]
        passive = [words.split() for words in answer["ice_msg"].split("\n")[2:] if "passive" in words]
        with changed:
            answers.append(answer)
            changed.notify_all()
        break
else:
    print("no answer", flush=True)
    sys.exit()
address = next((words[4], int(words[5])) for words in passive if ":" not in words[4])
unknown = stranger(address) if "stranger" in variants else None
if "dial" in variants:
    try:
        opened = Connection(socket.create_connection(address), address)
        opened.checked = True
        opened.framed.send(ice.check(False, False))
    except ConnectionError:  # The importer has chosen already.
        pass
with changed:
    changed.wait_for(lambda: chosen, 30)
    connection = chosen[0]

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.set_ecdh_curve("secp384r1")
context.num_tickets, context.minimum_version = 0, ssl.TLSVersion.TLSv1_3
shown = identity
if "other-leaf" in variants:
    shown = Identity(["Jami CA", "Jami", "Jami device"], archive=json.loads(archive))
load(context, shown.pem(), shown.key_pem())
secured = Secured(context, connection.framed, connection.receive, True)
secured.handshake()
if "other-leaf" in variants:
    print("secured", flush=True)
if "no-version" not in variants:
    secured.write(65535, pack({"v": 1}))
# As a real daemon does, others first: the channel's number is not always the first.
secured.write(0, pack([f"msg:{identity.long}", 0x8000, 0]))
secured.write(0, pack(["svcdisc://query", 0x8002, 0]))
CHANNEL = 0x8001
secured.write(0, pack([f"auth:{code}", CHANNEL, 0]))
message = lambda payload: pack({"schemeId": 0, "payload": payload})
messages, sent = msgpack.Unpacker(raw=False, max_buffer_size=1 << 28), False
for number, data in secured.frames():
    if number != CHANNEL:
        continue
    if not data:
        break
    messages.feed(data)
    for one in messages:
        if shown is not identity:
            print("the link goes on", flush=True)
            sys.exit()
        # A hello has no words that this peer knows.
        if not {"password", "stateMsg"} & set(one["payload"]):
            secured.write(CHANNEL, message({"authScheme": ""}))
        elif "password" in one["payload"]:
            text = message({"accData": archive})
            for at in range(0, len(text), 65535):
                secured.write(CHANNEL, text[at : at + 65535])
            secured.write(CHANNEL, b"")
            sent = True
# The importer need not end the channel after this side has.
print("linked" if sent else "the link is over", flush=True)
ending.join()
