#!/usr/bin/env python3
"""Writes tokens.json: tokens, good and bad, by name, with what R-TOK-3 (strict) and R-TOK-4 (lenient) say of each.

The rules are written here a second time, from their text alone, as regular expressions.
"""

import json
import pathlib
import re

P = "jami-auth://"
S = "02f92cb034a73275b5a23074abfa84a20a4f340b"
L = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
D = "123456"

# What is expected after what; the longest beginning that matches decides.
HEX = "a hexadecimal digit of the device id"
MORE = "`/`, or a further hexadecimal digit of the device id"
ZERO = "a device id that is not all zero"
DIGIT = "a digit of the six-digit code"
BYTE = "a byte of the code, which has six"
END = "the end"
END_OR = "the end, or `/`"


def prefix(data):
    same = 0
    while same < len(P) and data[same : same + 1] == P[same : same + 1].encode():
        same += 1
    return None if same == len(P) else (same, f"`{P}`")


def strict(data):
    if wrong := prefix(data):
        return wrong
    digits = len(re.match(rb"[0-9A-Fa-f]*", data[12:])[0])
    if digits < 40 or 40 < digits < 64:
        return 12 + digits, HEX
    length = 40 if digits == 40 else 64
    if set(data[12 : 12 + length]) == {ord("0")}:
        return 12, ZERO
    if data[12 + length : 13 + length] != b"/":
        return 12 + length, MORE if length == 40 else "`/`"
    code = re.match(rb"[0-9]{0,6}", data[13 + length :])[0]
    at = 13 + length + len(code)
    if len(code) < 6:
        return at, DIGIT
    return ("short" if length == 40 else "long") if at == len(data) else (at, END)


def lenient(data):
    if wrong := prefix(data):
        return wrong
    digits = len(re.match(rb"[0-9A-Fa-f]*", data[12:])[0])
    if digits < 64:
        return 12 + digits, HEX
    if set(data[12:76]) == {ord("0")}:
        return 12, ZERO
    if data[76:77] != b"/":
        return 76, "`/`"
    code = re.match(rb"[^/]{0,6}", data[77:], re.S)[0]
    if len(code) < 6:
        return 77 + len(code), BYTE
    return "long" if data[83:84] in (b"", b"/") else (83, END_OR)


CASES = []


def case(name, *parts):
    data = b"".join(part if isinstance(part, bytes) else part.encode() for part in parts)
    CASES.append((name, data))


# Good ones.
for form, id in (("short", S), ("long", L)):
    case(f"{form} id", P, id, "/", D)
    case(f"{form} id in upper case", P, id.upper(), "/", D)
    case(f"{form} id in mixed case", P, id[:20].upper(), id[20:], "/", D)
    case(f"{form} id, least code", P, id, "/100000")
    case(f"{form} id, greatest code", P, id, "/999999")
    case(f"{form} id, code with leading zeros", P, id, "/000042")
    case(f"{form} id, code of zeros", P, id, "/000000")
    case(f"{form} id, only its first digit set", P, "8", "0" * (len(id) - 1), "/", D)
    case(f"{form} id, only its last digit set", P, "0" * (len(id) - 1), "1", "/", D)
    case(f"{form} id, all f", P, "f" * len(id), "/", D)
    case(f"{form} id, decimal digits alone", P, "1" * len(id), "/", D)
# The prefix.
case("nothing")
case("one space", " ")
case("a zero byte", b"\0")
for end in (1, 4, 5, 6, 9, 10, 11, 12):
    case(f"{end} bytes of the prefix", P[:end])
case("prefix in upper case", P.upper(), S, "/", D)
case("prefix with one capital", "jami-Auth://", L, "/", D)
case("another scheme", "jami://", S, "/", D)
case("another scheme, https", "https://", L, "/", D)
case("a letter too many in the scheme", "jami-auths://", L, "/", D)
case("underscore for hyphen", "jami_auth://", L, "/", D)
case("no hyphen", "jamiauth://", L, "/", D)
case("en dash for hyphen", "jami\u2013auth://", L, "/", D)
case("non-breaking hyphen for hyphen", "jami\u2011auth://", L, "/", D)
case("soft hyphen in the scheme", "jami-\u00adauth://", L, "/", D)
case("Cyrillic a in the scheme", "j\u0430mi-auth://", L, "/", D)
case("dotless i in the scheme", "jam\u0131-auth://", L, "/", D)
case("full-width colon", "jami-auth\uff1a//", L, "/", D)
case("fraction slashes after the colon", "jami-auth:\u2044\u2044", L, "/", D)
case("backslashes after the colon", "jami-auth:\\\\", L, "/", D)
case("escaped colon", "jami-auth%3A//", L, "/", D)
case("no slash after the colon", "jami-auth:", L, "/", D)
case("one slash after the colon", "jami-auth:/", L, "/", D)
case("three slashes after the colon", "jami-auth:///", L, "/", D)
case("no prefix", S, "/", D)
case("prefix twice", P, P, L, "/", D)
case("a zero byte in the prefix", b"jami\0-auth://", L, "/", D)
case("user info before the id", P, "user@", L, "/", D)
case("user and password before the id", P, "user:password@", S, "/", D)
for name, space in (("space", " "), ("tab", "\t"), ("line feed", "\n"), ("carriage return and line feed", "\r\n"),
                    ("no-break space", "\u00a0"), ("zero-width space", "\u200b"), ("line separator", "\u2028"),
                    ("ideographic space", "\u3000"), ("form feed", "\f"), ("vertical tab", "\v"), ("next line", "\u0085")):
    case(f"{name} before", space, P, L, "/", D)
    case(f"{name} after", P, L, "/", D, space)
for name, space in (("space", " "), ("tab", "\t"), ("line feed", "\n"), ("zero-width space", "\u200b")):
    case(f"{name} after the prefix", P, space, L, "/", D)
    case(f"{name} within the id", P, L[:32], space, L[32:], "/", D)
    case(f"{name} after the short id", P, S, space, "/", D)
    case(f"{name} after the long id", P, L, space, "/", D)
    case(f"{name} before the code", P, L, "/", space, D)
    case(f"{name} within the code", P, L, "/123", space, "456")
case("byte order mark before", "\ufeff", P, L, "/", D)
case("byte order mark after", P, L, "/", D, "\ufeff")
case("right-to-left mark before", "\u200f", P, L, "/", D)
case("UTF-16", (P + S + "/" + D).encode("utf-16-le"))
case("quotes around", '"', P, L, "/", D, '"')
case("angle brackets around", "<", P, L, "/", D, ">")
case("parentheses around", "(", P, L, "/", D, ")")
# The id.
case("no id", P, "/", D)
case("no id and no code", P, "/")
for digits in (1, 20, 39, 41, 42, 63):
    case(f"{digits} digits and a code", P, L[:digits], "/", D)
    case(f"{digits} digits and no more", P, L[:digits])
case("40 digits and no more", P, S)
case("64 digits and no more", P, L)
case("65 digits and a code", P, L, "0/", D)
case("128 digits and a code", P, L, L, "/", D)
case("g among the digits", P, "0g", S[2:], "/", D)
case("last digit of a long id no hex", P, L[:63], "x/", D)
case("last digit of a short id no hex", P, S[:39], "x/", D)
case("41st byte no hex", P, S, "g", L[41:], "/", D)
case("0x before the id", P, "0x", S, "/", D)
case("minus before the id", P, "-", S, "/", D)
case("plus before the id", P, "+", S[1:], "/", D)
case("hyphens within the id", P, "02f9-2cb0", S[8:], "/", D)
case("colons within the id", P, "02:f9:2c", S[6:], "/", D)
case("full-width digit in the id", P, "\uff10", S[1:], "/", D)
case("full-width letter in the id", P, "\uff41", S[1:], "/", D)
case("Cyrillic letter in the id", P, S[:2], "\u0430", S[3:], "/", D)
case("byte 0xff in the id", P, S[:10], b"\xff", S[11:], "/", D)
case("a zero byte in the id", P, S[:10], b"\0", S[11:], "/", D)
case("escaped digit in the id", P, "%30", S[1:], "/", D)
case("zero short id", P, "0" * 40, "/", D)
case("zero long id", P, "0" * 64, "/", D)
case("zero short id without a code", P, "0" * 40)
case("zero long id without a code", P, "0" * 64)
case("IPv6 host", P, "[::1]/", D)
case("port after the id", P, L, ":443/", D)
case("port after the short id", P, S, ":443/", D)
# What separates.
case("no slash before the code, short", P, S, D)
case("no slash before the code, long", P, L, D)
for name, other in (("colon", ":"), ("backslash", "\\"), ("dot", "."), ("question mark", "?"), ("hash", "#"),
                    ("escaped slash", "%2F"), ("fraction slash", "\u2044"), ("full-width slash", "\uff0f"), ("zero byte", b"\0")):
    case(f"{name} for slash, short", P, S, other, D)
    case(f"{name} for slash, long", P, L, other, D)
case("two slashes, short", P, S, "//", D)
case("two slashes, long", P, L, "//", D)
case("dot segment", P, L, "/./", D)
case("parent segment", P, L, "/../", D)
# The code.
for form, id in (("short", S), ("long", L)):
    for digits in range(6):
        case(f"{form} id, {digits} digits of a code", P, id, "/", D[:digits])
    case(f"{form} id, five digits and a slash", P, id, "/12345/")
    case(f"{form} id, seven digits", P, id, "/1234567")
    case(f"{form} id, twelve digits", P, id, "/", D, D)
    case(f"{form} id, letters", P, id, "/abcdef")
    case(f"{form} id, five digits and a letter", P, id, "/12345x")
    case(f"{form} id, a letter and five digits", P, id, "/x23456")
    case(f"{form} id, minus and five digits", P, id, "/-12345")
    case(f"{form} id, plus and five digits", P, id, "/+12345")
    case(f"{form} id, a point within the code", P, id, "/123.56")
    case(f"{form} id, hexadecimal code", P, id, "/0x1234")
    case(f"{form} id, code with exponent", P, id, "/1e0005")
    case(f"{form} id, escaped digit in the code", P, id, "/12345%36")
    case(f"{form} id, three Arabic-Indic digits", P, id, "/\u0661\u0662\u0663")
    case(f"{form} id, six Arabic-Indic digits", P, id, "/\u0661\u0662\u0663\u0664\u0665\u0666")
    case(f"{form} id, two full-width digits", P, id, "/\uff11\uff12")
    case(f"{form} id, six mathematical digits", P, id, "/\U0001d7cf\U0001d7d0\U0001d7d1\U0001d7d2\U0001d7d3\U0001d7d4")
    case(f"{form} id, superscript digits", P, id, "/\u00b9\u00b2\u00b3")
    case(f"{form} id, code of bytes that are no text", P, id, "/", b"\xff\xfe\0\x80\xc1\xf5")
    case(f"{form} id, code of zero bytes", P, id, "/", b"\0" * 6)
    # The end.
    case(f"{form} id, a zero byte after", P, id, "/", D, b"\0")
    case(f"{form} id, slash after", P, id, "/", D, "/")
    case(f"{form} id, slash and more after", P, id, "/", D, "/any/thing")
    case(f"{form} id, slash and bytes after", P, id, "/", D, b"/\xff\0")
    case(f"{form} id, query after", P, id, "/", D, "?x=1")
    case(f"{form} id, fragment after", P, id, "/", D, "#x")
    case(f"{form} id, parameters after", P, id, "/", D, ";x")
    case(f"{form} id, full stop after", P, id, "/", D, ".")
    case(f"{form} id, two tokens", P, id, "/", D, P, id, "/", D)
    case(f"{form} id, two tokens on two lines", P, id, "/", D, "\n", P, id, "/", D)
    case(f"{form} id, a thousand digits after", P, id, "/", D, "7" * 1000)
case("letters, slash and more", P, L, "/abcdef/", D)
case("an id of ten thousand digits", P, "a" * 10000)


def verdict(said):
    if isinstance(said, str):
        return {"form": said}
    return {"offset": said[0], "expected": said[1]}


names = [name for name, _ in CASES]
assert len(set(names)) == len(names), sorted(name for name in names if names.count(name) > 1)
out = {
    "about": "Tokens, good and bad. `hex`: the bytes; `text`: the same, where they are printable. `strict` and `lenient`: the form of the "
    "device id where the token is taken, or what was expected at which byte.",
    "cases": [
        {
            "name": name,
            **({"text": data.decode()} if all(32 <= byte < 127 for byte in data) and len(data) < 200 else {}),
            "hex": data.hex(),
            "strict": verdict(strict(data)),
            "lenient": verdict(lenient(data)),
        }
        for name, data in CASES
    ],
}
folder = pathlib.Path(__file__).parent
lines = ",\n".join("  " + json.dumps(one) for one in out["cases"])
text = f'{{\n "about": {json.dumps(out["about"])},\n "cases": [\n{lines}\n ]\n}}\n'
(folder / "tokens.json").write_text(text)
print(len(CASES), "cases,", sum("form" in case["strict"] for case in out["cases"]), "taken strictly,",
      sum("form" in case["lenient"] for case in out["cases"]), "leniently")
