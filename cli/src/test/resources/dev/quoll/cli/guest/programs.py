"""Prints results of Python's numbers, hashes, regular expressions, sorting, big integers and JSON."""

import hashlib
import json
import math
import os
import random
import re
import struct
import zlib

random.seed(20)
print(repr(0.1 + 0.2), 1 / 3, 1e21, float("1e-320"), round(2.675, 2), (0.1).hex(), 5e-324)
for i in range(20):
    x = i * 0.37
    print(*(repr(f(x)) for f in (math.sin, math.tan, math.exp, math.log1p, math.sqrt, math.gamma if i else math.erf, math.tanh)))
print(math.fsum([0.1] * 10), math.hypot(3, 4), math.fmod(-7, 3), -7 % 3, -7 // 3, divmod(-7.5, 2))

big = math.factorial(300)
print(big, pow(3, 10**20, 2**127 - 1), big.bit_length(), (2**521 - 1) * (2**607 - 1) % 10**40, math.isqrt(10**60))
print(hex(int("123456789" * 20)), (-(10**30)) >> 13, int.from_bytes(b"quoll" * 4, "little"))

data = bytes(random.randrange(256) for _ in range(20000))
for name in ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b"):
    print(name, hashlib.new(name, data).hexdigest())
packed = zlib.compress(data[:3000] * 4, 9)
print(len(packed), zlib.crc32(data), zlib.adler32(data), zlib.decompress(packed) == data[:3000] * 4)

words = ["".join(random.choices("abcdefgh", k=random.randint(1, 9))) for _ in range(3000)]
print(sorted(words)[:5], sorted(words, key=lambda w: (-len(w), w[::-1]))[:5], len(set(words)))
text = " ".join(words)
print(len(re.findall(r"\b(\w)\w*\1\b", text)), re.sub(r"(\w+) (\w+)", r"\2-\1", text)[:60])
print(re.search(r"(?P<a>[a-d]+)(?=e)(?!ef)", text).groupdict())

value = {"list": [1, 2.5, -3e-7, None, True, "gr\u00fc\u00df \U0001f43e"], "nested": {str(i): i**i for i in range(25)}}
encoded = json.dumps(value, sort_keys=True, indent=1)
print(encoded, json.loads(encoded) == value)
print(struct.pack("<hiqfd", -2, 3, -4, 1.1, 1.1).hex(), complex(1, 2) ** 2.5, f"{math.pi:>12.4f}|{255:#010b}|{1e10:,.2f}")


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


print(fibonacci(17), sum(random.gauss(0, 1) for _ in range(5000)))
try:
    {}["missing"]
except KeyError as error:
    print("caught", repr(error))
child = os.fork()
if child == 0:
    os._exit(7)
print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
