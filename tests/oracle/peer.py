"""What both peers of these tests have: a small OpenDHT client, identities, STUN, frames, TLS over them, and channels.

Written from the description of the wire, without code of this project and of Jami; it needs msgpack and cryptography. All is on the
loopback interface.
"""

import base64
import datetime
import hashlib
import hmac
import os
import random
import socket
import ssl
import struct
import tempfile
import threading
import time
import zlib

import msgpack
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

COOKIE = 0x2112A442
PART = 1280


def pack(value):
    return msgpack.packb(value, use_bin_type=True)


def spki(key):
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.DER, form)


def key_of(text):
    """Returns the key under which a text's value lies."""
    return hashlib.sha1(text.encode()).digest()


class Identity:
    """A device of an account of an authority, with RSA-2048 keys and an authority on P-384."""

    def __init__(self, names, is_authority=True, alone=False, chain=3, archive=None):
        self.key = rsa.generate_private_key(65537, 2048)
        if archive:
            read = lambda name: base64.b64decode(archive[name])
            account = serialization.load_pem_private_key(read("ringAccountKey"), None)
            self.account, top = x509.load_pem_x509_certificates(read("ringAccountCert"))
        else:
            authority = ec.generate_private_key(ec.SECP384R1())
            account = rsa.generate_private_key(65537, 2048)
            top = certificate(names[0], authority, None, None, True)
            self.account = certificate(names[1], account, top, authority, is_authority)
        self.account_key = account
        leaf = certificate(names[2], self.key, *(() if alone else (self.account, account)))
        self.chain = [leaf] if alone else [leaf, self.account, top][:chain]
        self.long = hashlib.sha256(spki(self.key)).hexdigest()
        self.short = hashlib.sha1(spki(self.key)).digest()

    def pem(self):
        return "".join(one.public_bytes(serialization.Encoding.PEM).decode() for one in self.chain)

    def key_pem(self):
        none = serialization.NoEncryption()
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, none)

    def sign(self, data, recipient):
        """Returns a signed request for the recipient's key."""
        body = {"seq": 0, "owner": spki(self.key), "to": hashlib.sha1(recipient).digest(), "type": 0}
        body |= {"data": pack(data), "utype": "peer_request"}
        return {"body": body, "sig": self.key.sign(pack(body), padding.PKCS1v15(), hashes.SHA512())}

    def seal(self, data, recipient):
        """Returns a request that is signed, and encrypted to the recipient's key."""
        secret, nonce = os.urandom(32), os.urandom(12)
        public = serialization.load_der_public_key(recipient)
        sealed = AESGCM(secret).encrypt(nonce, pack(self.sign(data, recipient)), None)
        return public.encrypt(secret, padding.PKCS1v15()) + nonce + sealed

    def open(self, value):
        """Returns the signer's key and the request of a value that was encrypted to this device."""
        cypher, block = value["dat"], self.key.key_size // 8
        secret = self.key.decrypt(cypher[:block], padding.PKCS1v15())
        clear = AESGCM(secret).decrypt(cypher[block : block + 12], cypher[block + 12 :], None)
        clear = msgpack.unpackb(clear, raw=False)
        owner = clear["body"]["owner"]
        public = serialization.load_der_public_key(owner)
        public.verify(clear["sig"], pack(clear["body"]), padding.PKCS1v15(), hashes.SHA512())
        return owner, msgpack.unpackb(clear["body"]["data"], raw=False)


def certificate(name, key, issuer=None, issuer_key=None, is_authority=False):
    identifier = hashlib.sha1(spki(key))
    user = x509.NameAttribute(NameOID.USER_ID, identifier.hexdigest())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name), user])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer.subject if issuer else subject)
    builder = builder.public_key(key.public_key()).serial_number(random.getrandbits(63) | 1)
    builder = builder.not_valid_before(now - datetime.timedelta(minutes=1))
    builder = builder.not_valid_after(now + datetime.timedelta(days=3650))
    builder = builder.add_extension(x509.SubjectKeyIdentifier(identifier.digest()), False)
    if is_authority:
        builder = builder.add_extension(x509.BasicConstraints(True, None), True)
    return builder.sign(issuer_key or key, hashes.SHA384())


class Dht:
    """A client of one node that stores everything."""

    def __init__(self, port):
        self.node = ("127.0.0.1", port)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.id, self.number = os.urandom(20), random.getrandbits(31)
        self.replies, self.updates, self.parts, self.over = {}, [], {}, False
        self.changed = threading.Condition()
        threading.Thread(target=self.receive, daemon=True).start()
        self.ask("ping", {})

    def receive(self):
        while True:
            datagram, sender = self.socket.recvfrom(70000)
            message = msgpack.unpackb(datagram, raw=False, strict_map_key=False)
            number = message.get("t")
            with self.changed:
                if "p" in message:
                    for index, part in message["p"].items():
                        self.parts.setdefault((sender, number), {}).setdefault(index, {})[part["o"]] = part["d"]
                elif "e" in message or "r" in message:
                    self.replies[number] = message
                elif message.get("q") in ("ping", "update"):
                    if message["q"] == "update":
                        self.updates.append((sender, number, message["a"].get("values", [])))
                    reply = {"r": {"id": self.id, "sa": socket.inet_aton(sender[0])}, "t": number, "y": "r"}
                    self.socket.sendto(pack(reply | {"v": "o2", "s": True}), sender)
                self.changed.notify_all()

    def ask(self, query, arguments, value=b""):
        """Asks the node, with a value in parts. Returns its reply, and the number under which parts of the reply come."""
        with self.changed:
            self.number += 1
            number = self.number
        message = pack({"a": arguments | {"id": self.id}, "q": query, "t": number, "y": "q", "v": "o2", "s": True})
        for _ in range(3):
            self.socket.sendto(message, self.node)
            for at in range(0, len(value), PART):
                part = {"y": "p", "t": number, "p": {0: {"o": at, "d": value[at : at + PART]}}, "s": True}
                self.socket.sendto(pack(part), self.node)
            with self.changed:
                if self.changed.wait_for(lambda: number in self.replies, 2):
                    return self.replies.pop(number), number
        raise TimeoutError(query)

    def whole(self, sender, number, values):
        """Returns values, with those that come in parts."""
        found = []
        for index, value in enumerate(values):
            if isinstance(value, int):
                with self.changed:
                    parts = lambda: self.parts.get((sender, number), {}).get(index, {})
                    self.changed.wait_for(lambda: sum(map(len, parts().values())) >= value, 5)
                    value = b"".join(parts()[at] for at in sorted(parts()))
                value = msgpack.unpackb(value, raw=False, strict_map_key=False)
            found.append(value)
        return found

    def token(self, key):
        return self.ask("find", {"target": key})[0]["r"]["token"]

    def put(self, key, content, id=None):
        value = pack({"id": id or random.getrandbits(64) | 1, "dat": content})
        self.ask("put", {"h": key, "values": [len(value)], "token": self.token(key)}, value)

    def get(self, key):
        reply, number = self.ask("get", {"h": key})
        return self.whole(self.node, number, reply["r"].get("values", []))

    def listen(self, key):
        self.ask("listen", {"h": key, "token": self.token(key), "sid": random.getrandbits(31), "ve": 1})

    def publish(self, identity, owner=None, id=1):
        """Puts a chain where that of the owner belongs, if it is another's."""
        key = hashlib.sha1(bytes.fromhex((owner or identity).long)).digest()
        # As the library does: a byte string in the byte string.
        self.put(key, {"body": {"type": 8, "data": pack(identity.pem().encode())}}, id)

    def leaf_of(self, long, seconds=30):
        """Returns the key of the published certificate with this id."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for value in self.get(hashlib.sha1(bytes.fromhex(long)).digest()):
                leaf = x509.load_pem_x509_certificate(value["dat"]["body"]["data"]).public_key()
                form = serialization.PublicFormat.SubjectPublicKeyInfo
                der = leaf.public_bytes(serialization.Encoding.DER, form)
                if hashlib.sha256(der).hexdigest() == long:
                    return der
            time.sleep(0.05)
        raise TimeoutError(long)

    def end(self):
        """Ends `requests` once all that has come is taken."""
        with self.changed:
            self.over = True
            self.changed.notify_all()

    def requests(self, identity, seconds):
        """Yields the signer and the content of each request that comes; ends at `end`, or after so many seconds without one."""
        taken = 0
        while True:
            with self.changed:
                self.changed.wait_for(lambda: len(self.updates) > taken or self.over, seconds)
                if len(self.updates) == taken:
                    return
                sender, number, values = self.updates[taken]
            taken += 1
            for value in self.whole(sender, number, values):
                try:
                    yield identity.open(value)
                except Exception:  # It is another's.
                    continue


class Ice:
    """One side's name and password, and the STUN of checks."""

    def __init__(self, with_fingerprint=True):
        self.name, self.password = os.urandom(4).hex(), os.urandom(12).hex()
        self.peer_name = self.peer_password = None
        self.tie_breaker, self.with_fingerprint = os.urandom(8), with_fingerprint

    def attribute(self, kind, value):
        return struct.pack(">HH", kind, len(value)) + value + b"\0" * (-len(value) % 4)

    def sealed(self, kind, transaction, attributes, password):
        body = b"".join(attributes)
        head = lambda length: struct.pack(">HHI", kind, length, COOKIE) + transaction
        tag = hmac.new(password.encode(), head(len(body) + 24) + body, hashlib.sha1).digest()
        body += self.attribute(8, tag)
        if self.with_fingerprint:
            crc = zlib.crc32(head(len(body) + 8) + body) ^ 0x5354554E
            body += self.attribute(0x8028, struct.pack(">I", crc & 0xFFFFFFFF))
        return head(len(body)) + body

    def check(self, controlling, choosing):
        names = f"{self.peer_name}:{self.name}".encode()
        attributes = [self.attribute(6, names), self.attribute(0x24, struct.pack(">I", 0x6EFFFEFF))]
        attributes.append(self.attribute(0x802A if controlling else 0x8029, self.tie_breaker))
        if choosing:
            attributes.append(self.attribute(0x25, b""))
        return self.sealed(1, os.urandom(12), attributes, self.peer_password)

    def response(self, request, sender):
        address = socket.inet_pton(socket.AF_INET6 if ":" in sender[0] else socket.AF_INET, sender[0])
        mask = struct.pack(">I", COOKIE) + request[8:20]
        value = struct.pack(">BBH", 0, 2 if ":" in sender[0] else 1, sender[1] ^ (COOKIE >> 16))
        value += bytes(a ^ b for a, b in zip(address, mask))
        return self.sealed(0x101, request[8:20], [self.attribute(0x20, value)], self.password)


def is_stun(frame):
    return len(frame) >= 20 and frame[0] < 2 and struct.unpack(">H", frame[2:4])[0] + 20 == len(frame)


class Framed:
    """A TCP connection with frames."""

    def __init__(self, connection):
        self.connection, self.lock = connection, threading.Lock()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, payload):
        with self.lock:
            try:
                self.connection.sendall(struct.pack(">H", len(payload)) + payload)
            except ConnectionError:  # It is over: the next `receive` says so.
                pass

    def exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self.connection.recv(count - len(data))
            if not piece:
                return None
            data += piece
        return data

    def receive(self):
        """Returns the next frame; none at the end."""
        try:
            head = self.exactly(2)
            return None if head is None else self.exactly(struct.unpack(">H", head)[0])
        except OSError:
            return None


def stranger(address):
    """Connects as one who knows nothing does: a frame that is no STUN, a check that no one signed, and an empty frame. Stays."""
    try:
        framed = Framed(socket.create_connection(address))
        framed.send(b"\x16\x03\x01 garbage")
        framed.send(struct.pack(">HHI", 1, 0, COOKIE) + os.urandom(12))
        framed.send(b"")
        return framed
    except ConnectionError:  # The choice is made already.
        return None


def load(context, chain, key):
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/chain", "w") as file:
            file.write(chain)
        with open(f"{folder}/key", "wb") as file:
            file.write(key)
        context.load_cert_chain(f"{folder}/chain", f"{folder}/key")


def cut(data, how):
    """Returns frames of what TLS wrote: a record each, all in one, or pieces of 100 bytes."""
    if how == "joined":
        return [data]
    if how == "split":
        return [data[at : at + 100] for at in range(0, len(data), 100)]
    frames, at = [], 0
    while at < len(data):
        length = 5 + struct.unpack(">H", data[at + 3 : at + 5])[0]
        frames.append(data[at : at + length])
        at += length
    return frames


class Secured:
    """TLS over frames that `receive` gives, and channels over it."""

    def __init__(self, context, framed, receive, is_server, how="records", empty=False):
        self.input, self.output = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.input, self.output, server_side=is_server)
        self.framed, self.next, self.how, self.empty = framed, receive, how, empty
        self.unpacker = msgpack.Unpacker(raw=False, max_buffer_size=1 << 28, strict_map_key=False)

    def flush(self):
        data = self.output.read()
        if data and self.empty:
            self.framed.connection.sendall(b"\0\0")
        for frame in cut(data, self.how) if data else []:
            self.framed.send(frame)

    def begin(self):
        """Sends what can be sent before anything has come."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            self.flush()

    def run(self, act):
        while True:
            try:
                result = act()
                self.flush()
                return result
            except ssl.SSLWantReadError:
                self.flush()
                frame = self.next()
                if frame is None:
                    raise EOFError("the connection is over") from None
                self.input.write(frame)

    def handshake(self):
        self.run(self.tls.do_handshake)

    def write(self, channel, data):
        self.tls.write(pack([channel, data]))
        self.flush()

    def frames(self):
        """Yields channel and data of each frame until the end."""
        while True:
            try:
                data = self.run(lambda: self.tls.read(65536))
            except (EOFError, ssl.SSLError):
                return
            if not data:
                return
            self.unpacker.feed(data)
            yield from self.unpacker


def line(kind, address, port, tcp, priority=2130706431):
    return f"H{kind} 1 TCP {priority} {address} {port} typ host tcptype {tcp}\n"
